/*
 * Gradients and Hessian-vector products of every op against central differences, on the reference backend in double,
 * on frozen and on batch statistics. The error of a central difference is h^2 f''' / 6: it must fall by 4 when h is
 * halved, which a wrong derivative does not. SPDX-License-Identifier: MIT
 */
#include "support/small_nets.h"
#include "support/support.h"

#include <math.h>

enum { LOGITS = SMALL_BATCH * SMALL_CLASSES };

/* A net compiled on one kind of statistics, with room for vectors. */
typedef struct {
    small_net net;
    nn_plan *plan;
    double *point;            /* [n] */
    double *g, *plus, *other; /* [n_learned] */
} bench;

static void bench_open(bench *b, nn_statistics statistics)
{
    nn_plan_options o = {.batch = SMALL_BATCH, .statistics = statistics, .real = NN_F64, .backward = true};
    size_t n = (size_t)b->net.layout->n;
    CHECK_OK(nn_plan_new("ref", b->net.graph, &o, &b->plan));
    b->point = lsc_calloc(n, sizeof *b->point);
    b->g = lsc_calloc(n, sizeof *b->g);
    b->plus = lsc_calloc(n, sizeof *b->plus);
    b->other = lsc_calloc(n, sizeof *b->other);
    CHECK(b->point && b->g && b->plus && b->other);
}

static void bench_close(bench *b)
{
    nn_plan_free(b->plan);
    lsc_free(b->point);
    lsc_free(b->g);
    lsc_free(b->plus);
    lsc_free(b->other);
}

/* For every net on both kinds of statistics. */
static void for_all(void (*check)(bench *b))
{
    bench b = {0};
    for (int i = 0; small_net_open(&b.net, i); i++) {
        for (int statistics = NN_FROZEN; statistics <= NN_BATCH; statistics++) {
            bench_open(&b, (nn_statistics)statistics);
            check(&b);
            bench_close(&b);
        }
        small_net_close(&b.net);
    }
}

/* Loss at theta + h d, d [n_learned]; its gradient if g is not NULL. */
static double at(bench *b, double h, const double *d, double *g)
{
    double logits[LOGITS], dlogits[LOGITS];
    memcpy(b->point, b->net.theta, (size_t)b->net.layout->n * sizeof *b->point);
    for (int64_t i = 0; i < b->net.layout->n_learned; i++)
        b->point[i] += h * d[i];
    CHECK_OK(nn_plan_set_theta(b->plan, b->point));
    CHECK_OK(nn_plan_forward(b->plan, b->net.images, SMALL_BATCH, logits));
    small_dlogits(&b->net, logits, dlogits);
    if (g)
        CHECK_OK(nn_plan_backward(b->plan, dlogits, g));
    return small_loss(&b->net, logits);
}

/* Errors of differences with step h and h/2: small, and in the ratio 4; below `noise` there is only rounding. */
static void check_falls(const bench *b, const char *what, double error, double half, double size, double noise)
{
    bool falls = half < noise || (error / half > 3.5 && error / half < 4.5);
    if (!falls || error > 1e-4 * size + noise)
        fail_msg("%s, %s: errors %g and %g at h and h/2 of a quantity of size %g", b->net.name, what, error, half,
                 size);
}

/* One block of parameters after the other moves, along v. */
static void check_gradient(bench *b)
{
    const lsc_layout *layout = b->net.layout;
    at(b, 0, b->net.v, b->g);
    for (int k = 0; k < layout->n_blocks && layout->blocks[k].role != LSC_BUFFER; k++) {
        double *d = b->other, slope = 0, error[2];
        int64_t end = k + 1 < layout->n_blocks ? layout->blocks[k + 1].offset : layout->n;
        memset(d, 0, (size_t)layout->n * sizeof *d);
        for (int64_t i = layout->blocks[k].offset; i < end; i++) {
            d[i] = b->net.v[i];
            slope += b->g[i] * d[i];
        }
        for (int j = 0; j < 2; j++) {
            double h = 2e-3 / (1 << j);
            error[j] = fabs((at(b, h, d, NULL) - at(b, -h, d, NULL)) / (2 * h) - slope);
        }
        /* Rounding: 1e-16 of a loss of about 1, over h. */
        check_falls(b, layout->blocks[k].name, error[0], error[1], 1 + fabs(slope), 3e-12);
    }
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    for_all(check_gradient);
}

/* Hv at theta. */
static void product(bench *b, const double *v, double *hv)
{
    double logits[LOGITS], dlogits[LOGITS], rlogits[LOGITS], rdlogits[LOGITS];
    CHECK_OK(nn_plan_set_theta(b->plan, b->net.theta));
    CHECK_OK(nn_plan_forward(b->plan, b->net.images, SMALL_BATCH, logits));
    CHECK_OK(nn_plan_forward_r(b->plan, v, rlogits));
    small_dlogits(&b->net, logits, dlogits);
    small_rdlogits(&b->net, logits, rlogits, rdlogits);
    CHECK_OK(nn_plan_backward_r(b->plan, dlogits, rdlogits, hv));
}

static double norm_of_difference(const double *a, const double *b, int64_t n)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(squares);
}

static void check_product(bench *b)
{
    int64_t n = b->net.layout->n_learned;
    double error[2], *hv = b->g;
    product(b, b->net.v, hv);
    for (int j = 0; j < 2; j++) {
        double h = 1e-3 / (1 << j);
        at(b, h, b->net.v, b->plus);
        at(b, -h, b->net.v, b->other);
        for (int64_t i = 0; i < n; i++)
            b->plus[i] = (b->plus[i] - b->other[i]) / (2 * h);
        error[j] = norm_of_difference(b->plus, hv, n);
    }
    check_falls(b, "Hv", error[0], error[1], 1 + sqrt(lsc_dot64(hv, hv, n)), 3e-12);
}

static void products_with_the_hessian_agree_with_differences(void **state)
{
    (void)state;
    for_all(check_product);
}

static void check_symmetry(bench *b)
{
    int64_t n = b->net.layout->n_learned;
    double *u = b->other, *hv = b->g, *hu = b->plus;
    for (int64_t i = 0; i < n; i++)
        u[i] = cos((double)i) * 0.1;
    product(b, b->net.v, hv);
    product(b, u, hu);
    /* Two float64 sums of a few hundred terms each. */
    CHECK_REAL(lsc_dot64(u, hv, n), lsc_dot64(b->net.v, hu, n), 1e-12 * (1 + sqrt(lsc_dot64(hv, hv, n))));
}

static void the_hessian_is_symmetric(void **state)
{
    (void)state;
    for_all(check_symmetry);
}

static bool occurs(const nn_op *op)
{
    small_net net;
    bool found = false;
    for (int i = 0; small_net_open(&net, i); i++) {
        for (int j = 1; j < net.graph->n_nodes; j++)
            found |= net.graph->nodes[j].op == op;
        small_net_close(&net);
    }
    return found;
}

static void every_op_of_the_table_is_tested_here(void **state)
{
    (void)state;
    for (int i = 0; nn_op_at(i); i++) {
        if (!occurs(nn_op_at(i)))
            fail_msg("op %s is in no network of small_nets.c", nn_op_at(i)->name);
        CHECK(nn_op_find(nn_op_at(i)->name) == nn_op_at(i));
    }
    CHECK(nn_op_find("none") == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_agree_with_differences),
        TEST(products_with_the_hessian_agree_with_differences),
        TEST(the_hessian_is_symmetric),
        TEST(every_op_of_the_table_is_tested_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
