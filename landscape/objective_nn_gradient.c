/*
 * Gradients of a network's loss over all its samples, and exact products of its Hessian with a vector:
 *
 *     g = sum_i weight_i dl_i/dtheta,   H v = d/dr g(theta + r v) at r = 0
 *
 * weight_i is 1 over the number of samples of the field, and 0 for those of other domains. Batches are summed in
 * double, in order. Running statistics are constants: their elements of g and H v are 0. SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

enum { GRADIENT_BATCH = 128 }; /* a plan keeps what a backward pass needs of so many images */

/* ---- memory ------------------------------------------------------------------------------- */

void objective_gradient_fini(objective_gradient *g)
{
    nn_plan_free(g->plan);
    lsc_free(g->v);
    lsc_free(g->g);
    lsc_free(g->weight);
    lsc_free(g->dlogits);
    lsc_free(g->rlogits);
    lsc_free(g->rdlogits);
    *g = (objective_gradient){0};
}

static lsc_status new_vector(const objective_nn *o, void **out)
{
    int64_t n = o->layout->n_learned;
    *out = lsc_calloc((size_t)n, o->real == NN_F64 ? sizeof(double) : sizeof(float));
    return *out ? LSC_OK : lsc_fail(LSC_ERR_NOMEM, "no memory for a gradient: %lld elements", (long long)n);
}

/* At the first gradient: a surface needs none. Batch statistics are of the batches that the values are of. */
static lsc_status prepare(objective_nn *o)
{
    lsc_status st = LSC_OK;
    objective_gradient g = {.batch = o->samples.batch};
    if (o->gradient.plan)
        return LSC_OK;
    if (o->statistics == NN_FROZEN && g.batch > GRADIENT_BATCH)
        g.batch = GRADIENT_BATCH;
    const nn_plan_options options = {
        .batch = g.batch, .statistics = o->statistics, .real = o->real, .backward = true, .threads = o->threads};
    LSC_TRY(objective_take_images(o));
    LSC_TRY(nn_plan_new(o->plan != NULL ? nn_plan_backend(o->plan) : "auto", o->graph, &options, &g.plan));
    LSC_TRY(new_vector(o, &g.v));
    LSC_TRY(new_vector(o, &g.g));
    LSC_NEW(g.weight, g.batch);
    LSC_NEW(g.dlogits, g.batch * o->classes);
    LSC_NEW(g.rlogits, g.batch * o->classes);
    LSC_NEW(g.rdlogits, g.batch * o->classes);
    o->gradient = g;
    g = (objective_gradient){0};
cleanup:
    objective_gradient_fini(&g);
    return st;
}

/* ---- vectors ------------------------------------------------------------------------------ */

static void to_real(const objective_nn *o, const double *from, void *to)
{
    for (int64_t j = 0; j < o->layout->n_learned; j++)
        if (o->real == NN_F32)
            ((float *)to)[j] = (float)from[j];
        else
            ((double *)to)[j] = from[j];
}

static void add_real(const objective_nn *o, const void *from, double *to)
{
    for (int64_t j = 0; j < o->layout->n_learned; j++)
        to[j] += o->real == NN_F32 ? (double)((const float *)from)[j] : ((const double *)from)[j];
}

/* ---- the field ---------------------------------------------------------------------------- */

/* The samples whose mean a field is. */
typedef struct {
    const int64_t *sample;
    int64_t n;
    int domain;    /* -1: all */
    double weight; /* of each of them */
} field_samples;

static bool is_of(const objective_nn *o, const field_samples *f, int64_t i)
{
    return f->domain < 0 || o->samples.domains[f->sample ? f->sample[i] : i] == f->domain;
}

