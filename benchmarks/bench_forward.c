/*
 * How fast networks are evaluated at points of a landscape: images a second on all cores, as a share of the machine's
 * peak, and what setting a point costs as a share of evaluating 2,000 images there.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"

#define BATCH 128 /* images of one forward */

static const char *const models[] = {"resnet20", "resnet56"};

typedef struct {
    bench_network network;
    nn_plan *plan;
    series images, set_theta, share, peak;
} subject;

static lsc_status forward(void *context)
{
    subject *s = context;
    return nn_plan_forward(s->plan, s->network.images, BATCH, s->network.logits);
}

static lsc_status set_theta(void *context)
{
    subject *s = context;
    return nn_plan_set_theta(s->plan, s->network.theta);
}

static lsc_status make(subject *s, const char *model, const bench_options *o)
{
    lsc_status st = LSC_OK;
    LSC_TRY(bench_network_make(&s->network, model, BATCH));
    LSC_TRY(nn_plan_new("auto", s->network.graph, &(nn_plan_options){.batch = BATCH, .threads = o->threads}, &s->plan));
    LSC_TRY(set_theta(s));
    LSC_TRY(forward(s));
cleanup:
    return st;
}

static lsc_status measure(subject *s, int round, const bench_options *o)
{
    lsc_status st = LSC_OK;
    double batches = 0, points = 0;
    LSC_TRY(bench_rate(set_theta, s, o->seconds / 4, &points));
    LSC_TRY(bench_rate_and_peak(forward, s, o, &batches, &s->peak.value[round]));
    s->images.value[round] = batches * BATCH;
    s->set_theta.value[round] = 1e3 / points;
    s->share.value[round] = batches * BATCH / 2000 / points;
cleanup:
    return st;
}

static void report(const subject *s, const char *model)
{
    char what[64];
    snprintf(what, sizeof what, "evaluate %s", model);
    bench_result(what, "images/s", &s->images, &s->peak, s->network.flops);
    snprintf(what, sizeof what, "set_theta %s", model);
    bench_result(what, "ms", &s->set_theta, NULL, 0);
    snprintf(what, sizeof what, "set_theta %s over 2000 images", model);
    bench_result(what, "ratio", &s->share, NULL, 0);
}

int main(int argc, char **argv)
{
    lsc_status st = LSC_OK;
    subject subjects[LSC_COUNT(models)] = {0};
    bench_options o;
    int status = bench_parse(argc, argv, &o);
    if (status != 0)
        return status;
    for (size_t i = 0; i < LSC_COUNT(models); i++)
        LSC_TRY(make(&subjects[i], models[i], &o));
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < LSC_COUNT(models); i++)
            LSC_TRY(measure(&subjects[i], round, &o));
    bench_begin(argc, argv, &o);
    bench_result("peak", "flop/s", &subjects[0].peak, NULL, 0);
    for (size_t i = 0; i < LSC_COUNT(models); i++)
        report(&subjects[i], models[i]);
    bench_end();
cleanup:
    for (size_t i = 0; i < LSC_COUNT(models); i++) {
        nn_plan_free(subjects[i].plan);
        bench_network_free(&subjects[i].network);
    }
    if (st != LSC_OK)
        fprintf(stderr, "bench_forward: %s\n", lsc_last_error());
    return st == LSC_OK ? 0 : 70;
}
