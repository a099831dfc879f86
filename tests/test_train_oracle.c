/*
 * A network as an oracle: parts add up, gradients agree with differences, statistics move only on request.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/run.h"

#include <math.h>

#define BATCH   6
#define CLASSES 3
#define PIXELS  (2 * 4 * 4)

typedef struct {
    nn_graph *graph;
    tr_network *network;
    const tr_oracle *oracle;
    float images[BATCH * PIXELS];
    int32_t labels[BATCH], domains[BATCH];
    tr_batch batch;
    float *theta, *g[4];
    int64_t n, n_learned;
} problem;

/* Without kinks, so that differences are good. */
static nn_graph *small_graph(void)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){.rank = 3, .dim = {2, 4, 4}}, &g));
    int x = nn_conv2d(g, 0, "conv", 3, 3, 1, 1, false);
    x = nn_batchnorm(g, x, "bn");
    nn_linear(g, nn_flatten(g, x), "fc", CLASSES, true);
    CHECK_OK(nn_graph_finish(g));
    return g;
}

/* Domain 0 has four samples, domain 1 two, so that their means differ from the mean of the batch. */
static void setup(problem *p, int n_domains)
{
    const lsc_rng r = {3, 0};
    tr_network_options o = {.backend = "ref", .threads = 1, .batch = BATCH, .n_domains = n_domains};
    *p = (problem){.graph = small_graph()};
    o.graph = p->graph;
    CHECK_OK(nn_loss_find("cross_entropy", &o.loss));
    CHECK_OK(tr_network_new(&o, &p->network));
    p->oracle = tr_network_oracle(p->network);
    p->n = nn_graph_layout(p->graph)->n;
    p->n_learned = nn_graph_layout(p->graph)->n_learned;
    p->theta = lsc_calloc((size_t)p->n, sizeof(float));
    for (int i = 0; i < 4; i++)
        p->g[i] = lsc_calloc((size_t)p->n_learned, sizeof(float));
    nn_graph_init(p->graph, 5, p->theta);
    for (int i = 0; i < BATCH * PIXELS; i++)
        p->images[i] = (float)lsc_rng_normal(r, (uint64_t)i);
    for (int i = 0; i < BATCH; i++) {
        p->labels[i] = i % CLASSES;
        p->domains[i] = n_domains > 1 && i % 3 == 2;
    }
    p->batch = (tr_batch){.n = BATCH, .images = p->images, .labels = p->labels, .domains = p->domains};
    tr_network_set_batch(p->network, &p->batch);
}

static void teardown(problem *p)
{
    for (int i = 0; i < 4; i++)
        lsc_free(p->g[i]);
    lsc_free(p->theta);
    tr_network_free(p->network);
    nn_graph_free(p->graph);
}

static lsc_status ask(problem *p, tr_part *parts, int n, bool update)
{
    return p->oracle->eval(p->oracle->self, p->theta,
                           &(tr_request){.parts = parts, .n_parts = n, .update_statistics = update});
}

static double loss_at(problem *p, int what)
{
    tr_part part = {.what = what};
    CHECK_OK(ask(p, &part, 1, false));
    return part.loss;
}

static void the_domains_add_up_to_the_whole(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    tr_part parts[] = {{.what = 0, .g = p.g[0]},
                       {.what = 1, .g = p.g[1]},
                       {.what = TR_DOMAINS, .g = p.g[2]},
                       {.what = TR_TOTAL, .g = p.g[3]}};
    CHECK_OK(ask(&p, parts, 4, false));
    CHECK_REAL(parts[0].loss + parts[1].loss, parts[2].loss, 1e-15);
    CHECK_REAL(parts[2].loss, parts[3].loss, 0);
    lsc_axpy(p.g[0], 1, p.g[1], p.n_learned);
    /* Float gradients of about 1, each a sum of up to 16 * 6 products. */
    CHECK_FLOATS(p.g[0], p.g[2], p.n_learned, 2e-6);
    CHECK_BYTES(p.g[2], p.g[3], (size_t)p.n_learned * sizeof(float));
    CHECK(lsc_norm2(p.g[2], p.n_learned) > 0.1);
    teardown(&p);
}