static lsc_status find_field(const objective_nn *o, int field, field_samples *out)
{
    lsc_status st = LSC_OK;
    field_samples f = {.domain = field - 2};
    int64_t m = 0;
    LSC_CHECK(!objective_recalibrates(o), LSC_ERR_ABSENT,
              "objective: no gradients where statistics are formed anew at each point, only on frozen and batch ones");
    LSC_CHECK(field >= 0 && field < o->n_fields, LSC_ERR_ARG, "objective: field %d, need 0 .. %d", field,
              o->n_fields - 1);
    LSC_CHECK(field != 1, LSC_ERR_ARG, "objective: field 'accuracy' has no gradient");
    f.sample = objective_selected(o, &f.n);
    for (int64_t i = 0; i < f.n; i++)
        m += is_of(o, &f, i);
    LSC_CHECK(m > 0, LSC_ERR_ARG, "objective: no sample of field '%s' is selected", o->fields[field]);
    f.weight = 1 / (double)m;
    *out = f;
cleanup:
    return st;
}

/* ---- batches ------------------------------------------------------------------------------ */

/* Labels of samples first .. first+n-1, their losses, and the gradient of the field by their logits. */
static lsc_status forward(objective_nn *o, const field_samples *f, int64_t first, int64_t n, const int32_t **labels)
{
    objective_gradient *g = &o->gradient;
    const float *images = landscape_samples_batch(&o->samples, f->sample, first, n, labels);
    lsc_status st = nn_plan_forward(g->plan, images, n, o->logits);
    if (st != LSC_OK)
        return st;
    for (int64_t i = 0; i < n; i++)
        g->weight[i] = is_of(o, f, first + i) ? f->weight : 0;
    o->loss->forward(n, o->classes, o->logits, *labels, o->losses + first, o->correct + first);
    o->loss->backward(n, o->classes, o->logits, *labels, g->weight, g->dlogits);
    return LSC_OK;
}

static lsc_status gradient_of_batch(objective_nn *o, int64_t n, const int32_t *labels)
{
    (void)n;
    (void)labels;
    return nn_plan_backward(o->gradient.plan, o->gradient.dlogits, o->gradient.g);
}

static lsc_status product_of_batch(objective_nn *o, int64_t n, const int32_t *labels)
{
    objective_gradient *g = &o->gradient;
    lsc_status st = nn_plan_forward_r(g->plan, g->v, g->rlogits);
    if (st != LSC_OK)
        return st;
    o->loss->backward_r(n, o->classes, o->logits, labels, g->weight, g->rlogits, g->rdlogits);
    return nn_plan_backward_r(g->plan, g->dlogits, g->rdlogits, g->g);
}

/* sum [n] over batches of what `of_batch` leaves in gradient.g. */
static lsc_status sum_batches(objective_nn *o, const field_samples *f,
                              lsc_status (*of_batch)(objective_nn *o, int64_t n, const int32_t *labels), double *sum)
{
    lsc_status st = LSC_OK;
    int64_t batch = o->gradient.batch;
    memset(sum, 0, (size_t)o->layout->n * sizeof *sum);
    for (int64_t first = 0; first < f->n; first += batch) {
        int64_t n = f->n - first < batch ? f->n - first : batch;
        const int32_t *labels = NULL;
        LSC_TRY(forward(o, f, first, n, &labels));
        LSC_TRY(of_batch(o, n, labels));
        add_real(o, o->gradient.g, sum);
    }
cleanup:
    return st;
}

/* ---- the objective's functions ------------------------------------------------------------ */

lsc_status objective_grad(void *self, int field, const double *theta, double *out, double *g)
{
    lsc_status st = LSC_OK;
    objective_nn *o = self;
    field_samples f;
    LSC_TRY(find_field(o, field, &f));
    LSC_TRY(prepare(o));
    LSC_TRY(objective_set_theta(o, o->gradient.plan, theta));
    LSC_TRY(sum_batches(o, &f, gradient_of_batch, g));
    objective_fields(o, out);
cleanup:
    return st;
}

lsc_status objective_hvp(void *self, int field, const double *theta, const double *v, double *hv)
{
    lsc_status st = LSC_OK;
    objective_nn *o = self;
    field_samples f;
    LSC_CHECK(o->loss->backward_r, LSC_ERR_ABSENT, "loss %s has no R-operator", o->loss->name);
    LSC_TRY(find_field(o, field, &f));
    LSC_TRY(prepare(o));
    LSC_TRY(objective_set_theta(o, o->gradient.plan, theta));
    to_real(o, v, o->gradient.v);
    LSC_TRY(sum_batches(o, &f, product_of_batch, hv));
cleanup:
    return st;
}
