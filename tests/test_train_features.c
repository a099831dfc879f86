/*
 * A network with a loss of its features as an oracle: values by the released code of GAC-FAS, parts with gradients of
 * their own over one forward, and what a step of each optimizer does to the statistics.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/run.h"

#define ROWS    8
#define Z       3
#define LEARNED (Z * ROWS + Z)
#define PIXELS  (2 * 4 * 4)

/* Two views of four images; three domains, the third of which has none. */
static const int32_t domains[ROWS] = {0, 0, 1, 0, 0, 0, 1, 0}, labels[ROWS] = {1, 0, 1, 1, 1, 0, 1, 1};

typedef struct {
    nn_graph *graph;
    tr_network *network;
    const tr_oracle *oracle;
    float *images, *theta, *g[6];
    int64_t n, n_learned;
    tr_batch batch;
} problem;

static void open_network(problem *p, nn_graph *graph, int64_t pixels)
{
    tr_network_options o = {.graph = graph,
                            .backend = "ref",
                            .threads = 1,
                            .batch = ROWS,
                            .n_domains = 3,
                            .feature_weight = 0.2,
                            .feature_temperature = 0.1};
    *p = (problem){.graph = graph};
    CHECK_OK(nn_loss_find("bce", &o.loss));
    CHECK_OK(nn_feature_loss_find("supcon", &o.feature));
    CHECK_OK(tr_network_new(&o, &p->network));
    p->oracle = tr_network_oracle(p->network);
    CHECK(p->oracle->has_feature_loss);
    p->n = nn_graph_layout(graph)->n;
    p->n_learned = nn_graph_layout(graph)->n_learned;
    p->theta = lsc_calloc((size_t)p->n, sizeof(float));
    p->images = lsc_calloc((size_t)(ROWS * pixels), sizeof(float));
    for (int i = 0; i < 6; i++)
        p->g[i] = lsc_calloc((size_t)p->n_learned, sizeof(float));
    p->batch = (tr_batch){.n = ROWS, .images = p->images, .labels = (int32_t *)labels, .domains = (int32_t *)domains};
    tr_network_set_batch(p->network, &p->batch);
}

/* The network of tests/test_nn_feature_losses.c: image i is a unit vector, so that column i of the first weight [3, 8]
 * holds its features; a cosine head with one row. */
static void vectors(problem *p)
{
    static const float features[ROWS][Z] = {{1, 2, .5},     {-1, .5, 1},    {.3f, -.7f, 2},  {2, 1, -1},
                                            {.8f, 1.5f, 1}, {-.5, 1, 1.2f}, {.1f, -1, 1.5f}, {1.5f, 1.2f, -.4f}};
    static const float head[Z] = {.5, -1, 2};
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){1, {ROWS}}, &g));
    const int z = nn_mark_features(g, nn_linear(g, 0, "z", Z, false));
    nn_scale(g, nn_cosine(g, z, "fc", 1), 12);
    nn_append_features(g);
    CHECK_OK(nn_graph_finish(g));
    open_network(p, g, ROWS);
    for (int n = 0; n < ROWS; n++) {
        p->images[n * ROWS + n] = 1;
        for (int i = 0; i < Z; i++)
            p->theta[i * ROWS + n] = features[n][i];
    }
    memcpy(p->theta + Z * ROWS, head, sizeof head);
}

/* Convolution, batch norm, cosine head. */
static void network(problem *p)
{
    const lsc_rng r = {3, 0};
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){.rank = 3, .dim = {2, 4, 4}}, &g));
    int x = nn_batchnorm(g, nn_conv2d(g, 0, "conv", 5, 3, 1, 1, false), "bn");
    x = nn_mark_features(g, nn_linear(g, nn_flatten(g, x), "z", 4, true));
    nn_scale(g, nn_cosine(g, x, "fc", 1), 12);
    nn_append_features(g);
    CHECK_OK(nn_graph_finish(g));
    open_network(p, g, PIXELS);
    nn_graph_init(g, 5, p->theta);
    for (int i = 0; i < ROWS * PIXELS; i++)
        p->images[i] = (float)lsc_rng_normal(r, (uint64_t)i);
}

static void close_network(problem *p)
{
    for (int i = 0; i < 6; i++)
        lsc_free(p->g[i]);
    lsc_free(p->images);
    lsc_free(p->theta);
    tr_network_free(p->network);
    nn_graph_free(p->graph);
}

static void ask(problem *p, tr_part *parts, int n)
{
    CHECK_OK(p->oracle->eval(p->oracle->self, p->theta, &(tr_request){.parts = parts, .n_parts = n}));
}

