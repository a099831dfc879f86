/*
 * Plans of the cpu backend: repeated passes and products, memory, failures, values that are not finite.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_fixture.h"
#include "cpu_graphs.h"
#include "cpu_unknown_ops.h"
#include "support/block.h"

#include <math.h>

/* ---- several passes with one plan ----------------------------------------------------------------- */

typedef struct {
    nn_graph *graph;
    cpu_inputs in;
    nn_plan *plan;
    double *logits;
    float *gradient, *theta;
    int64_t n;
} subject;

static void open_subject(subject *s, const nn_plan_options *o)
{
    *s = (subject){.n = o->batch};
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {3, 16, 16}}, 10, &s->graph));
    cpu_inputs_make(&s->in, s->graph, o->batch);
    CHECK_OK(nn_plan_new("cpu", s->graph, o, &s->plan));
    s->logits = lsc_calloc((size_t)o->batch * 10, sizeof *s->logits);
    s->gradient = lsc_calloc((size_t)s->graph->layout.n_learned, sizeof *s->gradient);
    s->theta = lsc_calloc((size_t)s->graph->layout.n, sizeof *s->theta);
    CHECK(s->logits && s->gradient && s->theta);
    memcpy(s->theta, s->in.theta32, (size_t)s->graph->layout.n * sizeof *s->theta);
    CHECK_OK(nn_plan_set_theta(s->plan, s->theta));
}

static void close_subject(subject *s)
{
    nn_plan_free(s->plan);
    cpu_inputs_free(&s->in);
    nn_graph_free(s->graph);
    lsc_free(s->logits);
    lsc_free(s->gradient);
    lsc_free(s->theta);
}

static void backward_may_be_repeated_after_one_forward(void **state)
{
    subject s;
    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        open_subject(&s, &(nn_plan_options){
                             .batch = 37, .statistics = frozen ? NN_FROZEN : NN_BATCH, .backward = true, .threads = 2});
        size_t bytes = (size_t)s.graph->layout.n_learned * sizeof(float);
        float *first = lsc_calloc(1, bytes);
        double *none = lsc_calloc(37 * 10, sizeof *none);
        CHECK(first && none);
        CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
        CHECK_OK(nn_plan_backward(s.plan, s.in.dlogits, first));
        CHECK_OK(nn_plan_backward(s.plan, none, s.gradient));
        CHECK_REAL(lsc_norm2(s.gradient, s.graph->layout.n_learned), 0, 0);
        CHECK_OK(nn_plan_backward(s.plan, s.in.dlogits, s.gradient));
        CHECK_BYTES(s.gradient, first, bytes);
        lsc_free(first);
        lsc_free(none);
        close_subject(&s);
    }
}

/* A point of a landscape leaves nothing behind for the next. */
static void a_plan_forgets_the_theta_before(void **state)
{
    subject s;
    double first[18 * 10];
    (void)state;
    open_subject(&s, &(nn_plan_options){.batch = 18, .threads = 2});
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, first));
    s.theta[0] = NAN;
    CHECK_OK(nn_plan_set_theta(s.plan, s.theta));
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
    CHECK(isnan(s.logits[0]));
    CHECK_OK(nn_plan_set_theta(s.plan, s.in.theta32));
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
    CHECK_BYTES(s.logits, first, sizeof first);
    close_subject(&s);
}

/* ---- several products over one forward ------------------------------------------------------------------ */

/* Logits and elements of theta that are learned. */
typedef struct {
    double rlogits[37 * 10];
    float *hv;
} product;

static product new_product(const subject *s)
{
    product a = {.hv = lsc_calloc((size_t)s->graph->layout.n_learned, sizeof *a.hv)};
    CHECK(a.hv != NULL);
    return a;
}

static void multiply(subject *s, const float *v, const double *dlogits, product *out)
{
    CHECK_OK(nn_plan_forward_r(s->plan, v, out->rlogits));
    CHECK_OK(nn_plan_backward_r(s->plan, dlogits, s->in.rdlogits, out->hv));
}

