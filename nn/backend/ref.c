/*
 * The reference backend: each node in order, by the op's own kernels, on one core, in float or double.
 * Simple rather than fast, and the judge of the other backends.
 *
 * A Hessian-vector product is exact (Pearlmutter 1994, "Fast exact multiplication by the Hessian"): forward_r
 * carries the derivative along v of every output beside the outputs, backward_r that of every gradient.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"
#include "nn/backend/ref_memory.h"

#include <string.h>

typedef struct {
    const nn_graph *g;
    nn_plan_options o;
    size_t size;   /* of the scalar */
    int64_t n;     /* images of the last forward */
    int *last;     /* [nodes]: ref_last_gradient */
    bool *learned; /* [nodes]: its output depends on a parameter */
    void *theta;   /* [n] */
    void **saved;  /* [nodes] */
    ref_memory value, dvalue;
    /* R-operator; made at its first use */
    void *v; /* [n_learned] */
    void **rsaved;
    ref_memory rvalue, rdvalue;
} ref_plan;

/* ---- life ---------------------------------------------------------------------------------- */

static void free_saved(void **saved, int n_nodes)
{
    for (int i = 0; saved && i < n_nodes; i++)
        lsc_free(saved[i]);
    lsc_free(saved);
}

static void plan_free(void *self)
{
    ref_plan *p = self;
    if (p == NULL)
        return;
    free_saved(p->saved, p->g->n_nodes);
    free_saved(p->rsaved, p->g->n_nodes);
    ref_memory_free(&p->value);
    ref_memory_free(&p->dvalue);
    ref_memory_free(&p->rvalue);
    ref_memory_free(&p->rdvalue);
    lsc_free(p->last);
    lsc_free(p->learned);
    lsc_free(p->theta);
    lsc_free(p->v);
    lsc_free(p);
}

/* What each op leaves between its passes. Half-built on failure, for free_saved. */
static lsc_status new_saved(const ref_plan *p, void ***out)
{
    lsc_status st = LSC_OK;
    LSC_NEW(*out, p->g->n_nodes);
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_node *node = &p->g->nodes[i];
        size_t bytes = node->op->saved_size ? node->op->saved_size(node, p->o.batch, p->o.real) : 0;
        (*out)[i] = lsc_calloc(1, bytes);
        LSC_CHECK((*out)[i], LSC_ERR_NOMEM, "no memory for %s '%s': %zu bytes", node->op->name, node->name, bytes);
    }
cleanup:
    return st;
}

static bool is_learned(const nn_graph *g, int block)
{
    return block >= 0 && g->blocks[block].role != LSC_BUFFER;
}

static void mark_learned(ref_plan *p)
{
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_node *node = &p->g->nodes[i];
        for (int j = 0; j < node->n_blocks; j++)
            p->learned[i] |= is_learned(p->g, node->block[j]);
        for (int j = 0; j < node->n_in; j++)
            p->learned[i] |= p->learned[node->in[j]];
    }
}

static lsc_status plan_new(const nn_graph *g, const nn_plan_options *o, void **self)
{
    lsc_status st = LSC_OK;
    ref_plan *p = NULL;

    LSC_NEW(p, 1);
    p->g = g;
    p->o = *o;
    p->size = o->real == NN_F32 ? sizeof(float) : sizeof(double);
    LSC_NEW(p->last, g->n_nodes);
    LSC_NEW(p->learned, g->n_nodes);
    ref_last_gradient(g, p->last);
    mark_learned(p);
    p->theta = lsc_calloc((size_t)g->layout.n, p->size);
    LSC_CHECK(p->theta, LSC_ERR_NOMEM, "no memory for theta: %lld x %zu bytes", (long long)g->layout.n, p->size);
    LSC_TRY(new_saved(p, &p->saved));
    LSC_TRY(ref_memory_init(&p->value, g, o->backward ? REF_KEEP : REF_FORWARD, o->batch, p->size));
    if (o->backward)
        LSC_TRY(ref_memory_init(&p->dvalue, g, REF_BACKWARD, o->batch, p->size));
    *self = p;
    p = NULL;
cleanup:
    plan_free(p);
    return st;
}

static int threads(const void *self)
{
    (void)self;
    return 1;
}

/* ---- helpers ------------------------------------------------------------------------------- */

