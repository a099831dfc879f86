/*
 * Plans: checks arguments, sizes and the order of calls once, in front of every backend.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"

#include <math.h>
#include <unistd.h>

struct nn_plan {
    const nn_backend *backend;
    void *self;
    const nn_graph *g;
    nn_plan_options o;
    bool has_theta;
    bool defined; /* the network has values at theta: no running variance is negative */
    int64_t n;    /* images of the last forward; 0: none since theta was set */
    bool has_r;   /* forward_r was called since */
};

/* ---- life ---------------------------------------------------------------------------------- */

static int all_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (int)n;
}

static lsc_status check_options(const nn_graph *g, const nn_plan_options *o)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(g->finished, LSC_ERR_ARG, "plan: the graph is not finished");
    LSC_CHECK(o->batch >= 1, LSC_ERR_ARG, "plan: a batch of %lld images, need at least 1", (long long)o->batch);
    LSC_CHECK(o->threads >= 0, LSC_ERR_ARG, "plan: %d threads, need 0 (all cores) or more", o->threads);
    LSC_CHECK(o->real == NN_F32 || o->real == NN_F64, LSC_ERR_ARG, "plan: unknown precision %d", (int)o->real);
    LSC_CHECK(o->statistics == NN_FROZEN || o->statistics == NN_BATCH, LSC_ERR_ARG, "plan: unknown statistics %d",
              (int)o->statistics);
cleanup:
    return st;
}

lsc_status nn_plan_new(const char *backend, const nn_graph *g, const nn_plan_options *o, nn_plan **out)
{
    lsc_status st = LSC_OK;
    nn_plan *p = NULL;
    char name[64];
    int device = -1;

    LSC_TRY(check_options(g, o));
    LSC_NEW(p, 1);
    p->g = g;
    p->o = *o;
    if (p->o.threads == 0)
        p->o.threads = all_cores();
    LSC_TRY(nn_backend_split(backend, name, sizeof name, &device));
    LSC_TRY(nn_backend_find(name, o->real, &p->backend));
    if (device >= 0)
        p->o.device = device + 1;
    LSC_CHECK(!o->backward || p->backend->backward, LSC_ERR_ABSENT, "backend %s has no gradients: use ref",
              p->backend->name);
    LSC_TRY(p->backend->plan_new(g, &p->o, &p->self));
    *out = p;
    p = NULL;
cleanup:
    nn_plan_free(p);
    return st;
}

void nn_plan_free(nn_plan *p)
{
    if (p == NULL)
        return;
    if (p->self)
        p->backend->plan_free(p->self);
    lsc_free(p);
}

const char *nn_plan_backend(const nn_plan *p)
{
    return p->backend->name;
}

int nn_plan_threads(const nn_plan *p)
{
    return p->backend->threads ? p->backend->threads(p->self) : p->o.threads;
}

/* ---- where there are no values --------------------------------------------------------------- */

static bool is_defined(const nn_plan *p, const void *theta)
{
    size_t size = p->o.real == NN_F32 ? sizeof(float) : sizeof(double);
    for (int i = 1; i < p->g->n_nodes; i++) {
        const nn_node *node = &p->g->nodes[i];
        nn_op_args a = {.real = p->o.real, .statistics = p->o.statistics, .node = node};
        for (int j = 0; j < node->n_blocks; j++)
            if (node->block[j] >= 0)
                a.block[j] = (const char *)theta + (size_t)p->g->blocks[node->block[j]].offset * size;
        if (node->op->defined && !node->op->defined(&a))
            return false;
    }
    return true;
}

/* Logits of the last n images, all NaN. */
static lsc_status nan_logits(const nn_plan *p, double *logits)
{
    for (int64_t i = 0; i < p->n * nn_graph_outputs(p->g); i++)
        logits[i] = NAN;
    return LSC_OK;
}

static lsc_status nan_gradient(const nn_plan *p, void *g)
{
    for (int64_t i = 0; i < p->g->layout.n_learned; i++)
        if (p->o.real == NN_F32)
            ((float *)g)[i] = NAN;
        else
            ((double *)g)[i] = NAN;
    return LSC_OK;
}

/* ---- passes -------------------------------------------------------------------------------- */

lsc_status nn_plan_set_theta(nn_plan *p, const void *theta)
{
    p->n = 0;
    p->has_r = false;
    p->defined = is_defined(p, theta);
    p->has_theta = true;
    return p->backend->set_theta(p->self, theta);
}

lsc_status nn_plan_forward(nn_plan *p, const float *images, int64_t n, double *logits)
{
    lsc_status st = LSC_OK;
    bool fits = p->o.statistics == NN_BATCH ? n == p->o.batch : n >= 1 && n <= p->o.batch;

    LSC_CHECK(p->has_theta, LSC_ERR_ARG, "plan: forward before set_theta");
    LSC_CHECK(fits, LSC_ERR_ARG, "plan: forward of %lld images, the plan is for %s %lld", (long long)n,
              p->o.statistics == NN_BATCH ? "exactly" : "1 to", (long long)p->o.batch);
    p->n = 0;
    p->has_r = false;
    if (p->defined)
        LSC_TRY(p->backend->forward(p->self, images, n, logits));
    p->n = n;
    if (!p->defined)
        st = nan_logits(p, logits);
cleanup:
    return st;
}

static lsc_status check_backward(const nn_plan *p, const char *what)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(p->o.backward, LSC_ERR_ARG, "plan: %s, but the plan was made for forward passes only", what);
    LSC_CHECK(p->n > 0, LSC_ERR_ARG, "plan: %s before a forward at this theta", what);
cleanup:
    return st;
}

lsc_status nn_plan_backward(nn_plan *p, const double *dlogits, void *g)
{
    lsc_status st = check_backward(p, "backward");
    if (st != LSC_OK)
        return st;
    return p->defined ? p->backend->backward(p->self, dlogits, g) : nan_gradient(p, g);
}

lsc_status nn_plan_update_statistics(nn_plan *p, void *theta)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(p->o.statistics == NN_BATCH, LSC_ERR_ARG, "plan: update_statistics of a plan on frozen statistics");
    LSC_CHECK(p->n > 0, LSC_ERR_ARG, "plan: update_statistics before a forward at this theta");
    LSC_CHECK(p->backend->update_statistics, LSC_ERR_ABSENT, "backend %s cannot update running statistics: use ref",
              p->backend->name);
    LSC_TRY(p->backend->update_statistics(p->self, theta));
cleanup:
    return st;
}

lsc_status nn_plan_forward_r(nn_plan *p, const void *v, double *rlogits)
{
    lsc_status st = LSC_OK;
    LSC_TRY(check_backward(p, "forward_r"));
    LSC_CHECK(p->backend->forward_r && p->backend->backward_r, LSC_ERR_ABSENT,
              "backend %s has no exact Hessian-vector products: use ref", p->backend->name);
    if (p->defined)
        LSC_TRY(p->backend->forward_r(p->self, v, rlogits));
    else
        nan_logits(p, rlogits);
    p->has_r = true;
cleanup:
    return st;
}

lsc_status nn_plan_backward_r(nn_plan *p, const double *dlogits, const double *rdlogits, void *hv)
{
    lsc_status st = LSC_OK;
    LSC_TRY(check_backward(p, "backward_r"));
    LSC_CHECK(p->has_r, LSC_ERR_ARG, "plan: backward_r before forward_r");
    if (p->defined)
        LSC_TRY(p->backend->backward_r(p->self, dlogits, rdlogits, hv));
    else
        nan_gradient(p, hv);
cleanup:
    return st;
}
