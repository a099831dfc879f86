/*
 * What a step of SAM and of GAC-FAS costs in steps of ERM, with and without the loss of features: the small face
 * network on three domains, two views of each image, images of noise. Whole steps, from set_theta to the new theta;
 * loading and augmenting are not in them. The cost is in processor time, which others on the machine disturb least,
 * with ERM's steps in between. By the count of passes, a backward being two forwards, SAM is 2, GAC-FAS 16/3 without
 * the loss of features and 18/3 with it.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"
#include "train/run.h"

#include <string.h>

#define DOMAINS 3
#define ROWS    48 /* 8 images of each domain in two views */

/* A network, with its loss of features or without. */
typedef struct {
    nn_graph *graph;
    tr_network *network;
} oracle;

typedef struct {
    const char *optimizer;
    int in_erm; /* steps of ERM that take about as long as one of these */
    int oracle;
    void *options;
    tr_state *state;
    const tr_oracle *losses;
    series steps; /* a second */
    series ratio; /* of what a step costs to what one of ERM does */
} subject;

static const char *const features[] = {"", ", supcon"};
static subject subjects[] = {{.optimizer = "erm", .in_erm = 1},
                             {.optimizer = "sam", .in_erm = 2},
                             {.optimizer = "gac-fas", .in_erm = 5},
                             {.optimizer = "erm", .in_erm = 1, .oracle = 1},
                             {.optimizer = "sam", .in_erm = 2, .oracle = 1},
                             {.optimizer = "gac-fas", .in_erm = 6, .oracle = 1}};

static lsc_status make_batch(tr_batch *b, int64_t image)
{
    lsc_status st = LSC_OK;
    b->n = ROWS;
    LSC_NEW(b->images, ROWS * image);
    LSC_NEW(b->labels, ROWS);
    LSC_NEW(b->domains, ROWS);
    for (int64_t i = 0; i < ROWS * image; i++)
        b->images[i] = (float)lsc_rng_normal((lsc_rng){1, 2}, (uint64_t)i);
    for (int s = 0; s < ROWS; s++) {
        b->domains[s] = s % DOMAINS;
        b->labels[s] = s / DOMAINS % 2;
    }
cleanup:
    return st;
}

static void free_batch(tr_batch *b)
{
    lsc_free(b->images);
    lsc_free(b->labels);
    lsc_free(b->domains);
}

static lsc_status make_oracle(oracle *o, bool with_features, const tr_batch *batch, int threads)
{
    lsc_status st = LSC_OK;
    const nn_model_options model = {.classes = 1, .logit_scale = 12, .features = with_features};
    tr_network_options network = {.backend = "auto",
                                  .threads = threads,
                                  .batch = ROWS,
                                  .n_domains = DOMAINS,
                                  .feature_weight = 0.1,
                                  .feature_temperature = 0.1};
    LSC_TRY(nn_model_graph_with("face_resnet20", &model, &o->graph));
    LSC_TRY(nn_loss_find("bce", &network.loss));
    if (with_features)
        LSC_TRY(nn_feature_loss_find("supcon", &network.feature));
    network.graph = o->graph;
    LSC_TRY(tr_network_new(&network, &o->network));
    tr_network_set_batch(o->network, batch);
cleanup:
    return st;
}

static lsc_status make_subject(subject *s, const oracle *o)
{
    lsc_status st = LSC_OK;
    const char *name, *text;
    tr_state_options state = {.sgd = {.momentum = 0.9}, .layout = nn_graph_layout(o->graph), .n_domains = DOMAINS};
    for (int i = 0; (state.kind = tr_optimizer_at(i, &name, &text)) != NULL && strcmp(name, s->optimizer) != 0; i++)
        ;
    s->options = lsc_calloc(1, state.kind->options_size + 1);
    LSC_CHECK(s->options != NULL, LSC_ERR_NOMEM, "no memory for options");
    cfg_defaults(&(cfg_section){state.kind->fields, state.kind->n_fields, s->options}, 1);
    state.options = s->options;
    LSC_TRY(tr_state_new(&state, &s->state));
    nn_graph_init(o->graph, 1, s->state->theta);
    s->losses = tr_network_oracle(o->network);
cleanup:
    return st;
}

