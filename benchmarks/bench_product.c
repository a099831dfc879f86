/*
 * What an exact Hessian-vector product costs, in gradients: set_theta, forward, loss and the R-operator for one vector,
 * or for several that share the forward and the first backward pass, over set_theta, forward, loss and backward.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"

enum { BATCH = 128, CLASSES = 10, SHARING = 4 };

typedef struct {
    bench_network network;
    nn_plan *plan;
    const nn_loss *loss;
    float *vector, *result;
    double *dlogits, *rlogits, *rdlogits, *weight;
    int32_t *labels;
    series gradient, one, shared; /* gradients a second; costs of a product in gradients */
} subject;

static lsc_status forward(subject *s)
{
    lsc_status st = LSC_OK;
    bench_network *b = &s->network;
    LSC_TRY(nn_plan_set_theta(s->plan, b->theta));
    LSC_TRY(nn_plan_forward(s->plan, b->images, BATCH, b->logits));
    s->loss->backward(BATCH, CLASSES, b->logits, s->labels, s->weight, s->dlogits);
cleanup:
    return st;
}

static lsc_status gradient(void *context)
{
    subject *s = context;
    lsc_status st = forward(s);
    return st == LSC_OK ? nn_plan_backward(s->plan, s->dlogits, s->result) : st;
}

static lsc_status products(subject *s, int n)
{
    lsc_status st = forward(s);
    for (int i = 0; st == LSC_OK && i < n; i++) {
        LSC_TRY(nn_plan_forward_r(s->plan, s->vector, s->rlogits));
        s->loss->backward_r(BATCH, CLASSES, s->network.logits, s->labels, s->weight, s->rlogits, s->rdlogits);
        LSC_TRY(nn_plan_backward_r(s->plan, s->dlogits, s->rdlogits, s->result));
    }
cleanup:
    return st;
}

static lsc_status one_product(void *context)
{
    return products(context, 1);
}

static lsc_status shared_products(void *context)
{
    return products(context, SHARING);
}

static lsc_status make(subject *s, nn_statistics statistics, const bench_options *o)
{
    lsc_status st = LSC_OK;
    nn_plan_options options = {.batch = BATCH, .statistics = statistics, .backward = true, .threads = o->threads};
    LSC_TRY(bench_network_make(&s->network, "resnet20", BATCH));
    int64_t learned = nn_graph_layout(s->network.graph)->n_learned;
    LSC_TRY(nn_plan_new("auto", s->network.graph, &options, &s->plan));
    LSC_TRY(nn_loss_find("cross_entropy", &s->loss));
    LSC_NEW(s->vector, learned);
    LSC_NEW(s->result, learned);
    LSC_NEW(s->dlogits, BATCH * CLASSES);
    LSC_NEW(s->rlogits, BATCH * CLASSES);
    LSC_NEW(s->rdlogits, BATCH * CLASSES);
    LSC_NEW(s->weight, BATCH);
    LSC_NEW(s->labels, BATCH);
    for (int i = 0; i < BATCH; i++) {
        s->labels[i] = i % CLASSES;
        s->weight[i] = 1.0 / BATCH;
    }
    for (int64_t i = 0; i < learned; i++)
        s->vector[i] = 0.01F * s->network.theta[i];
    LSC_TRY(gradient(s));
    LSC_TRY(one_product(s));
cleanup:
    return st;
}

static void free_subject(subject *s)
{
    nn_plan_free(s->plan);
    bench_network_free(&s->network);
    lsc_free(s->vector);
    lsc_free(s->result);
    lsc_free(s->dlogits);
    lsc_free(s->rlogits);
    lsc_free(s->rdlogits);
    lsc_free(s->weight);
    lsc_free(s->labels);
}

static lsc_status measure(subject *s, int round, double seconds)
{
    lsc_status st = LSC_OK;
    double one = 0, shared = 0;
    LSC_TRY(bench_rate(gradient, s, seconds, &s->gradient.value[round]));
    LSC_TRY(bench_rate(one_product, s, seconds, &one));
    LSC_TRY(bench_rate(shared_products, s, seconds, &shared));
    s->one.value[round] = s->gradient.value[round] / one;
    s->shared.value[round] = s->gradient.value[round] / shared / SHARING;
cleanup:
    return st;
}

static void report(const subject *s, const char *statistics)
{
    char what[80];
    snprintf(what, sizeof what, "gradient resnet20, batch %d, %s statistics", BATCH, statistics);
    bench_result(what, "1/s", &s->gradient, NULL, 0);
    snprintf(what, sizeof what, "Hessian-vector product, %s statistics", statistics);
    bench_result(what, "gradients", &s->one, NULL, 0);
    snprintf(what, sizeof what, "one of %d that share a forward, %s statistics", SHARING, statistics);
    bench_result(what, "gradients", &s->shared, NULL, 0);
}

int main(int argc, char **argv)
{
    static const char *const statistics[] = {[NN_FROZEN] = "frozen", [NN_BATCH] = "batch"};
    lsc_status st = LSC_OK;
    subject subjects[LSC_COUNT(statistics)] = {0};
    bench_options o;
    int status = bench_parse(argc, argv, &o);
    if (status != 0)
        return status;
    for (size_t i = 0; i < LSC_COUNT(statistics); i++)
        LSC_TRY(make(&subjects[i], (nn_statistics)i, &o));
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < LSC_COUNT(statistics); i++)
            LSC_TRY(measure(&subjects[i], round, o.seconds));
    bench_begin(argc, argv, &o);
    for (size_t i = 0; i < LSC_COUNT(statistics); i++)
        report(&subjects[i], statistics[i]);
    bench_end();
cleanup:
    for (size_t i = 0; i < LSC_COUNT(statistics); i++)
        free_subject(&subjects[i]);
    if (st != LSC_OK)
        fprintf(stderr, "bench_product: %s\n", lsc_last_error());
    return st == LSC_OK ? 0 : 70;
}