/* Released code, float64. Here theta, features and gradients are floats: 6e-8 of numbers up to 2, times a slope of the
 * losses up to 12 (logit scale) and 1 / 0.1 (temperature). */
static void the_total_and_its_gradient_are_those_of_the_released_losses(void **state)
{
    (void)state;
    problem p;
    vectors(&p);
    tr_part parts[] = {{.what = TR_TOTAL, .g = p.g[0]}, {.what = TR_DOMAINS}, {.what = TR_FEATURE, .g = p.g[1]}};
    ask(&p, parts, 3);
    CHECK_REAL(parts[1].loss, .910416936183, 2e-6);
    CHECK_REAL(parts[2].loss, .2 * 1.678490049198, 2e-6);
    CHECK_REAL(parts[0].loss, 1.246114946023, 2e-6);
    const double head[Z] = {-.909785038, -.073480493, .190706013}, row0[Z] = {-.130317049, .085643580, -.081940223},
                 row2[Z] = {-.002114988, .003649481, .001594566}, feature0[Z] = {-.365038067, .038513741, .576021169};
    for (int i = 0; i < Z; i++) {
        CHECK_REAL((double)p.g[0][Z * ROWS + i], head[i], 2e-6);
        CHECK_REAL((double)p.g[0][i * ROWS], row0[i], 2e-6);
        CHECK_REAL((double)p.g[0][i * ROWS + 2], row2[i], 2e-6);
        CHECK_REAL((double)p.g[1][i * ROWS], .2 * feature0[i], 2e-6);
        CHECK_REAL((double)p.g[1][Z * ROWS + i], 0, 0); /* the head is not in it */
    }
    close_network(&p);
}

static void every_part_has_its_own_gradient_over_one_forward(void **state)
{
    (void)state;
    problem p;
    network(&p);
    tr_part parts[] = {{.what = 0, .g = p.g[0]},          {.what = 1, .g = p.g[1]},
                       {.what = 2, .g = p.g[2]},          {.what = TR_DOMAINS, .g = p.g[3]},
                       {.what = TR_FEATURE, .g = p.g[4]}, {.what = TR_TOTAL, .g = p.g[5]}};
    float *alone = lsc_calloc((size_t)p.n_learned, sizeof *alone);
    ask(&p, parts, 6);
    CHECK(parts[2].absent && parts[2].loss == 0 && lsc_norm2(p.g[2], p.n_learned) == 0);
    CHECK_REAL(parts[0].loss + parts[1].loss, parts[3].loss, 1e-14);
    CHECK_REAL(parts[3].loss + parts[4].loss, parts[5].loss, 1e-14);
    for (int i = 0; i < 6; i++) { /* the same bits if it is asked for alone */
        tr_part one = {.what = parts[i].what, .g = alone};
        ask(&p, &one, 1);
        CHECK_BYTES(alone, p.g[i], (size_t)p.n_learned * sizeof *alone);
        CHECK_REAL(one.loss, parts[i].loss, 0);
    }
    CHECK(lsc_norm2(p.g[4], p.n_learned) > 0.01 * lsc_norm2(p.g[3], p.n_learned));
    lsc_axpy(p.g[0], 1, p.g[1], p.n_learned);
    CHECK_FLOATS(p.g[0], p.g[3], p.n_learned, 2e-6); /* floats of about 1, sums of 8 * 16 products */
    lsc_axpy(p.g[3], 1, p.g[4], p.n_learned);
    CHECK_FLOATS(p.g[3], p.g[5], p.n_learned, 4e-6);
    lsc_free(alone);
    close_network(&p);
}

static void halve_the_first(void *self, const double *losses, const bool *absent, double *weights)
{
    double *seen = self;
    for (int i = 0; i < 3; i++) {
        seen[i] = losses[i];
        weights[i] = i == 0 ? .5 : 1;
    }
    CHECK(!absent[0] && !absent[1] && absent[2]);
}

static void domains_can_be_weighed_by_their_losses(void **state)
{
    (void)state;
    problem p;
    double seen[3];
    network(&p);
    tr_part parts[] = {{.what = 0, .g = p.g[0]},
                       {.what = 1, .g = p.g[1]},
                       {.what = TR_FEATURE, .g = p.g[2]},
                       {.what = TR_TOTAL, .g = p.g[3], .weigh = halve_the_first, .weigher = seen}};
    ask(&p, parts, 4);
    CHECK_REAL(seen[0], parts[0].loss, 1e-15);
    CHECK_REAL(seen[1], parts[1].loss, 1e-15);
    CHECK_REAL(seen[2], 0, 0);
    CHECK_REAL(parts[3].loss, parts[0].loss / 2 + parts[1].loss + parts[2].loss, 1e-14);
    lsc_scale(p.g[0], .5, p.n_learned);
    lsc_axpy(p.g[0], 1, p.g[1], p.n_learned);
    lsc_axpy(p.g[0], 1, p.g[2], p.n_learned);
    CHECK_FLOATS(p.g[0], p.g[3], p.n_learned, 4e-6);
    close_network(&p);
}