static void check_same_product(const subject *s, const product *a, const product *b)
{
    CHECK_BYTES(a->rlogits, b->rlogits, (size_t)(s->n * 10) * sizeof *a->rlogits);
    CHECK_BYTES(a->hv, b->hv, (size_t)s->graph->layout.n_learned * sizeof *a->hv);
}

/* What lies between two products is gone: another v, a gradient, other gradients of the logits. */
static void check_sharing(nn_statistics statistics)
{
    subject s;
    nn_plan_options o = {.batch = 37, .statistics = statistics, .backward = true, .threads = 2};
    open_subject(&s, &o);
    product first = new_product(&s), other = new_product(&s), again = new_product(&s);
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
    multiply(&s, s.in.v32, s.in.dlogits, &first);
    multiply(&s, s.in.theta32, s.in.dlogits, &other);
    multiply(&s, s.in.v32, s.in.dlogits, &again);
    check_same_product(&s, &again, &first);
    CHECK_OK(nn_plan_backward(s.plan, s.in.rdlogits, s.gradient));
    multiply(&s, s.in.v32, s.in.dlogits, &again);
    check_same_product(&s, &again, &first);
    multiply(&s, s.in.v32, s.in.rdlogits, &other);
    CHECK(memcmp(other.hv, first.hv, sizeof *first.hv) != 0);
    multiply(&s, s.in.v32, s.in.dlogits, &again);
    check_same_product(&s, &again, &first);
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
    multiply(&s, s.in.v32, s.in.dlogits, &again);
    check_same_product(&s, &again, &first);
    lsc_free(first.hv);
    lsc_free(other.hv);
    lsc_free(again.hv);
    close_subject(&s);
}

static void several_products_share_a_forward(void **state)
{
    (void)state;
    check_sharing(NN_FROZEN);
    check_sharing(NN_BATCH);
}

static void negative(nn_graph *g)
{
    cpu_square_alone(g, 0, "q");
}

static void an_op_without_r_operator_says_so(void **state)
{
    const cpu_graph c = {"negative", {3, {2, 4, 4}}, negative};
    nn_graph *g = cpu_graph_new(&c);
    nn_plan_options o = {.batch = 2, .backward = true, .threads = 2};
    cpu_inputs in;
    double logits[6];
    nn_plan *p = NULL;
    (void)state;
    cpu_inputs_make(&in, g, 2);
    CHECK_OK(nn_plan_new("cpu", g, &o, &p));
    CHECK_OK(nn_plan_set_theta(p, in.theta32));
    CHECK_OK(nn_plan_forward(p, in.images, 2, logits));
    for (int i = 0; i < 2; i++)
        CHECK_FAILS(nn_plan_forward_r(p, in.v32, logits), LSC_ERR_ABSENT, "op square_alone has no R-operator");
    nn_plan_free(p);
    cpu_inputs_free(&in);
    nn_graph_free(g);
}

/* ---- values that are not finite ---------------------------------------------------------------------- */

/* A rectifier must not make a diverged network look finite. */
static void nan_in_a_weight_reaches_the_logits(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        subject s;
        open_subject(&s, &(nn_plan_options){.batch = 4, .statistics = i & 1 ? NN_BATCH : NN_FROZEN, .backward = i & 2});
        s.theta[test_block(&s.graph->layout, "layer2.0.conv1.weight")->offset] = NAN;
        CHECK_OK(nn_plan_set_theta(s.plan, s.theta));
        CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
        for (int64_t k = 0; k < s.n * 10; k++)
            CHECK(isnan(s.logits[k]));
        close_subject(&s);
    }
}

