/*
 * How fast a training step is, without its optimizer: set_theta, forward on batch statistics, loss, backward, running
 * statistics. Images a second on all cores, and as a share of the machine's peak, counted as three forward passes.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"

static const int64_t batches[] = {64, 128};

typedef struct {
    bench_network network;
    nn_plan *plan;
    const nn_loss *loss;
    float *gradient;
    double *dlogits, *weight, *each;
    int32_t *labels;
    uint8_t *correct;
    series images, peak;
} subject;

static lsc_status step(void *context)
{
    lsc_status st = LSC_OK;
    subject *s = context;
    bench_network *b = &s->network;
    LSC_TRY(nn_plan_set_theta(s->plan, b->theta));
    LSC_TRY(nn_plan_forward(s->plan, b->images, b->n, b->logits));
    s->loss->forward(b->n, 10, b->logits, s->labels, s->each, s->correct);
    s->loss->backward(b->n, 10, b->logits, s->labels, s->weight, s->dlogits);
    LSC_TRY(nn_plan_backward(s->plan, s->dlogits, s->gradient));
    LSC_TRY(nn_plan_update_statistics(s->plan, b->theta));
cleanup:
    return st;
}

static lsc_status make(subject *s, int64_t batch, const bench_options *o)
{
    lsc_status st = LSC_OK;
    nn_plan_options options = {.batch = batch, .statistics = NN_BATCH, .backward = true, .threads = o->threads};
    LSC_TRY(bench_network_make(&s->network, "resnet20", batch));
    LSC_TRY(nn_plan_new("auto", s->network.graph, &options, &s->plan));
    LSC_TRY(nn_loss_find("cross_entropy", &s->loss));
    LSC_NEW(s->gradient, nn_graph_layout(s->network.graph)->n_learned);
    LSC_NEW(s->dlogits, batch * 10);
    LSC_NEW(s->weight, batch);
    LSC_NEW(s->each, batch);
    LSC_NEW(s->labels, batch);
    LSC_NEW(s->correct, batch);
    for (int64_t i = 0; i < batch; i++) {
        s->labels[i] = (int32_t)(i % 10);
        s->weight[i] = 1 / (double)batch;
    }
    LSC_TRY(step(s));
cleanup:
    return st;
}

static void free_subject(subject *s)
{
    nn_plan_free(s->plan);
    bench_network_free(&s->network);
    lsc_free(s->gradient);
    lsc_free(s->dlogits);
    lsc_free(s->weight);
    lsc_free(s->each);
    lsc_free(s->labels);
    lsc_free(s->correct);
}

int main(int argc, char **argv)
{
    lsc_status st = LSC_OK;
    subject subjects[LSC_COUNT(batches)] = {0};
    bench_options o;
    int status = bench_parse(argc, argv, &o);
    if (status != 0)
        return status;
    for (size_t i = 0; i < LSC_COUNT(batches); i++)
        LSC_TRY(make(&subjects[i], batches[i], &o));
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < LSC_COUNT(batches); i++) {
            subject *s = &subjects[i];
            LSC_TRY(bench_rate_and_peak(step, s, &o, &s->images.value[round], &s->peak.value[round]));
            s->images.value[round] *= (double)batches[i];
        }
    bench_begin(argc, argv, &o);
    bench_result("peak", "flop/s", &subjects[0].peak, NULL, 0);
    for (size_t i = 0; i < LSC_COUNT(batches); i++) {
        char what[64];
        snprintf(what, sizeof what, "train resnet20, batch %d", (int)batches[i]);
        bench_result(what, "images/s", &subjects[i].images, &subjects[i].peak, 3 * subjects[i].network.flops);
    }
    bench_end();
cleanup:
    for (size_t i = 0; i < LSC_COUNT(batches); i++)
        free_subject(&subjects[i]);
    if (st != LSC_OK)
        fprintf(stderr, "bench_train: %s\n", lsc_last_error());
    return st == LSC_OK ? 0 : 70;
}
