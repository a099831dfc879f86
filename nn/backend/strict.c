/*
 * The strict backend wraps another one and makes misuse visible, on either side:
 *   what goes in is a copy that turns to NaN after the call: a backend that keeps the caller's pointer computes NaN;
 *   what comes out starts as NaN: what a backend did not write stays NaN in the caller's hands.
 * The bytes 0xff are NaN in float and in double.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"

#include <string.h>

typedef struct {
    void *bytes;
    size_t size;
} box;

/* Images, gradients of logits and their derivatives, logits, theta, a vector of parameters. */
enum { IMAGES, DLOGITS, RDLOGITS, LOGITS, THETA, LEARNED, N_BOXES };

typedef struct {
    const nn_backend *inner;
    void *self;
    size_t image, logit, theta, learned; /* bytes: of an image, of the logits of an image, of theta, of a gradient */
    int threads;
    int64_t n; /* images of the last forward */
    box box[N_BOXES];
} strict_plan;

static void poison(box *b)
{
    memset(b->bytes, 0xff, b->size);
}

static lsc_status new_box(box *b, size_t size)
{
    b->bytes = lsc_calloc(1, size);
    if (b->bytes == NULL)
        return lsc_fail(LSC_ERR_NOMEM, "strict: no memory for %zu bytes", size);
    b->size = size;
    poison(b);
    return LSC_OK;
}

/* The copy that the inner backend gets. */
static const void *fill(box *b, const void *from, size_t size)
{
    poison(b);
    memcpy(b->bytes, from, size);
    return b->bytes;
}

static void *empty(box *b)
{
    poison(b);
    return b->bytes;
}

static void plan_free(void *self)
{
    strict_plan *p = self;
    if (p == NULL)
        return;
    if (p->self)
        p->inner->plan_free(p->self);
    for (int i = 0; i < N_BOXES; i++)
        lsc_free(p->box[i].bytes);
    lsc_free(p);
}

static lsc_status plan_new(const char *inner, const nn_graph *g, const nn_plan_options *o, void **self)
{
    lsc_status st = LSC_OK;
    strict_plan *p = NULL;
    size_t real = o->real == NN_F32 ? sizeof(float) : sizeof(double), batch = (size_t)o->batch;

    LSC_NEW(p, 1);
    p->image = (size_t)nn_shape_elements(nn_graph_input(g)) * sizeof(float);
    p->logit = (size_t)nn_graph_outputs(g) * sizeof(double);
    p->theta = (size_t)g->layout.n * real;
    p->learned = (size_t)g->layout.n_learned * real;
    p->threads = o->threads;
    LSC_TRY(nn_backend_find(inner, o->real, &p->inner));
    LSC_CHECK(!o->backward || p->inner->backward, LSC_ERR_ABSENT, "backend %s has no gradients: use ref", inner);
    const size_t sizes[N_BOXES] = {batch * p->image, batch * p->logit, batch * p->logit,
                                   batch * p->logit, p->theta,         p->learned};
    for (int i = 0; i < N_BOXES; i++)
        LSC_TRY(new_box(&p->box[i], sizes[i]));
    LSC_TRY(p->inner->plan_new(g, o, &p->self));
    *self = p;
    p = NULL;
cleanup:
    plan_free(p);
    return st;
}

static int threads(const void *self)
{
    const strict_plan *p = self;
    return p->inner->threads ? p->inner->threads(p->self) : p->threads;
}

static lsc_status set_theta(void *self, const void *theta)
{
    strict_plan *p = self;
    lsc_status st = p->inner->set_theta(p->self, fill(&p->box[THETA], theta, p->theta));
    poison(&p->box[THETA]);
    return st;
}

static lsc_status forward(void *self, const float *images, int64_t n, double *logits)
{
    strict_plan *p = self;
    p->n = n;
    lsc_status st =
        p->inner->forward(p->self, fill(&p->box[IMAGES], images, (size_t)n * p->image), n, empty(&p->box[LOGITS]));
    poison(&p->box[IMAGES]);
    if (st == LSC_OK)
        memcpy(logits, p->box[LOGITS].bytes, (size_t)n * p->logit);
    return st;
}

static lsc_status backward(void *self, const double *dlogits, void *g)
{
    strict_plan *p = self;
    lsc_status st =
        p->inner->backward(p->self, fill(&p->box[DLOGITS], dlogits, (size_t)p->n * p->logit), empty(&p->box[LEARNED]));
    poison(&p->box[DLOGITS]);
    if (st == LSC_OK)
        memcpy(g, p->box[LEARNED].bytes, p->learned);
    return st;
}

static lsc_status update_statistics(void *self, void *theta)
{
    strict_plan *p = self;
    if (p->inner->update_statistics == NULL)
        return lsc_fail(LSC_ERR_ABSENT, "backend %s cannot update running statistics: use ref", p->inner->name);
    fill(&p->box[THETA], theta, p->theta);
    lsc_status st = p->inner->update_statistics(p->self, p->box[THETA].bytes);
    if (st == LSC_OK)
        memcpy(theta, p->box[THETA].bytes, p->theta);
    poison(&p->box[THETA]);
    return st;
}

static lsc_status forward_r(void *self, const void *v, double *rlogits)
{
    strict_plan *p = self;
    if (p->inner->forward_r == NULL)
        return lsc_fail(LSC_ERR_ABSENT, "backend %s has no exact Hessian-vector products: use ref", p->inner->name);
    lsc_status st = p->inner->forward_r(p->self, fill(&p->box[LEARNED], v, p->learned), empty(&p->box[LOGITS]));
    poison(&p->box[LEARNED]);
    if (st == LSC_OK)
        memcpy(rlogits, p->box[LOGITS].bytes, (size_t)p->n * p->logit);
    return st;
}

static lsc_status backward_r(void *self, const double *dlogits, const double *rdlogits, void *hv)
{
    strict_plan *p = self;
    const double *first = fill(&p->box[DLOGITS], dlogits, (size_t)p->n * p->logit);
    lsc_status st = p->inner->backward_r(p->self, first, fill(&p->box[RDLOGITS], rdlogits, (size_t)p->n * p->logit),
                                         empty(&p->box[LEARNED]));
    poison(&p->box[DLOGITS]);
    poison(&p->box[RDLOGITS]);
    if (st == LSC_OK)
        memcpy(hv, p->box[LEARNED].bytes, p->learned);
    return st;
}

static lsc_status plan_new_ref(const nn_graph *g, const nn_plan_options *o, void **self)
{
    return plan_new("ref", g, o, self);
}

static lsc_status plan_new_cpu(const nn_graph *g, const nn_plan_options *o, void **self)
{
    return plan_new("cpu", g, o, self);
}

#define STRICT(id, scalars, promise, make)                                                                             \
    const nn_backend nn_backend_##id = {                                                                               \
        .name = #id,                                                                                                   \
        .reals = scalars,                                                                                              \
        .determinism = promise,                                                                                        \
        .plan_new = make,                                                                                              \
        .plan_free = plan_free,                                                                                        \
        .set_theta = set_theta,                                                                                        \
        .forward = forward,                                                                                            \
        .backward = backward,                                                                                          \
        .update_statistics = update_statistics,                                                                        \
        .forward_r = forward_r,                                                                                        \
        .backward_r = backward_r,                                                                                      \
        .threads = threads,                                                                                            \
    };

STRICT(strict, 1u << NN_F32 | 1u << NN_F64, NN_ANY_THREADS, plan_new_ref)
STRICT(strict_cpu, 1u << NN_F32, NN_ANY_THREADS, plan_new_cpu)
