/*
 * Kernels of op_batchnorm.c for one REAL; see op_kernels.h. Everything is computed in double.
 * SPDX-License-Identifier: MIT
 */

/* Mean and (biased) variance of one channel of the batch, in two passes. */
static void K(channel_statistics)(const bn_size *s, const REAL *x, double *mean, double *var)
{
    double sum = 0, squares = 0;
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++)
            sum += (double)x[n * s->image + i];
    *mean = sum / s->m;
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++)
            squares += ((double)x[n * s->image + i] - *mean) * ((double)x[n * s->image + i] - *mean);
    *var = squares / s->m;
}

static void K(forward_channel)(const bn_size *s, const bn_statistics *t, double g, double b, const REAL *x, REAL *y)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++)
            y[n * s->image + i] = (REAL)(g * (((double)x[n * s->image + i] - t->mean) * t->inverse) + b);
}

static void K(forward)(const nn_op_args *a)
{
    bn_size s = sizes(a);
    bn_statistics *saved = a->saved;
    const REAL *in = a->in[0], *g = a->block[0], *b = a->block[1], *mean = a->block[2], *var = a->block[3];
    REAL *out = a->out;
    for (int64_t c = 0; c < s.c; c++) {
        bn_statistics *t = &saved[c];
        if (a->statistics == NN_BATCH) {
            K(channel_statistics)(&s, in + c * s.plane, &t->mean, &t->var);
        } else {
            t->mean = (double)mean[c];
            t->var = (double)var[c];
        }
        t->inverse = 1 / sqrt(t->var + a->node->eps);
        K(forward_channel)(&s, t, (double)g[c], (double)b[c], in + c * s.plane, out + c * s.plane);
    }
}

/* sum of dy, and of dy * xhat, over one channel. */
static bn_sums K(sums)(const bn_size *s, const bn_statistics *t, const REAL *x, const REAL *dy)
{
    bn_sums sum = {0, 0};
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++) {
            double d = (double)dy[n * s->image + i];
            sum.plain += d;
            sum.xhat += d * (((double)x[n * s->image + i] - t->mean) * t->inverse);
        }
    return sum;
}

/* dx += g inverse (dy - u (sum dy + xhat sum dy xhat)) */
static void K(backward_channel)(const bn_size *s, const bn_statistics *t, double g, const bn_sums *sum, const REAL *x,
                                const REAL *dy, REAL *dx)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++) {
            int64_t at = n * s->image + i;
            double xhat = ((double)x[at] - t->mean) * t->inverse;
            dx[at] += (REAL)(g * t->inverse * ((double)dy[at] - s->u * (sum->plain + xhat * sum->xhat)));
        }
}

static void K(backward)(const nn_op_args *a)
{
    bn_size s = sizes(a);
    const bn_statistics *saved = a->saved;
    const REAL *in = a->in[0], *g = a->block[0], *dout = a->dout;
    REAL *din = a->din[0], *dg = a->dblock[0], *db = a->dblock[1];
    for (int64_t c = 0; c < s.c; c++) {
        bn_sums sum = K(sums)(&s, &saved[c], in + c * s.plane, dout + c * s.plane);
        if (dg)
            dg[c] += (REAL)sum.xhat;
        if (db)
            db[c] += (REAL)sum.plain;
        if (din)
            K(backward_channel)
        (&s, &saved[c], (double)g[c], &sum, in + c * s.plane, dout + c * s.plane, din + c * s.plane);
    }
}

/* rxhat = inverse (rx - u (sum rx + xhat sum rx xhat)): the same projection as in backward. */
static void K(forward_r_channel)(const bn_size *s, const bn_statistics *t, const bn_affine *w, const bn_sums *rx_sum,
                                 const REAL *x, const REAL *rx, REAL *ry)
{
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++) {
            int64_t at = n * s->image + i;
            double xhat = ((double)x[at] - t->mean) * t->inverse;
            double rxhat = t->inverse * ((rx ? (double)rx[at] : 0) - s->u * (rx_sum->plain + xhat * rx_sum->xhat));
            ry[at] = (REAL)(w->rg * xhat + w->g * rxhat + w->rb);
        }
}

static bn_affine K(affine)(const nn_op_args *a, int64_t c)
{
    const REAL *g = a->block[0], *rg = a->rblock[0], *rb = a->rblock[1];
    return (bn_affine){(double)g[c], rg ? (double)rg[c] : 0, rb ? (double)rb[c] : 0};
}

static void K(forward_r)(const nn_op_args *a)
{
    bn_size s = sizes(a);
    const bn_statistics *saved = a->saved;
    bn_sums *rsaved = a->rsaved;
    const REAL *in = a->in[0], *rin = a->rin[0];
    REAL *rout = a->rout;
    for (int64_t c = 0; c < s.c; c++) {
        const REAL *x = in + c * s.plane, *rx = rin ? rin + c * s.plane : NULL;
        bn_affine w = K(affine)(a, c);
        rsaved[c] = rx ? K(sums)(&s, &saved[c], x, rx) : (bn_sums){0, 0};
        K(forward_r_channel)(&s, &saved[c], &w, &rsaved[c], x, rx, rout + c * s.plane);
    }
}

