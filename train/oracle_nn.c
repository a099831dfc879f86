/*
 * A network as an oracle: one forward of a plan on batch statistics, then a backward for each part. A part of the
 * classification loss is a weighted sum over the rows of the batch:
 *     domain i:  w_s = 1 / (n N_i) for rows of domain i, else 0       N_i of the rows lie in the batch
 *     all:       w_s = 1 / (n N_domain(s)), times the domain's weight where the part has weights
 * The loss of features is one of all rows, in which those of one domain and one label belong together: two views of an
 * image do, and live faces of two domains do not (as in GAC-FAS, Le and Woo 2024, arXiv:2402.18817).
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <string.h>

struct tr_network {
    tr_network_options o;
    nn_plan *plan;
    tr_oracle oracle;
    const tr_batch *batch;
    int64_t classes, features; /* of a row of outputs: K logits, then F features */
    double *out, *dout;        /* [batch, K + F] */
    int64_t *counts;           /* [n_domains] rows in the batch */
    bool *absent;              /* [n_domains] */
    double *losses, *weights;  /* [n_domains] */
    double *logits, *dlogits;  /* [batch, K] */
    double *loss, *weight;     /* [batch] */
    double *unit, *dunit;      /* [batch, F] */
    int32_t *group;            /* [batch] */
    double *scratch;           /* of the feature loss */
    uint8_t *right;            /* [batch] */
    int64_t correct;
};

void tr_network_set_batch(tr_network *n, const tr_batch *batch)
{
    const int64_t labels = nn_loss_classes(n->o.loss, n->classes);
    n->batch = batch;
    for (int d = 0; d < n->o.n_domains; d++)
        n->counts[d] = 0;
    for (int64_t s = 0; s < batch->n; s++) {
        n->counts[batch->domains[s]]++;
        n->group[s] = (int32_t)(batch->domains[s] * labels + batch->labels[s]);
    }
}

/* part [n, width] <- or -> columns first .. first + width - 1 of all [n, K + F] */
static void take_columns(const tr_network *n, const double *all, int64_t first, int64_t width, double *part)
{
    for (int64_t s = 0; s < n->batch->n; s++)
        memcpy(part + s * width, all + s * (n->classes + n->features) + first, (size_t)width * sizeof *part);
}

static void put_columns(const tr_network *n, const double *part, int64_t first, int64_t width, double *all)
{
    for (int64_t s = 0; s < n->batch->n; s++)
        memcpy(all + s * (n->classes + n->features) + first, part + s * width, (size_t)width * sizeof *part);
}

/* 1 / (n N_i) for a row of domain i */
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

static void add_classification(tr_network *n, tr_part *part)
{
    const tr_batch *b = n->batch;

    weigh_domains(n, part);
    part->absent = part->what >= 0 && n->absent[part->what];
    for (int64_t s = 0; s < b->n; s++) {
        n->weight[s] = n->weights[b->domains[s]] * share(n, b->domains[s]);
        if (n->weight[s] != 0)
            part->loss += n->weight[s] * n->loss[s];
    }
    if (part->g == NULL)
        return;
    n->o.loss->backward(b->n, n->classes, n->logits, b->labels, n->weight, n->dlogits);
    put_columns(n, n->dlogits, 0, n->classes, n->dout);
}

static void add_features(tr_network *n, tr_part *part)
{
    const nn_feature_batch b = {.n = n->batch->n,
                                .f = n->features,
                                .unit = n->unit,
                                .group = n->group,
                                .temperature = n->o.feature_temperature};

    part->loss += n->o.feature_weight * n->o.feature->forward(&b, n->scratch);
    if (part->g == NULL)
        return;
    n->o.feature->backward(&b, n->o.feature_weight, n->scratch, n->dunit);
    put_columns(n, n->dunit, n->classes, n->features, n->dout);
}

