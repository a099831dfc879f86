/*
 * Kernels of op_unitlinear.c for one REAL; see op_kernels.h. N rows of images, F features in, K out; row k is
 * v = inverse w.
 * SPDX-License-Identifier: MIT
 */

/* y NULL is zero. */
static double K(dot)(int64_t f, const REAL *x, const REAL *y)
{
    double sum = 0;
    for (int64_t i = 0; y && i < f; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

static void K(forward)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    const REAL *in = a->in[0], *weight = a->block[0];
    REAL *out = a->out;
    unit_scale *saved = a->saved;
    for (int64_t j = 0; j < k; j++) {
        const REAL *w = weight + j * f;
        saved[j] = unit_scale_of(K(dot)(f, w, w), a->node->eps);
        for (int64_t n = 0; n < a->n; n++)
            out[n * k + j] = (REAL)(saved[j].inverse * K(dot)(f, w, in + n * f));
    }
}

/* dx += dout v */
static void K(back_data)(int64_t f, const unit_scale *s, const REAL *w, double dout, REAL *dx)
{
    for (int64_t i = 0; i < f; i++)
        dx[i] += (REAL)(dout * s->inverse * (double)w[i]);
}

/* dw += inverse dout (x - moves out v) */
static void K(back_weight)(int64_t f, const unit_scale *s, const REAL *w, const REAL *x, double out, double dout,
                           REAL *dw)
{
    double along = s->moves * out * s->inverse;
    for (int64_t i = 0; i < f; i++)
        dw[i] += (REAL)(s->inverse * dout * ((double)x[i] - along * (double)w[i]));
}

static void K(backward)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    const REAL *in = a->in[0], *weight = a->block[0], *out = a->out, *dout = a->dout;
    REAL *din = a->din[0], *dweight = a->dblock[0];
    const unit_scale *saved = a->saved;
    for (int64_t n = 0; n < a->n; n++)
        for (int64_t j = 0; j < k; j++) {
            const REAL *w = weight + j * f;
            double d = (double)dout[n * k + j], o = (double)out[n * k + j];
            if (din)
                K(back_data)(f, &saved[j], w, d, din + n * f);
            if (dweight)
                K(back_weight)(f, &saved[j], w, in + n * f, o, d, dweight + j * f);
        }
}

/* rout = rx . v + x . rv */
static void K(forward_r)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    const REAL *in = a->in[0], *rin = a->rin[0], *weight = a->block[0], *rweight = a->rblock[0], *out = a->out;
    REAL *rout = a->rout;
    const unit_scale *saved = a->saved;
    double *along = a->rsaved;
    for (int64_t j = 0; j < k; j++) {
        const REAL *w = weight + j * f, *rw = rweight + j * f;
        along[j] = saved[j].inverse * K(dot)(f, w, rw);
        for (int64_t n = 0; n < a->n; n++) {
            double turned = K(dot)(f, rw, in + n * f) - saved[j].moves * along[j] * (double)out[n * k + j];
            rout[n * k + j] = (REAL)(saved[j].inverse * (turned + K(dot)(f, w, rin ? rin + n * f : NULL)));
        }
    }
}

/* What backward_r knows of image n and row j. */
typedef struct {
    const unit_scale *unit;
    const REAL *x, *rx, *w, *rw; /* rx NULL: zero */
    double along, out, rout, dout, rdout;
} K(pair);

/* rdx += rdout v + dout rv,  rv = inverse (rw - moves v along) */
static void K(back_r_data)(int64_t f, const K(pair) * p, REAL *rdx)
{
    double straight = p->rdout - p->dout * p->unit->moves * p->along * p->unit->inverse;
    for (int64_t i = 0; i < f; i++)
        rdx[i] += (REAL)(p->unit->inverse * (straight * (double)p->w[i] + p->dout * (double)p->rw[i]));
}

/* With  D = x - moves out v  and  dw = inverse dout D:
 *     rdw += inverse (rdout D + dout (rx - moves (rout v + out rv)) - moves along inverse dout D) */
static void K(back_r_weight)(int64_t f, const K(pair) * p, REAL *rdw)
{
    double inverse = p->unit->inverse, moves = p->unit->moves;
    double straight = p->rdout - moves * p->along * inverse * p->dout;
    for (int64_t i = 0; i < f; i++) {
        double v = inverse * (double)p->w[i], rv = inverse * ((double)p->rw[i] - moves * v * p->along);
        double d = (double)p->x[i] - moves * p->out * v;
        double rd = (p->rx ? (double)p->rx[i] : 0) - moves * (p->rout * v + p->out * rv);
        rdw[i] += (REAL)(inverse * (straight * d + p->dout * rd));
    }
}

static void K(backward_r)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    const REAL *in = a->in[0], *rin = a->rin[0], *weight = a->block[0], *rweight = a->rblock[0];
    const REAL *out = a->out, *rout = a->rout, *dout = a->dout, *rdout = a->rdout;
    REAL *rdin = a->rdin[0], *rdweight = a->rdblock[0];
    const unit_scale *saved = a->saved;
    const double *along = a->rsaved;
    for (int64_t n = 0; n < a->n; n++)
        for (int64_t j = 0; j < k; j++) {
            int64_t at = n * k + j;
            K(pair)
            p = {
                .unit = &saved[j],
                .x = in + n * f,
                .rx = rin ? rin + n * f : NULL,
                .w = weight + j * f,
                .rw = rweight + j * f,
                .along = along[j],
                .out = (double)out[at],
                .rout = (double)rout[at],
                .dout = (double)dout[at],
                .rdout = (double)rdout[at],
            };
            if (rdin)
                K(back_r_data)(f, &p, rdin + n * f);
            if (rdweight)
                K(back_r_weight)(f, &p, rdweight + j * f);
        }
}