static lsc_status step(void *context)
{
    subject *s = context;
    tr_step_report report;
    return tr_step(s->state, s->losses, &report);
}

/* n steps, which add to the processor seconds of all threads. */
static lsc_status timed_steps(subject *s, int n, double *seconds)
{
    lsc_status st = LSC_OK;
    const double started = lsc_processor_seconds();
    for (int k = 0; k < n; k++)
        LSC_TRY(step(s));
    *seconds += lsc_processor_seconds() - started;
cleanup:
    return st;
}

/* ERM's steps in between, as many as take about as long. */
static lsc_status compare(subject *s, subject *erm, int round, double seconds)
{
    lsc_status st = LSC_OK;
    const double started = lsc_seconds();
    double of_s = 0, of_erm = 0;
    do {
        LSC_TRY(timed_steps(erm, s->in_erm, &of_erm));
        LSC_TRY(timed_steps(s, 1, &of_s));
    } while (lsc_seconds() - started < 2 * seconds);
    s->ratio.value[round] = of_s / of_erm * s->in_erm;
cleanup:
    return st;
}

static lsc_status measure(int round, double seconds)
{
    lsc_status st = LSC_OK;
    for (size_t i = 0; i < LSC_COUNT(subjects); i++) {
        subject *s = &subjects[i];
        LSC_TRY(bench_rate(step, s, seconds, &s->steps.value[round]));
        if (s->in_erm > 1)
            LSC_TRY(compare(s, &subjects[s->oracle * 3], round, seconds));
    }
cleanup:
    return st;
}

static void print_results(void)
{
    for (size_t i = 0; i < LSC_COUNT(subjects); i++) {
        const subject *s = &subjects[i];
        char what[64];
        snprintf(what, sizeof what, "step %s%s", s->optimizer, features[s->oracle]);
        bench_result(what, "steps/s", &s->steps, NULL, 0);
        snprintf(what, sizeof what, "step %s%s over erm%s", s->optimizer, features[s->oracle], features[s->oracle]);
        if (s->in_erm > 1)
            bench_result(what, "ratio", &s->ratio, NULL, 0);
    }
}

int main(int argc, char **argv)
{
    lsc_status st = LSC_OK;
    oracle oracles[2] = {{0}};
    tr_batch batch = {0};
    bench_options o;
    int status = bench_parse(argc, argv, &o);
    if (status != 0)
        return status;
    LSC_TRY(make_batch(&batch, 3 * 64 * 64));
    for (int i = 0; i < 2; i++)
        LSC_TRY(make_oracle(&oracles[i], i == 1, &batch, o.threads));
    for (size_t i = 0; i < LSC_COUNT(subjects); i++) {
        LSC_TRY(make_subject(&subjects[i], &oracles[subjects[i].oracle]));
        LSC_TRY(step(&subjects[i])); /* libraries set themselves up */
    }
    for (int round = 0; round < ROUNDS; round++)
        LSC_TRY(measure(round, o.seconds));
    bench_begin(argc, argv, &o);
    print_results();
    bench_end();
cleanup:
    for (size_t i = 0; i < LSC_COUNT(subjects); i++) {
        tr_state_free(subjects[i].state);
        lsc_free(subjects[i].options);
    }
    for (int i = 0; i < 2; i++) {
        tr_network_free(oracles[i].network);
        nn_graph_free(oracles[i].graph);
    }
    free_batch(&batch);
    if (st != LSC_OK)
        fprintf(stderr, "bench_step: %s\n", lsc_last_error());
    return st == LSC_OK ? 0 : 70;
}
