/*
 * Kernels of op_conv2d.c for one REAL; see op_kernels.h. N images, C channels in, K out, R x R taps.
 * SPDX-License-Identifier: MIT
 */

/* y_i += sum_j w_j x_ij over n elements sx and sy apart, for four rows x_j that lie `plane` apart. */
static inline void K(add_rows)(int64_t n, const REAL w[4], const REAL *restrict x, int64_t plane, int64_t sx,
                               REAL *restrict y, int64_t sy)
{
    const REAL *a = x, *b = x + plane, *c = x + 2 * plane, *d = x + 3 * plane;
    if (sx == 1 && sy == 1) {
        for (int64_t i = 0; i < n; i++)
            y[i] += (w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        y[i * sy] += (w[0] * a[i * sx] + w[1] * b[i * sx]) + (w[2] * c[i * sx] + w[3] * d[i * sx]);
}

/* y_i += w x_i */
static inline void K(add_row)(int64_t n, REAL w, const REAL *restrict x, int64_t sx, REAL *restrict y, int64_t sy)
{
    for (int64_t i = 0; i < n; i++)
        y[i * sy] += w * x[i * sx];
}

/* The eight sums of sum[] together gain x . y; eight, so that the additions need not wait for each other. */
static inline void K(add_dot)(int64_t n, const REAL *restrict x, int64_t sx, const REAL *restrict y, REAL sum[8])
{
    int64_t i = 0;
    if (sx == 1)
        for (; i + 8 <= n; i += 8)
            for (int j = 0; j < 8; j++)
                sum[j] += x[i + j] * y[i + j];
    for (; i < n; i++)
        sum[i % 8] += x[i * sx] * y[i];
}

/* One out plane += sum over the C in planes of w[c * step] * (the plane seen through one tap). */
static void K(tap_forward)(const conv_size *s, const conv_tap *t, const REAL *w, int64_t step, const REAL *in,
                           REAL *out)
{
    int64_t n = t->x1 - t->x0, c = 0;
    for (; c + 4 <= s->c; c += 4) {
        const REAL four[4] = {w[c * step], w[(c + 1) * step], w[(c + 2) * step], w[(c + 3) * step]};
        for (int64_t y = t->y0; y < t->y1; y++)
            K(add_rows)
        (n, four, in + c * s->in_plane + in_at(s, t, y), s->in_plane, s->stride, out + out_at(s, t, y), 1);
    }
    for (; c < s->c; c++)
        for (int64_t y = t->y0; y < t->y1; y++)
            K(add_row)(n, w[c * step], in + c * s->in_plane + in_at(s, t, y), s->stride, out + out_at(s, t, y), 1);
}

/* One in plane += sum over the K out planes of w[k * step] * (the plane sent back through one tap). */
static void K(tap_back)(const conv_size *s, const conv_tap *t, const REAL *w, int64_t step, const REAL *out, REAL *in)
{
    int64_t n = t->x1 - t->x0, k = 0;
    for (; k + 4 <= s->k; k += 4) {
        const REAL four[4] = {w[k * step], w[(k + 1) * step], w[(k + 2) * step], w[(k + 3) * step]};
        for (int64_t y = t->y0; y < t->y1; y++)
            K(add_rows)
        (n, four, out + k * s->out_plane + out_at(s, t, y), s->out_plane, 1, in + in_at(s, t, y), s->stride);
    }
    for (; k < s->k; k++)
        for (int64_t y = t->y0; y < t->y1; y++)
            K(add_row)(n, w[k * step], out + k * s->out_plane + out_at(s, t, y), 1, in + in_at(s, t, y), s->stride);
}

/* Inner product of an out plane with an in plane seen through one tap. */
static REAL K(tap_dot)(const conv_size *s, const conv_tap *t, const REAL *in, const REAL *out)
{
    REAL sum[8] = {0};
    for (int64_t y = t->y0; y < t->y1; y++)
        K(add_dot)(t->x1 - t->x0, in + in_at(s, t, y), s->stride, out + out_at(s, t, y), sum);
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* out [N, K, OH, OW] += weight [K, C, R, R] * in [N, C, H, W]. */
static void K(add_convolution)(const conv_size *s, const REAL *weight, const REAL *in, REAL *out)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t r = 0; r < s->taps; r++) {
                conv_tap t = tap(s, r);
                K(tap_forward)
                (s, &t, weight + k * s->c * s->taps + r, s->taps, in + n * s->c * s->in_plane,
                 out + (n * s->k + k) * s->out_plane);
            }
}

/* din += weight transposed * dout. */
static void K(add_back_data)(const conv_size *s, const REAL *weight, const REAL *dout, REAL *din)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t c = 0; c < s->c; c++)
            for (int64_t r = 0; r < s->taps; r++) {
                conv_tap t = tap(s, r);
                K(tap_back)
                (s, &t, weight + c * s->taps + r, s->c * s->taps, dout + n * s->k * s->out_plane,
                 din + (n * s->c + c) * s->in_plane);
            }
}