static lsc_status part_of(tr_network *n, tr_part *part)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(part->what != TR_FEATURE || n->o.feature != NULL, LSC_ERR_ABSENT, "this network has no feature loss");
    part->loss = 0;
    part->absent = false;
    if (part->g != NULL)
        memset(n->dout, 0, (size_t)(n->batch->n * (n->classes + n->features)) * sizeof *n->dout);
    if (part->what != TR_FEATURE)
        add_classification(n, part);
    if (n->o.feature != NULL && (part->what == TR_FEATURE || part->what == TR_TOTAL))
        add_features(n, part);
    if (part->g != NULL)
        LSC_TRY(nn_plan_backward(n->plan, n->dout, part->g));
cleanup:
    return st;
}

static lsc_status eval(void *self, float *theta, const tr_request *request)
{
    lsc_status st = LSC_OK;
    tr_network *n = self;
    const tr_batch *b = n->batch;

    LSC_TRY(nn_plan_set_theta(n->plan, theta));
    LSC_TRY(nn_plan_forward(n->plan, b->images, b->n, n->out));
    take_columns(n, n->out, 0, n->classes, n->logits);
    take_columns(n, n->out, n->classes, n->features, n->unit);
    n->o.loss->forward(b->n, n->classes, n->logits, b->labels, n->loss, n->right);
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

static lsc_status allocate(tr_network *n)
{
    lsc_status st = LSC_OK;
    const tr_network_options *o = &n->o;

    LSC_NEW(n->out, o->batch * (n->classes + n->features));
    LSC_NEW(n->dout, o->batch * (n->classes + n->features));
    LSC_NEW(n->counts, o->n_domains);
    LSC_NEW(n->absent, o->n_domains);
    LSC_NEW(n->losses, o->n_domains);
    LSC_NEW(n->weights, o->n_domains);
    LSC_NEW(n->logits, o->batch * n->classes);
    LSC_NEW(n->dlogits, o->batch * n->classes);
    LSC_NEW(n->loss, o->batch);
    LSC_NEW(n->weight, o->batch);
    LSC_NEW(n->unit, o->batch * n->features + 1);
    LSC_NEW(n->dunit, o->batch * n->features + 1);
    LSC_NEW(n->group, o->batch);
    LSC_NEW(n->scratch, o->feature != NULL ? o->feature->scratch(o->batch) : 1);
    LSC_NEW(n->right, o->batch);
cleanup:
    return st;
}

lsc_status tr_network_new(const tr_network_options *o, tr_network **out)
{
    lsc_status st = LSC_OK;
    tr_network *n = NULL;
    const nn_plan_options plan = {
        .batch = o->batch, .statistics = NN_BATCH, .real = NN_F32, .backward = true, .threads = o->threads};

    LSC_CHECK((o->feature != NULL) == (nn_graph_features(o->graph) > 0), LSC_ERR_ARG,
              "a feature loss needs features behind the logits, and they a feature loss");
    LSC_NEW(n, 1);
    n->o = *o;
    n->classes = nn_graph_classes(o->graph);
    n->features = nn_graph_features(o->graph);
    LSC_TRY(nn_plan_new(o->backend, o->graph, &plan, &n->plan));
    LSC_TRY(allocate(n));
    n->oracle = (tr_oracle){.layout = nn_graph_layout(o->graph),
                            .n_domains = o->n_domains,
                            .has_feature_loss = o->feature != NULL,
                            .self = n,
                            .eval = eval};
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
    lsc_free(n->out);
    lsc_free(n->dout);
    lsc_free(n->counts);
    lsc_free(n->absent);
    lsc_free(n->losses);
    lsc_free(n->weights);
    lsc_free(n->logits);
    lsc_free(n->dlogits);
    lsc_free(n->loss);
    lsc_free(n->weight);
    lsc_free(n->unit);
    lsc_free(n->dunit);
    lsc_free(n->group);
    lsc_free(n->scratch);
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