static void a_domain_is_the_mean_of_its_samples_by_the_number_of_domains(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    const double whole = loss_at(&p, TR_TOTAL), second = loss_at(&p, 1);
    /* The same batch as one domain: the plain mean, (4 * mean of domain 0 + 2 * mean of domain 1) / 6. */
    tr_network_options o = {.graph = p.graph, .backend = "ref", .threads = 1, .batch = BATCH, .n_domains = 1};
    tr_network *one = NULL;
    const int32_t zero[BATCH] = {0};
    const tr_batch batch = {.n = BATCH, .images = p.images, .labels = p.labels, .domains = (int32_t *)zero};
    tr_part part = {.what = TR_TOTAL};
    CHECK_OK(nn_loss_find("cross_entropy", &o.loss));
    CHECK_OK(tr_network_new(&o, &one));
    tr_network_set_batch(one, &batch);
    const tr_oracle *oracle = tr_network_oracle(one);
    CHECK_OK(oracle->eval(oracle->self, p.theta, &(tr_request){.parts = &part, .n_parts = 1}));
    CHECK_REAL(part.loss, (4 * 2 * (whole - second) + 2 * 2 * second) / 6, 1e-12);
    tr_network_free(one);
    teardown(&p);
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    for (int what = TR_TOTAL; what < 2; what += 2) { /* the whole, and domain 1 */
        tr_part part = {.what = what, .g = p.g[0]};
        CHECK_OK(ask(&p, &part, 1, false));
        for (int64_t j = 0; j < p.n_learned; j += 7) {
            const float kept = p.theta[j], h = 1e-2f;
            p.theta[j] = kept + h;
            const double up = loss_at(&p, what), x = (double)p.theta[j];
            p.theta[j] = kept - h;
            const double down = loss_at(&p, what), width = x - (double)p.theta[j];
            p.theta[j] = kept;
            /* h^2 = 1e-4 times a third derivative / 6 of some units, and float's 1e-7 over the width 2e-2. */
            CHECK_REAL((double)p.g[0][j], (up - down) / width, 2e-4);
        }
    }
    teardown(&p);
}

static void a_domain_that_is_not_in_the_batch_is_absent(void **state)
{
    (void)state;
    problem p;
    setup(&p, 3);
    tr_part parts[] = {{.what = 2, .g = p.g[0]}, {.what = 0, .g = p.g[1]}};
    p.g[0][0] = 1;
    CHECK_OK(ask(&p, parts, 2, false));
    CHECK(parts[0].absent && !parts[1].absent);
    CHECK_REAL(parts[0].loss, 0, 0);
    CHECK_REAL(lsc_norm2(p.g[0], p.n_learned), 0, 0);
    CHECK(parts[1].loss > 0);
    teardown(&p);
}

static void statistics_move_on_request_only(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    float *before = lsc_calloc((size_t)p.n, sizeof *before);
    tr_part part = {.what = TR_TOTAL, .g = p.g[0]};
    memcpy(before, p.theta, (size_t)p.n * sizeof *before);
    CHECK_OK(ask(&p, &part, 1, false));
    CHECK_BYTES(p.theta, before, (size_t)p.n * sizeof *before);
    CHECK_OK(ask(&p, &part, 1, true));
    CHECK_BYTES(p.theta, before, (size_t)p.n_learned * sizeof *before);
    CHECK(memcmp(p.theta + p.n_learned, before + p.n_learned, (size_t)(p.n - p.n_learned) * sizeof *before) != 0);
    lsc_free(before);
    teardown(&p);
}

static void right_answers_are_counted_at_theta_alone(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    tr_part part = {.what = TR_TOTAL};
    const lsc_block *last = &nn_graph_layout(p.graph)->blocks[4]; /* conv, bn (2), fc (2): the bias of fc */
    CHECK_STR(last->name, "fc.bias");
    p.theta[last->offset + 1] = 1000; /* all are of class 1 now: two of six */
    for (int k = 0; k < 2; k++) {
        CHECK_OK(ask(&p, &part, 1, true));
        CHECK_INT(tr_network_correct(p.network), 2);
    }
    p.theta[last->offset + 1] = 0;
    CHECK_OK(ask(&p, &part, 1, false)); /* as at an ascending point */
    CHECK_INT(tr_network_correct(p.network), 2);
    teardown(&p);
}

static void a_feature_loss_is_absent(void **state)
{
    (void)state;
    problem p;
    setup(&p, 2);
    tr_part part = {.what = TR_FEATURE, .g = p.g[0]};
    CHECK(!p.oracle->has_feature_loss);
    CHECK_FAILS(ask(&p, &part, 1, false), LSC_ERR_ABSENT, "no feature loss");
    teardown(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_domains_add_up_to_the_whole),  TEST(a_domain_is_the_mean_of_its_samples_by_the_number_of_domains),
        TEST(gradients_agree_with_differences), TEST(a_domain_that_is_not_in_the_batch_is_absent),
        TEST(statistics_move_on_request_only),  TEST(right_answers_are_counted_at_theta_alone),
        TEST(a_feature_loss_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