/* dweight += dout (x) in, summed over images. */
static void K(add_back_weight)(const conv_size *s, const REAL *in, const REAL *dout, REAL *dweight)
{
    for (int64_t r = 0; r < s->taps; r++) {
        conv_tap t = tap(s, r);
        for (int64_t n = 0; n < s->n; n++)
            for (int64_t k = 0; k < s->k; k++)
                for (int64_t c = 0; c < s->c; c++)
                    dweight[(k * s->c + c) * s->taps + r] +=
                        K(tap_dot)(s, &t, in + (n * s->c + c) * s->in_plane, dout + (n * s->k + k) * s->out_plane);
    }
}

/* dbias [K] += dout summed over images and places. */
static void K(add_back_bias)(const conv_size *s, const REAL *dout, REAL *dbias)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t k = 0; k < s->k; k++) {
            double sum = 0;
            for (int64_t i = 0; i < s->out_plane; i++)
                sum += (double)dout[(n * s->k + k) * s->out_plane + i];
            dbias[k] += (REAL)sum;
        }
}

/* Every plane of out gets its channel's bias, 0 without one. */
static void K(fill_bias)(const conv_size *s, const REAL *bias, REAL *out)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t i = 0; i < s->out_plane; i++)
                out[(n * s->k + k) * s->out_plane + i] = bias ? bias[k] : 0;
}

static void K(forward)(const nn_op_args *a)
{
    conv_size s = sizes(a);
    K(fill_bias)(&s, a->block[1], a->out);
    K(add_convolution)(&s, a->block[0], a->in[0], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    conv_size s = sizes(a);
    if (a->din[0])
        K(add_back_data)(&s, a->block[0], a->dout, a->din[0]);
    if (a->dblock[0])
        K(add_back_weight)(&s, a->in[0], a->dout, a->dblock[0]);
    if (a->dblock[1])
        K(add_back_bias)(&s, a->dout, a->dblock[1]);
}

static void K(forward_r)(const nn_op_args *a)
{
    conv_size s = sizes(a);
    K(fill_bias)(&s, a->rblock[1], a->rout);
    if (a->rin[0])
        K(add_convolution)(&s, a->block[0], a->rin[0], a->rout);
    if (a->rblock[0])
        K(add_convolution)(&s, a->rblock[0], a->in[0], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    conv_size s = sizes(a);
    if (a->rdin[0])
        K(add_back_data)(&s, a->block[0], a->rdout, a->rdin[0]);
    if (a->rdin[0] && a->rblock[0])
        K(add_back_data)(&s, a->rblock[0], a->dout, a->rdin[0]);
    if (a->rdblock[0])
        K(add_back_weight)(&s, a->in[0], a->rdout, a->rdblock[0]);
    if (a->rdblock[0] && a->rin[0])
        K(add_back_weight)(&s, a->rin[0], a->dout, a->rdblock[0]);
    if (a->rdblock[1])
        K(add_back_bias)(&s, a->rdout, a->rdblock[1]);
}