/* Returns new: an optimizer at its defaults (but for `setting`) at the network's theta. */
static tr_state *start(const problem *p, const tr_optimizer *kind, const char *setting)
{
    void *options = lsc_calloc(1, kind->options_size + 1);
    const cfg_section section = {kind->fields, kind->n_fields, options};
    const tr_state_options o = {.kind = kind, .options = options, .layout = nn_graph_layout(p->graph), .n_domains = 3};
    tr_state *s = NULL;
    cfg_defaults(&section, 1);
    for (char list[128], *rest = strcpy(list, setting), *one; (one = strsep(&rest, " ")) != NULL;)
        if (*one != 0)
            CHECK_OK(cfg_set("test", one, &section, 1));
    CHECK_OK(tr_state_new(&o, &s));
    memcpy(s->theta, p->theta, (size_t)p->n * sizeof(float));
    return s;
}

static void finish(tr_state *s)
{
    void *options = (void *)s->options;
    tr_state_free(s);
    lsc_free(options);
}

/* GAC-FAS takes the feature loss at theta alone: without ascent its gradient is 2 dLc + dLs. */
static void gac_fas_leaves_the_features_out_of_its_ascending_points(void **state)
{
    (void)state;
    problem p;
    tr_step_report report;
    network(&p);
    tr_part parts[] = {{.what = TR_DOMAINS, .g = p.g[0]}, {.what = TR_FEATURE, .g = p.g[1]}};
    ask(&p, parts, 2);
    const char *name, *text;
    const tr_optimizer *kind = NULL;
    for (int i = 0; (kind = tr_optimizer_at(i, &name, &text)) != NULL && strcmp(name, "gac-fas") != 0; i++)
        ;
    tr_state *s = start(&p, kind, "gac.rho=0 gac.alpha=0");
    CHECK_OK(tr_step(s, p.oracle, &report));
    CHECK_REAL(report.loss, parts[0].loss + parts[1].loss, 1e-14);
    lsc_scale(p.g[0], 2, p.n_learned);
    lsc_axpy(p.g[0], 1, p.g[1], p.n_learned);
    CHECK_FLOATS(s->momentum, p.g[0], p.n_learned, 8e-6);
    finish(s);
    close_network(&p);
}

/* With a rate of 0: no bit of the parameters changes, and the statistics are those that one pass of ERM leaves. */
static void extra_passes_leave_theta_and_the_statistics_alone(void **state)
{
    const char *name, *text;
    const tr_optimizer *kind;
    (void)state;
    for (int i = 0; (kind = tr_optimizer_at(i, &name, &text)) != NULL; i++) {
        problem p;
        tr_step_report report;
        network(&p);
        tr_state *erm = start(&p, &tr_optimizer_erm, ""), *s = start(&p, kind, "");
        CHECK_OK(tr_step(erm, p.oracle, &report));
        CHECK_OK(tr_step(s, p.oracle, &report));
        CHECK_BYTES(s->theta, p.theta, (size_t)p.n_learned * sizeof(float));
        CHECK_BYTES(s->theta, erm->theta, (size_t)p.n * sizeof(float));
        CHECK(memcmp(s->theta, p.theta, (size_t)p.n * sizeof(float)) != 0); /* they did move */
        finish(erm);
        finish(s);
        close_network(&p);
    }
}

static void a_feature_loss_and_features_go_together(void **state)
{
    (void)state;
    problem p;
    tr_network *other = NULL;
    network(&p);
    tr_network_options o = {.graph = p.graph, .backend = "ref", .threads = 1, .batch = ROWS, .n_domains = 3};
    CHECK_OK(nn_loss_find("bce", &o.loss));
    CHECK_FAILS(tr_network_new(&o, &other), LSC_ERR_ARG, "a feature loss needs features behind the logits");
    close_network(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_total_and_its_gradient_are_those_of_the_released_losses),
        TEST(every_part_has_its_own_gradient_over_one_forward),
        TEST(domains_can_be_weighed_by_their_losses),
        TEST(gac_fas_leaves_the_features_out_of_its_ascending_points),
        TEST(extra_passes_leave_theta_and_the_statistics_alone),
        TEST(a_feature_loss_and_features_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
