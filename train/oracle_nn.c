/*
 * A network as an oracle: one forward of a plan on batch statistics, then a backward for each part, whose loss is a
 * weighted sum over the samples:
 *     domain i:  w_s = 1 / (n N_i) for samples of domain i, else 0       N_i of its samples lie in the batch
 *     all:       w_s = 1 / (n N_domain(s)), times the domain's weight where the part has weights
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

struct tr_network {
    tr_network_options o;
    nn_plan *plan;
    tr_oracle oracle;
    const tr_batch *batch;
    int64_t *counts;          /* [n_domains] samples in the batch */
    bool *absent;             /* [n_domains] */
    double *losses, *weights; /* [n_domains] */
    double *logits, *dlogits; /* [batch, K] */
    double *loss, *weight;    /* [batch] */
    uint8_t *right;           /* [batch] */
    int64_t correct;
};

void tr_network_set_batch(tr_network *n, const tr_batch *batch)
{
    n->batch = batch;
    for (int d = 0; d < n->o.n_domains; d++)
        n->counts[d] = 0;
    for (int64_t s = 0; s < batch->n; s++)
        n->counts[batch->domains[s]]++;
}

/* 1 / (n N_i) for a sample of domain i */
static double share(const tr_network *n, int domain)
{
    return 1.0 / (n->o.n_domains * (double)n->counts[domain]);
}

/* The weights [n_domains] of the domains' losses in a part. */
static void weigh_domains(tr_network *n, const tr_part *part)
{
    const tr_batch *b = n->batch;
    for (int d = 0; d < n->o.n_domains; d++) {
        n->losses[d] = 0;
        n->absent[d] = n->counts[d] == 0;
        n->weights[d] = part->what < 0 || part->what == d;
    }
    if (part->weigh == NULL)
        return;
    for (int64_t s = 0; s < b->n; s++)
        n->losses[b->domains[s]] += share(n, b->domains[s]) * n->loss[s];
    part->weigh(part->weigher, n->losses, n->absent, n->weights);
}

static lsc_status part_of(tr_network *n, tr_part *part)
{
    lsc_status st = LSC_OK;
    const tr_batch *b = n->batch;
    const int64_t classes = nn_graph_classes(n->o.graph);

    LSC_CHECK(part->what != TR_FEATURE, LSC_ERR_ABSENT, "this network has no feature loss");
    weigh_domains(n, part);
    part->absent = part->what >= 0 && n->absent[part->what];
    part->loss = 0;
    for (int64_t s = 0; s < b->n; s++) {
        n->weight[s] = n->weights[b->domains[s]] * share(n, b->domains[s]);
        if (n->weight[s] != 0)
            part->loss += n->weight[s] * n->loss[s];
    }
    if (part->g != NULL) {
        n->o.loss->backward(b->n, classes, n->logits, b->labels, n->weight, n->dlogits);
        LSC_TRY(nn_plan_backward(n->plan, n->dlogits, part->g));
    }
cleanup:
    return st;
}

static lsc_status eval(void *self, float *theta, const tr_request *request)
{
    lsc_status st = LSC_OK;
    tr_network *n = self;
    const tr_batch *b = n->batch;

    LSC_TRY(nn_plan_set_theta(n->plan, theta));
    LSC_TRY(nn_plan_forward(n->plan, b->images, b->n, n->logits));
    n->o.loss->forward(b->n, nn_graph_classes(n->o.graph), n->logits, b->labels, n->loss, n->right);
    for (int i = 0; i < request->n_parts; i++)
        LSC_TRY(part_of(n, &request->parts[i]));
    if (request->update_statistics) {
        LSC_TRY(nn_plan_update_statistics(n->plan, theta));
        n->correct = 0;
        for (int64_t s = 0; s < b->n; s++)
            n->correct += n->right[s];
    }
cleanup:
    return st;
}

lsc_status tr_network_new(const tr_network_options *o, tr_network **out)
{
    lsc_status st = LSC_OK;
    tr_network *n = NULL;
    const nn_plan_options plan = {
        .batch = o->batch, .statistics = NN_BATCH, .real = NN_F32, .backward = true, .threads = o->threads};

    LSC_NEW(n, 1);
    n->o = *o;
    LSC_TRY(nn_plan_new(o->backend, o->graph, &plan, &n->plan));
    LSC_NEW(n->counts, o->n_domains);
    LSC_NEW(n->absent, o->n_domains);
    LSC_NEW(n->losses, o->n_domains);
    LSC_NEW(n->weights, o->n_domains);
    LSC_NEW(n->logits, o->batch * nn_graph_classes(o->graph));
    LSC_NEW(n->dlogits, o->batch * nn_graph_classes(o->graph));
    LSC_NEW(n->loss, o->batch);
    LSC_NEW(n->weight, o->batch);
    LSC_NEW(n->right, o->batch);
    n->oracle = (tr_oracle){.layout = nn_graph_layout(o->graph), .n_domains = o->n_domains, .self = n, .eval = eval};
    *out = n;
    n = NULL;
cleanup:
    tr_network_free(n);
    return st;
}

void tr_network_free(tr_network *n)
{
    if (n == NULL)
        return;
    nn_plan_free(n->plan);
    lsc_free(n->counts);
    lsc_free(n->absent);
    lsc_free(n->losses);
    lsc_free(n->weights);
    lsc_free(n->logits);
    lsc_free(n->dlogits);
    lsc_free(n->loss);
    lsc_free(n->weight);
    lsc_free(n->right);
    lsc_free(n);
}

const tr_oracle *tr_network_oracle(const tr_network *n)
{
    return &n->oracle;
}

int64_t tr_network_correct(const tr_network *n)
{
    return n->correct;
}

const char *tr_network_backend(const tr_network *n)
{
    return nn_plan_backend(n->plan);
}

int tr_network_threads(const tr_network *n)
{
    return nn_plan_threads(n->plan);
}