static void to_real(const ref_plan *p, const double *from, void *to, int64_t n)
{
    if (p->o.real == NN_F64)
        memcpy(to, from, (size_t)n * sizeof *from);
    else
        for (int64_t i = 0; i < n; i++)
            ((float *)to)[i] = (float)from[i];
}

static void from_real(const ref_plan *p, const void *from, double *to, int64_t n)
{
    if (p->o.real == NN_F64)
        memcpy(to, from, (size_t)n * sizeof *to);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = (double)((const float *)from)[i];
}

static void images_to_real(const ref_plan *p, const float *from, void *to, int64_t n)
{
    if (p->o.real == NN_F32)
        memcpy(to, from, (size_t)n * sizeof *from);
    else
        for (int64_t i = 0; i < n; i++)
            ((double *)to)[i] = (double)from[i];
}

static void *block_at(const ref_plan *p, void *vector, int block)
{
    return (char *)vector + (size_t)p->g->blocks[block].offset * p->size;
}

/* What all passes of node i have in common. */
static nn_op_args arguments(const ref_plan *p, int i)
{
    const nn_node *node = &p->g->nodes[i];
    nn_op_args a = {.real = p->o.real, .statistics = p->o.statistics, .n = p->n, .node = node};
    for (int j = 0; j < node->n_in; j++)
        a.in[j] = p->value.of[node->in[j]];
    for (int j = 0; j < node->n_blocks; j++)
        a.block[j] = node->block[j] < 0 ? NULL : block_at(p, p->theta, node->block[j]);
    a.out = p->value.of[i];
    a.saved = p->saved[i];
    return a;
}

/* The node's parts of a vector [n_learned]; NULL for buffers and absent blocks. */
static void learned_parts(const ref_plan *p, int i, void *vector, void *part[NN_MAX_BLOCKS])
{
    const nn_node *node = &p->g->nodes[i];
    for (int j = 0; j < node->n_blocks; j++)
        part[j] = is_learned(p->g, node->block[j]) ? block_at(p, vector, node->block[j]) : NULL;
}

static size_t node_bytes(const ref_plan *p, int i)
{
    return (size_t)(p->n * nn_shape_elements(&p->g->nodes[i].shape)) * p->size;
}

static int output(const ref_plan *p)
{
    return p->g->n_nodes - 1;
}

static int64_t n_logits(const ref_plan *p)
{
    return p->n * nn_graph_outputs(p->g);
}

/* ---- passes -------------------------------------------------------------------------------- */

static lsc_status set_theta(void *self, const void *theta)
{
    ref_plan *p = self;
    memcpy(p->theta, theta, (size_t)p->g->layout.n * p->size);
    return LSC_OK;
}

static lsc_status forward(void *self, const float *images, int64_t n, double *logits)
{
    ref_plan *p = self;
    p->n = n;
    images_to_real(p, images, p->value.of[0], n * nn_shape_elements(&p->g->nodes[0].shape));
    for (int i = 1; i < p->g->n_nodes; i++) {
        nn_op_args a = arguments(p, i);
        a.node->op->forward(&a);
    }
    from_real(p, p->value.of[output(p)], logits, n_logits(p));
    return LSC_OK;
}

/* Where node i sends its gradients: to inputs that depend on parameters; zeroed where they begin. */
static void input_gradients(const ref_plan *p, int i, const ref_memory *m, void *din[NN_MAX_IN])
{
    const nn_node *node = &p->g->nodes[i];
    for (int j = 0; j < node->n_in; j++) {
        int x = node->in[j];
        din[j] = p->learned[x] ? m->of[x] : NULL;
        if (din[j] && p->last[x] == i)
            memset(din[j], 0, node_bytes(p, x));
    }
}

/* A node whose output leads nowhere, or depends on no parameter, has no part in gradients. */
static bool takes_part(const ref_plan *p, int i)
{
    return p->dvalue.of[i] && p->learned[i];
}

static lsc_status backward(void *self, const double *dlogits, void *g)
{
    ref_plan *p = self;
    memset(g, 0, (size_t)p->g->layout.n_learned * p->size);
    to_real(p, dlogits, p->dvalue.of[output(p)], n_logits(p));
    for (int i = output(p); i > 0; i--) {
        if (!takes_part(p, i))
            continue;
        nn_op_args a = arguments(p, i);
        a.dout = p->dvalue.of[i];
        input_gradients(p, i, &p->dvalue, a.din);
        learned_parts(p, i, g, a.dblock);
        a.node->op->backward(&a);
    }
    return LSC_OK;
}

