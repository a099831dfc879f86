/*
 * See backends_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "backends_fixture.h"

#include <math.h>

#include "nn/backend/backend.h"

/* ---- a pass ------------------------------------------------------------------------------------ */

const void *theta_of(const setting *s)
{
    return s->real == NN_F32 ? (const void *)s->net->theta32 : s->net->theta;
}

const void *v_of(const setting *s)
{
    return s->real == NN_F32 ? (const void *)s->net->v32 : s->net->v;
}

size_t bytes_of(const setting *s, int64_t n)
{
    return (size_t)n * (s->real == NN_F32 ? sizeof(float) : sizeof(double));
}

void values_free(values *v)
{
    lsc_free(v->g);
    lsc_free(v->hv);
    lsc_free(v->theta);
}

nn_plan *plan_of(const setting *s)
{
    nn_plan_options o = {.batch = s->net->batch,
                         .statistics = s->statistics,
                         .real = s->real,
                         .backward = !s->forward_only,
                         .threads = s->threads};
    nn_plan *p = NULL;
    CHECK_OK(nn_plan_new(s->backend, s->net->graph, &o, &p));
    CHECK_OK(nn_plan_set_theta(p, theta_of(s)));
    return p;
}

/* A plan's vector [n] as doubles; the vector is freed. */
static double *doubles(const setting *s, void *vector, int64_t n)
{
    double *out = lsc_calloc((size_t)n, sizeof *out);
    CHECK(out != NULL);
    for (int64_t i = 0; i < n; i++)
        out[i] = s->real == NN_F32 ? (double)((float *)vector)[i] : ((double *)vector)[i];
    lsc_free(vector);
    return out;
}

void *vector(int64_t n)
{
    double *v = lsc_calloc((size_t)n, sizeof *v);
    CHECK(v != NULL);
    return v;
}

static void run_r(const setting *s, nn_plan *p, const double *dlogits, values *out)
{
    int64_t n = s->net->layout->n_learned;
    double rdlogits[LOGITS];
    void *hv = vector(n);
    lsc_status st = nn_plan_forward_r(p, v_of(s), out->rlogits);
    out->has_r = st == LSC_OK;
    if (out->has_r) {
        small_rdlogits(s->net, out->logits, out->rlogits, rdlogits);
        CHECK_OK(nn_plan_backward_r(p, dlogits, rdlogits, hv));
    } else {
        CHECK_INT(st, LSC_ERR_ABSENT);
    }
    out->hv = doubles(s, hv, n);
}

void run_update(const setting *s, nn_plan *p, values *out)
{
    int64_t n = s->net->layout->n;
    void *theta = vector(n);
    memcpy(theta, theta_of(s), bytes_of(s, n));
    if (s->statistics == NN_BATCH)
        CHECK_OK(nn_plan_update_statistics(p, theta));
    out->theta = doubles(s, theta, n);
}

void run_backend(const setting *s, values *out)
{
    nn_plan *p = plan_of(s);
    double dlogits[LOGITS];

    *out = (values){0};
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, out->logits));
    if (s->forward_only) {
        if (s->statistics == NN_BATCH)
            run_update(s, p, out);
        nn_plan_free(p);
        return;
    }
    void *g = vector(s->net->layout->n_learned);
    small_dlogits(s->net, out->logits, dlogits);
    CHECK_OK(nn_plan_backward(p, dlogits, g));
    out->g = doubles(s, g, s->net->layout->n_learned);
    run_update(s, p, out);
    run_r(s, p, dlogits, out);
    nn_plan_free(p);
}

static double norm(const double *a, int64_t n)
{
    return sqrt(lsc_dot64(a, a, n));
}

void check_near(const setting *s, const char *what, const double *got, const double *want, int64_t n, double tolerance)
{
    double squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (got[i] - want[i]) * (got[i] - want[i]);
    if (!(sqrt(squares) <= tolerance * norm(want, n)))
        fail_msg("%s, %s, %s, %s: %s differs by %g of %g", s->backend, s->real == NN_F32 ? "float" : "double",
                 s->net->name, s->statistics == NN_BATCH ? "batch" : "frozen", what, sqrt(squares), norm(want, n));
}

void check_same_bits(const values *a, const values *b, const small_net *net)
{
    size_t learned = (size_t)net->layout->n_learned * sizeof(double);
    CHECK_BYTES(a->logits, b->logits, sizeof a->logits);
    if (a->theta != NULL)
        CHECK_BYTES(a->theta, b->theta, (size_t)net->layout->n * sizeof(double));
    if (a->g == NULL)
        return;
    CHECK_BYTES(a->g, b->g, learned);
    CHECK_INT(a->has_r, b->has_r);
    CHECK_BYTES(a->rlogits, b->rlogits, sizeof a->rlogits);
    CHECK_BYTES(a->hv, b->hv, learned);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void for_statistics(setting s, const small_net *net, void (*check)(const setting *s))
{
    s.net = net;
    for (int statistics = NN_FROZEN; statistics <= NN_BATCH; statistics++) {
        s.statistics = (nn_statistics)statistics;
        check(&s);
    }
}

static void over_small_nets(setting s, void (*check)(const setting *s))
{
    small_net net;
    for (int i = 0; small_net_open(&net, i); i++) {
        for_statistics(s, &net, check);
        small_net_close(&net);
    }
}

static void over_models(setting s, void (*check)(const setting *s))
{
    static const char *const models[] = {"mlp", "resnet20", "resnet20_noshort"};
    small_net net;
    for (size_t i = 0; i < LSC_COUNT(models); i++) {
        small_model_open(&net, models[i]);
        for_statistics(s, &net, check);
        small_net_close(&net);
    }
}

static void for_backends(void (*nets)(setting s, void (*check)(const setting *s)), void (*check)(const setting *s))
{
    const char *name, *text, *remedy;
    for (int i = 0; (name = nn_backend_name(i, &text, &remedy)); i++)
        for (int real = NN_F32; remedy == NULL && real <= NN_F64; real++) {
            const nn_backend *backend = NULL;
            setting s = {.backend = name, .real = (nn_real)real, .threads = 1};
            if (nn_backend_find(name, s.real, &backend) != LSC_OK)
                continue;
            s.forward_only = backend->backward == NULL;
            nets(s, check);
        }
}

void for_small_nets(void (*check)(const setting *s))
{
    for_backends(over_small_nets, check);
}

void for_models(void (*check)(const setting *s))
{
    for_backends(over_models, check);
}