/* sum of rdy, and of (rdy xhat + dy rxhat). */
static bn_sums K(r_sums)(const bn_size *s, const bn_statistics *t, const bn_sums *rx_sum, const REAL *x, const REAL *rx,
                         const REAL *dy, const REAL *rdy)
{
    bn_sums sum = {0, 0};
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++) {
            int64_t at = n * s->image + i;
            double xhat = ((double)x[at] - t->mean) * t->inverse;
            double rxhat = t->inverse * ((rx ? (double)rx[at] : 0) - s->u * (rx_sum->plain + xhat * rx_sum->xhat));
            sum.plain += (double)rdy[at];
            sum.xhat += (double)rdy[at] * xhat + (double)dy[at] * rxhat;
        }
    return sum;
}

/* With  A = dy - u (S + xhat T),  S = sum dy, T = sum dy xhat:  dx = g inverse A, hence
 *     rdx = (rg inverse + g rinverse) A + g inverse (rdy - u (rS + rxhat T + xhat rT)),
 *     rinverse = -inverse^2 u sum rx xhat. */
static void K(backward_r_channel)(const bn_size *s, const bn_r *r, const REAL *x, const REAL *rx, const REAL *dy,
                                  const REAL *rdy, REAL *rdx)
{
    const bn_statistics *t = r->statistics;
    double rinverse = -t->inverse * t->inverse * s->u * r->rx_sum->xhat;
    double ra = r->affine.rg * t->inverse + r->affine.g * rinverse, a = r->affine.g * t->inverse;
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t i = 0; i < s->plane; i++) {
            int64_t at = n * s->image + i;
            double xhat = ((double)x[at] - t->mean) * t->inverse;
            double rxhat =
                t->inverse * ((rx ? (double)rx[at] : 0) - s->u * (r->rx_sum->plain + xhat * r->rx_sum->xhat));
            double d = (double)dy[at] - s->u * (r->sum.plain + xhat * r->sum.xhat);
            double rd = (double)rdy[at] - s->u * (r->rsum.plain + rxhat * r->sum.xhat + xhat * r->rsum.xhat);
            rdx[at] += (REAL)(ra * d + a * rd);
        }
}

static void K(backward_r)(const nn_op_args *a)
{
    bn_size s = sizes(a);
    const bn_statistics *saved = a->saved;
    const bn_sums *rsaved = a->rsaved;
    const REAL *in = a->in[0], *rin = a->rin[0], *dout = a->dout, *rdout = a->rdout;
    REAL *rdin = a->rdin[0], *rdg = a->rdblock[0], *rdb = a->rdblock[1];
    for (int64_t c = 0; c < s.c; c++) {
        const REAL *x = in + c * s.plane, *rx = rin ? rin + c * s.plane : NULL;
        const REAL *dy = dout + c * s.plane, *rdy = rdout + c * s.plane;
        bn_r r = {.statistics = &saved[c], .affine = K(affine)(a, c), .rx_sum = &rsaved[c]};
        r.sum = K(sums)(&s, &saved[c], x, dy);
        r.rsum = K(r_sums)(&s, &saved[c], &rsaved[c], x, rx, dy, rdy);
        if (rdg)
            rdg[c] += (REAL)r.rsum.xhat;
        if (rdb)
            rdb[c] += (REAL)r.rsum.plain;
        if (rdin)
            K(backward_r_channel)(&s, &r, x, rx, dy, rdy, rdin + c * s.plane);
    }
}

/* running <- (1 - momentum) running + momentum batch, variance unbiased (torch.nn.BatchNorm2d). */
static void K(update)(const nn_op_args *a, void *const block[NN_MAX_BLOCKS])
{
    bn_size s = sizes(a);
    const bn_statistics *saved = a->saved;
    REAL *mean = block[2], *var = block[3], *count = block[4];
    double keep = 1 - a->node->momentum, unbiased = s.m > 1 ? s.m / (s.m - 1) : 1;
    for (int64_t c = 0; c < s.c; c++) {
        mean[c] = (REAL)(keep * (double)mean[c] + a->node->momentum * saved[c].mean);
        var[c] = (REAL)(keep * (double)var[c] + a->node->momentum * unbiased * saved[c].var);
    }
    *count += 1;
}

static bool K(no_negative)(const nn_op_args *a)
{
    const REAL *var = a->block[3];
    for (int64_t c = 0; c < a->node->shape.dim[0]; c++)
        if (var[c] < 0)
            return false;
    return true;
}
