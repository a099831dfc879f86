/*
 * Kernels of op_conv2d.c for one REAL; see op_kernels.h. N images, C channels in, K out, R x R taps.
 * SPDX-License-Identifier: MIT
 */

/* y_i += w x_i over n elements sx and sy apart. */
static inline void K(add_row)(int64_t n, REAL w, const REAL *restrict x, int64_t sx, REAL *restrict y, int64_t sy)
{
    if (sx == 1 && sy == 1) {
        for (int64_t i = 0; i < n; i++)
            y[i] += w * x[i];
        return;
    }
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

/* out plane [OH, OW] += w * (in plane [H, W] seen through one tap). */
static void K(tap_forward)(const conv_tap *t, REAL w, const REAL *in, REAL *out)
{
    for (int64_t y = t->y0; y < t->y1; y++)
        K(add_row)
        (t->x1 - t->x0, w, in + (y * t->stride + t->dy) * t->w + t->x0 * t->stride + t->dx, t->stride,
         out + y * t->ow + t->x0, 1);
}

/* in plane += w * (out plane sent back through one tap). */
static void K(tap_back)(const conv_tap *t, REAL w, const REAL *out, REAL *in)
{
    for (int64_t y = t->y0; y < t->y1; y++)
        K(add_row)
        (t->x1 - t->x0, w, out + y * t->ow + t->x0, 1, in + (y * t->stride + t->dy) * t->w + t->x0 * t->stride + t->dx,
         t->stride);
}

/* Inner product of the out plane with the in plane seen through one tap. */
static REAL K(tap_dot)(const conv_tap *t, const REAL *in, const REAL *out)
{
    REAL sum[8] = {0};
    for (int64_t y = t->y0; y < t->y1; y++)
        K(add_dot)
        (t->x1 - t->x0, in + (y * t->stride + t->dy) * t->w + t->x0 * t->stride + t->dx, t->stride,
         out + y * t->ow + t->x0, sum);
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* out [N, K, OH, OW] += weight [K, C, R, R] * in [N, C, H, W]. */
static void K(add_convolution)(const conv_size *s, const REAL *weight, const REAL *in, REAL *out)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t c = 0; c < s->c; c++)
                for (int64_t r = 0; r < s->taps; r++) {
                    conv_tap t = tap(s, r);
                    K(tap_forward)
                    (&t, weight[(k * s->c + c) * s->taps + r], in + (n * s->c + c) * s->in_plane,
                     out + (n * s->k + k) * s->out_plane);
                }
}

/* din += weight transposed * dout. */
static void K(add_back_data)(const conv_size *s, const REAL *weight, const REAL *dout, REAL *din)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t c = 0; c < s->c; c++)
            for (int64_t k = 0; k < s->k; k++)
                for (int64_t r = 0; r < s->taps; r++) {
                    conv_tap t = tap(s, r);
                    K(tap_back)
                    (&t, weight[(k * s->c + c) * s->taps + r], dout + (n * s->k + k) * s->out_plane,
                     din + (n * s->c + c) * s->in_plane);
                }
}

/* dweight += dout (x) in, summed over images. */
static void K(add_back_weight)(const conv_size *s, const REAL *in, const REAL *dout, REAL *dweight)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t k = 0; k < s->k; k++)
            for (int64_t c = 0; c < s->c; c++)
                for (int64_t r = 0; r < s->taps; r++) {
                    conv_tap t = tap(s, r);
                    dweight[(k * s->c + c) * s->taps + r] +=
                        K(tap_dot)(&t, in + (n * s->c + c) * s->in_plane, dout + (n * s->k + k) * s->out_plane);
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