static lsc_status update_statistics(void *self, void *theta)
{
    ref_plan *p = self;
    for (int i = 1; i < p->g->n_nodes; i++) {
        nn_op_args a = arguments(p, i);
        void *block[NN_MAX_BLOCKS] = {NULL};
        for (int j = 0; j < a.node->n_blocks; j++)
            if (a.node->block[j] >= 0)
                block[j] = block_at(p, theta, a.node->block[j]);
        if (a.node->op->update_statistics)
            a.node->op->update_statistics(&a, block);
    }
    return LSC_OK;
}

/* ---- R-operator ---------------------------------------------------------------------------- */

/* Memory for products is made once, at the first: most plans never need it. */
static lsc_status prepare_r(ref_plan *p)
{
    lsc_status st = LSC_OK;
    if (p->rdvalue.of)
        return LSC_OK;
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_op *op = p->g->nodes[i].op;
        LSC_CHECK(op->forward_r && op->backward_r, LSC_ERR_ABSENT, "op %s has no R-operator", op->name);
    }
    p->v = lsc_calloc((size_t)p->g->layout.n_learned, p->size);
    LSC_CHECK(p->v, LSC_ERR_NOMEM, "no memory for v: %lld x %zu bytes", (long long)p->g->layout.n_learned, p->size);
    LSC_TRY(new_saved(p, &p->rsaved));
    LSC_TRY(ref_memory_init(&p->rvalue, p->g, REF_KEEP, p->o.batch, p->size));
    LSC_TRY(ref_memory_init(&p->rdvalue, p->g, REF_BACKWARD, p->o.batch, p->size));
cleanup:
    return st;
}

/* What forward_r and backward_r of node i have in common. */
static nn_op_args arguments_r(const ref_plan *p, int i)
{
    nn_op_args a = arguments(p, i);
    void *part[NN_MAX_BLOCKS] = {NULL};
    learned_parts(p, i, p->v, part);
    for (int j = 0; j < a.node->n_blocks; j++)
        a.rblock[j] = part[j];
    for (int j = 0; j < a.node->n_in; j++)
        a.rin[j] = p->learned[a.node->in[j]] ? p->rvalue.of[a.node->in[j]] : NULL;
    a.rout = p->rvalue.of[i];
    a.rsaved = p->rsaved[i];
    return a;
}

static lsc_status forward_r(void *self, const void *v, double *rlogits)
{
    ref_plan *p = self;
    lsc_status st = prepare_r(p);
    if (st != LSC_OK)
        return st;
    memcpy(p->v, v, (size_t)p->g->layout.n_learned * p->size);
    for (int i = 1; i < p->g->n_nodes; i++) {
        nn_op_args a = arguments_r(p, i);
        a.node->op->forward_r(&a);
    }
    from_real(p, p->rvalue.of[output(p)], rlogits, n_logits(p));
    return LSC_OK;
}

static lsc_status backward_r(void *self, const double *dlogits, const double *rdlogits, void *hv)
{
    ref_plan *p = self;
    memset(hv, 0, (size_t)p->g->layout.n_learned * p->size);
    to_real(p, dlogits, p->dvalue.of[output(p)], n_logits(p));
    to_real(p, rdlogits, p->rdvalue.of[output(p)], n_logits(p));
    for (int i = output(p); i > 0; i--) {
        if (!takes_part(p, i))
            continue;
        nn_op_args a = arguments_r(p, i);
        a.dout = p->dvalue.of[i];
        a.rdout = p->rdvalue.of[i];
        input_gradients(p, i, &p->dvalue, a.din);
        input_gradients(p, i, &p->rdvalue, a.rdin);
        learned_parts(p, i, hv, a.rdblock);
        a.node->op->backward(&a);
        a.node->op->backward_r(&a);
    }
    return LSC_OK;
}

const nn_backend nn_backend_ref = {
    .name = "ref",
    .reals = 1u << NN_F32 | 1u << NN_F64,
    .determinism = NN_ANY_THREADS,
    .plan_new = plan_new,
    .plan_free = plan_free,
    .set_theta = set_theta,
    .forward = forward,
    .backward = backward,
    .update_statistics = update_statistics,
    .forward_r = forward_r,
    .backward_r = backward_r,
    .threads = threads,
};
