/*
 * See cpu_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_fixture.h"

#include <math.h>
#include <string.h>

#include "support/support.h"

/* ---- inputs ---------------------------------------------------------------------------------------- */

static double normal(uint64_t stream, int64_t i)
{
    return (double)(float)lsc_rng_normal((lsc_rng){1, stream}, (uint64_t)i);
}

/* A block of theta: weights that keep the size of signals, norms about 1, variances between 0.5 and 1.5. */
static void fill_block(const lsc_block *b, double *theta)
{
    uint64_t stream = lsc_rng_stream(b->name, 0, 0);
    int64_t n = lsc_block_elements(b), fan_in = b->rank > 0 ? n / b->shape[0] : 1;
    bool variance = strstr(b->name, "running_var") != NULL, count = strstr(b->name, "num_batches") != NULL;
    for (int64_t i = 0; i < n; i++) {
        double v = normal(stream, i), *to = &theta[b->offset + i];
        if (b->role == LSC_WEIGHT)
            *to = 1.4 * v / sqrt((double)fan_in);
        else if (variance)
            *to = 1 + 0.5 * (2 * lsc_rng_uniform((lsc_rng){2, stream}, (uint64_t)i) - 1);
        else if (b->role == LSC_NORM && strstr(b->name, "weight"))
            *to = 1 + 0.2 * v;
        else
            *to = count ? 0 : 0.3 * v;
    }
}

void cpu_inputs_make(cpu_inputs *in, const nn_graph *g, int64_t batch)
{
    int64_t n = g->layout.n, pixels = batch * nn_shape_elements(nn_graph_input(g));
    *in = (cpu_inputs){
        .theta = lsc_calloc((size_t)n, sizeof(double)),
        .theta32 = lsc_calloc((size_t)n, sizeof(float)),
        .images = lsc_calloc((size_t)pixels, sizeof(float)),
        .dlogits = lsc_calloc((size_t)(batch * nn_graph_classes(g)), sizeof(double)),
        .rdlogits = lsc_calloc((size_t)(batch * nn_graph_classes(g)), sizeof(double)),
        .v = lsc_calloc((size_t)g->layout.n_learned, sizeof(double)),
        .v32 = lsc_calloc((size_t)g->layout.n_learned, sizeof(float)),
    };
    CHECK(in->theta && in->theta32 && in->images && in->dlogits && in->rdlogits && in->v && in->v32);
    for (int i = 0; i < g->layout.n_blocks; i++)
        fill_block(&g->blocks[i], in->theta);
    for (int64_t i = 0; i < n; i++)
        in->theta[i] = in->theta32[i] = (float)in->theta[i];
    for (int64_t i = 0; i < pixels; i++)
        in->images[i] = (float)normal(1000, i);
    for (int64_t i = 0; i < batch * nn_graph_classes(g); i++) {
        in->dlogits[i] = normal(1001, i);
        in->rdlogits[i] = normal(1002, i);
    }
    for (int64_t i = 0; i < g->layout.n_learned; i++)
        in->v[i] = in->v32[i] = (float)(0.1 * normal(1003, i));
}

void cpu_inputs_free(cpu_inputs *in)
{
    lsc_free(in->theta);
    lsc_free(in->theta32);
    lsc_free(in->images);
    lsc_free(in->dlogits);
    lsc_free(in->rdlogits);
    lsc_free(in->v);
    lsc_free(in->v32);
    *in = (cpu_inputs){0};
}

/* ---- answers ----------------------------------------------------------------------------------------- */

/* A vector of the plan's scalar, as doubles. Takes the vector. */
static double *as_doubles(void *vector, nn_real real, int64_t n)
{
    if (real == NN_F64)
        return vector;
    double *copy = lsc_calloc((size_t)n, sizeof *copy);
    CHECK(copy != NULL);
    for (int64_t i = 0; i < n; i++)
        copy[i] = (double)((const float *)vector)[i];
    lsc_free(vector);
    return copy;
}

void cpu_answer_make(cpu_answer *a, const char *backend, const nn_graph *g, const nn_plan_options *o,
                     const cpu_inputs *in, int64_t n)
{
    size_t size = o->real == NN_F32 ? sizeof(float) : sizeof(double);
    const void *theta = o->real == NN_F32 ? (const void *)in->theta32 : in->theta;
    const void *v = o->real == NN_F32 ? (const void *)in->v32 : in->v;
    void *gradient = lsc_calloc((size_t)g->layout.n_learned, size), *moved = lsc_calloc((size_t)g->layout.n, size);
    void *hv = lsc_calloc((size_t)g->layout.n_learned, size);
    nn_plan *p = NULL;

    *a = (cpu_answer){.logits = lsc_calloc((size_t)(n * nn_graph_classes(g)), sizeof(double)),
                      .rlogits = lsc_calloc((size_t)(n * nn_graph_classes(g)), sizeof(double))};
    CHECK(a->logits && a->rlogits && gradient && moved && hv);
    memcpy(moved, theta, (size_t)g->layout.n * size);
    CHECK_OK(nn_plan_new(backend, g, o, &p));
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, in->images, n, a->logits));
    if (o->backward)
        CHECK_OK(nn_plan_backward(p, in->dlogits, gradient));
    if (o->statistics == NN_BATCH)
        CHECK_OK(nn_plan_update_statistics(p, moved));
    if (o->backward) {
        CHECK_OK(nn_plan_forward_r(p, v, a->rlogits));
        CHECK_OK(nn_plan_backward_r(p, in->dlogits, in->rdlogits, hv));
    }
    nn_plan_free(p);
    a->hv = as_doubles(hv, o->real, g->layout.n_learned);
    a->gradient = as_doubles(gradient, o->real, g->layout.n_learned);
    a->theta = as_doubles(moved, o->real, g->layout.n);
}

void cpu_answer_free(cpu_answer *a)
{
    lsc_free(a->logits);
    lsc_free(a->gradient);
    lsc_free(a->theta);
    lsc_free(a->rlogits);
    lsc_free(a->hv);
    *a = (cpu_answer){0};
}