static void a_negative_running_variance_makes_all_logits_nan(void **state)
{
    subject s;
    (void)state;
    open_subject(&s, &(nn_plan_options){.batch = 4, .threads = 2});
    s.theta[test_block(&s.graph->layout, "layer3.2.bn2.running_var")->offset + 5] = -0.5F;
    CHECK_OK(nn_plan_set_theta(s.plan, s.theta));
    CHECK_OK(nn_plan_forward(s.plan, s.in.images, s.n, s.logits));
    for (int64_t k = 0; k < s.n * 10; k++)
        CHECK(isnan(s.logits[k]));
    close_subject(&s);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void run_all_passes(subject *s, const nn_plan_options *o)
{
    CHECK_OK(nn_plan_set_theta(s->plan, s->theta));
    CHECK_OK(nn_plan_forward(s->plan, s->in.images, s->n, s->logits));
    if (o->backward) {
        CHECK_OK(nn_plan_backward(s->plan, s->in.dlogits, s->gradient));
        CHECK_OK(nn_plan_forward_r(s->plan, s->in.v32, s->logits));
        CHECK_OK(nn_plan_backward_r(s->plan, s->in.dlogits, s->in.rdlogits, s->gradient));
    }
    if (o->statistics == NN_BATCH)
        CHECK_OK(nn_plan_update_statistics(s->plan, s->theta));
}

/* oneDNN makes a small table of arguments in each call; nothing larger, and nothing of ours. */
static void passes_allocate_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        subject s;
        nn_plan_options o = {.batch = 35, .statistics = i & 1 ? NN_BATCH : NN_FROZEN, .backward = i & 2, .threads = 2};
        open_subject(&s, &o);
        run_all_passes(&s, &o); /* the first product takes memory */
        int64_t before = lsc_alloc_calls();
        test_malloc_begin();
        run_all_passes(&s, &o);
        test_malloc_count count = test_malloc_end();
        CHECK_INT(lsc_alloc_calls(), before);
        if (count.counted && count.largest > 4096)
            print_error("an allocation of %zu bytes\n", count.largest);
        CHECK(!count.counted || count.largest <= 4096);
        close_subject(&s);
    }
}

typedef struct {
    nn_graph *graph;
    nn_plan_options options;
} recipe;

static lsc_status make_and_free(void *context)
{
    const recipe *r = context;
    nn_plan *p = NULL;
    lsc_status st = nn_plan_new("cpu", r->graph, &r->options, &p);
    nn_plan_free(p);
    return st;
}

/* A first product takes memory of its own, and once more if it could not have it. */
typedef struct {
    nn_plan *plan;
    const cpu_inputs *in;
    double rlogits[20 * 3];
} first_product;

static lsc_status first_r(void *context)
{
    first_product *a = context;
    return nn_plan_forward_r(a->plan, a->in->v32, a->rlogits);
}

static void check_first_product(const nn_graph *g, const nn_plan_options *o)
{
    cpu_inputs in;
    first_product a = {.in = &in};
    double logits[20 * 3];
    cpu_inputs_make(&in, g, o->batch);
    CHECK_OK(nn_plan_new("cpu", g, o, &a.plan));
    CHECK_OK(nn_plan_set_theta(a.plan, in.theta32));
    CHECK_OK(nn_plan_forward(a.plan, in.images, o->batch, logits));
    CHECK(test_torture(first_r, &a) > 5);
    nn_plan_free(a.plan);
    cpu_inputs_free(&in);
}

static void a_plan_survives_every_failing_allocation(void **state)
{
    static const char *const names[] = {"residual_projected", "max_pool", "perceptron", "unknown_ops"};
    (void)state;
    for (size_t k = 0; k < LSC_COUNT(names); k++) {
        int i = 0;
        while (strcmp(cpu_graph_at(i)->name, names[k]) != 0)
            i++;
        recipe r = {.graph = cpu_graph_new(cpu_graph_at(i)), .options = {.batch = 20, .threads = 2}};
        CHECK(test_torture(make_and_free, &r) > 10);
        r.options.backward = true;
        r.options.statistics = NN_BATCH;
        CHECK(test_torture(make_and_free, &r) > 10);
        check_first_product(r.graph, &r.options);
        nn_graph_free(r.graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(backward_may_be_repeated_after_one_forward),
        TEST(a_plan_forgets_the_theta_before),
        TEST(several_products_share_a_forward),
        TEST(an_op_without_r_operator_says_so),
        TEST(nan_in_a_weight_reaches_the_logits),
        TEST(a_negative_running_variance_makes_all_logits_nan),
        TEST(passes_allocate_nothing),
        TEST(a_plan_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
