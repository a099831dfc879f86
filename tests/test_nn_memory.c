/*
 * Every allocation that fails while a graph or a plan is made, or while it runs, is a status: every model of the table,
 * and every backend of the table with small networks in which every op occurs. SPDX-License-Identifier: MIT
 */
#include "support/small_nets.h"
#include "support/support.h"

/* ---- graphs ------------------------------------------------------------------------------------------- */

typedef struct {
    const char *model;
    nn_model_options options;
} recipe;

static lsc_status make_graph(void *context)
{
    const recipe *r = context;
    nn_graph *g = NULL;
    lsc_status st = nn_model_graph_with(r->model, &r->options, &g);
    nn_graph_free(g);
    return st;
}

static void the_graph_of_every_model_survives_every_failing_allocation(void **state)
{
    (void)state;
    for (int i = 0; nn_model_at(i); i++) {
        recipe r = {nn_model_at(i)->name, {.classes = 10}};
        CHECK(test_torture(make_graph, &r) > 5);
    }
}

static void so_does_a_graph_with_features_and_scaled_logits(void **state)
{
    (void)state;
    recipe r = {"face_resnet20", {.classes = 1, .logit_scale = 2, .features = true}};
    CHECK(test_torture(make_graph, &r) > 5);
}

/* ---- plans -------------------------------------------------------------------------------------------- */

typedef struct {
    const char *backend;
    const small_net *net;
    nn_plan_options options;
    bool product; /* with the Hessian */
    float *out;   /* [n] */
} passes;

static lsc_status make_and_run(void *context)
{
    lsc_status st = LSC_OK;
    const passes *r = context;
    const small_net *s = r->net;
    double logits[SMALL_BATCH * SMALL_CLASSES], dlogits[SMALL_BATCH * SMALL_CLASSES];
    double rlogits[SMALL_BATCH * SMALL_CLASSES], rdlogits[SMALL_BATCH * SMALL_CLASSES];
    nn_plan *p = NULL;

    LSC_TRY(nn_plan_new(r->backend, s->graph, &r->options, &p));
    LSC_TRY(nn_plan_set_theta(p, s->theta32));
    LSC_TRY(nn_plan_forward(p, s->images, s->batch, logits));
    if (!r->options.backward)
        goto cleanup;
    small_dlogits(s, logits, dlogits);
    LSC_TRY(nn_plan_backward(p, dlogits, r->out));
    if (!r->product)
        goto cleanup;
    LSC_TRY(nn_plan_forward_r(p, s->v32, rlogits));
    small_rdlogits(s, logits, rlogits, rdlogits);
    LSC_TRY(nn_plan_backward_r(p, dlogits, rdlogits, r->out));
cleanup:
    nn_plan_free(p);
    return st;
}

/* Evaluation, and all that the backend has besides. */
static void check_backend(const char *backend, const small_net *s)
{
    passes r = {.backend = backend, .net = s, .options = {.batch = s->batch, .threads = 2}};
    r.out = lsc_calloc((size_t)s->layout->n, sizeof *r.out);
    CHECK(r.out != NULL);
    CHECK(test_torture(make_and_run, &r) > 3);
    r.options.backward = r.product = true;
    r.options.statistics = NN_BATCH;
    if (make_and_run(&r) == LSC_ERR_ABSENT)
        r.product = false;
    CHECK(test_torture(make_and_run, &r) > 3);
    lsc_free(r.out);
}

static void the_plans_of_every_backend_survive_every_failing_allocation(void **state)
{
    (void)state;
    small_net s;
    const char *remedy, *backend;
    for (int i = 0; small_net_open(&s, i); i++) {
        for (int k = 0; (backend = nn_backend_name(k, NULL, &remedy)) != NULL; k++)
            if (remedy == NULL)
                check_backend(backend, &s);
        small_net_close(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_graph_of_every_model_survives_every_failing_allocation),
        TEST(so_does_a_graph_with_features_and_scaled_logits),
        TEST(the_plans_of_every_backend_survive_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
