/*
 * Kernels of op_l2norm.c for one REAL; see op_kernels.h. Of one image x is in, u is out; y is what is projected.
 * SPDX-License-Identifier: MIT
 */

static double K(dot)(int64_t f, const REAL *x, const REAL *y)
{
    double sum = 0;
    for (int64_t i = 0; i < f; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

static void K(forward)(const nn_op_args *a)
{
    int64_t f = a->node->shape.dim[0];
    const REAL *in = a->in[0];
    REAL *out = a->out;
    unit_scale *saved = a->saved;
    for (int64_t n = 0; n < a->n; n++) {
        const REAL *x = in + n * f;
        saved[n] = unit_scale_of(K(dot)(f, x, x), a->node->eps);
        for (int64_t i = 0; i < f; i++)
            out[n * f + i] = (REAL)((double)x[i] * saved[n].inverse);
    }
}

/* to += inverse (y - moves u (u . y)) */
static void K(add_projected)(const nn_op_args *a, const REAL *from, REAL *to)
{
    int64_t f = a->node->shape.dim[0];
    const REAL *out = a->out;
    const unit_scale *saved = a->saved;
    for (int64_t n = 0; n < a->n; n++) {
        const REAL *u = out + n * f, *y = from + n * f;
        double along = saved[n].moves * K(dot)(f, u, y);
        for (int64_t i = 0; i < f; i++)
            to[n * f + i] += (REAL)(saved[n].inverse * ((double)y[i] - (double)u[i] * along));
    }
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(add_projected)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    memset(a->rout, 0, (size_t)(a->n * a->node->shape.dim[0]) * sizeof(REAL));
    if (a->rin[0])
        K(add_projected)(a, a->rin[0], a->rout);
}

/* The derivative of  dx = inverse (dy - u (u . dy))  along v, beyond that by dy, where  rinverse = -inverse^2 (u . rx):
 *     -inverse (ru (u . dy) + u (ru . dy)) - inverse (u . rx) dx */
static void K(add_bent)(const nn_op_args *a, const REAL *rx, const REAL *dout, REAL *rdin)
{
    int64_t f = a->node->shape.dim[0];
    const REAL *out = a->out, *rout = a->rout;
    const unit_scale *saved = a->saved;
    for (int64_t n = 0; n < a->n; n++) {
        const REAL *u = out + n * f, *ru = rout + n * f, *dy = dout + n * f;
        double c = saved[n].moves * saved[n].inverse, shrinks = saved[n].inverse * K(dot)(f, u, rx + n * f);
        double along = K(dot)(f, u, dy), ralong = K(dot)(f, ru, dy);
        for (int64_t i = 0; i < f; i++) {
            double dx = (double)dy[i] - (double)u[i] * along;
            rdin[n * f + i] -= (REAL)(c * ((double)ru[i] * along + (double)u[i] * ralong + shrinks * dx));
        }
    }
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(add_projected)(a, a->rdout, a->rdin[0]);
    if (a->rdin[0] && a->rin[0])
        K(add_bent)(a, a->rin[0], a->dout, a->rdin[0]);
}
