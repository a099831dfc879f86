/*
 * The cpu backend gives the same bits for any number of threads, for images among any others, and inside the strict
 * backend.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_fixture.h"
#include "cpu_graphs.h"
#include "support/support.h"

static void check_same_bits(const nn_graph *g, const cpu_answer *got, const cpu_answer *want, int64_t n)
{
    CHECK_BYTES(got->logits, want->logits, (size_t)(n * nn_graph_classes(g)) * sizeof(double));
    CHECK_BYTES(got->gradient, want->gradient, (size_t)g->layout.n_learned * sizeof(double));
    CHECK_BYTES(got->theta, want->theta, (size_t)g->layout.n * sizeof(double));
    CHECK_BYTES(got->rlogits, want->rlogits, (size_t)(n * nn_graph_classes(g)) * sizeof(double));
    CHECK_BYTES(got->hv, want->hv, (size_t)g->layout.n_learned * sizeof(double));
}

/* 1, 2, 3 and more threads than blocks. */
static void check_threads(const nn_graph *g, nn_plan_options o)
{
    static const int threads[] = {2, 3, 7};
    cpu_inputs in;
    cpu_answer got, want;

    o.threads = 1;
    cpu_inputs_make(&in, g, o.batch);
    cpu_answer_make(&want, "cpu", g, &o, &in, o.batch);
    for (size_t i = 0; i < LSC_COUNT(threads); i++) {
        o.threads = threads[i];
        cpu_answer_make(&got, "cpu", g, &o, &in, o.batch);
        check_same_bits(g, &got, &want, o.batch);
        cpu_answer_free(&got);
    }
    cpu_answer_free(&want);
    cpu_inputs_free(&in);
}

static void check_threads_of_all_kinds(const nn_graph *g, int64_t batch)
{
    for (int i = 0; i < 4; i++)
        check_threads(g,
                      (nn_plan_options){.batch = batch, .statistics = i & 1 ? NN_BATCH : NN_FROZEN, .backward = i & 2});
}

static void bits_do_not_depend_on_the_number_of_threads(void **state)
{
    nn_graph *resnet = NULL;
    (void)state;
    for (int i = 0; cpu_graph_at(i); i++) {
        nn_graph *g = cpu_graph_new(cpu_graph_at(i));
        check_threads_of_all_kinds(g, 53);
        nn_graph_free(g);
    }
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {3, 16, 16}}, 10, &resnet));
    check_threads_of_all_kinds(resnet, 69);
    nn_graph_free(resnet);
}

/* 23 blocks are summed in 16 units: some have two blocks, the last of them is short. */
static void bits_do_not_depend_on_threads_with_more_blocks_than_units(void **state)
{
    nn_graph *g = cpu_graph_new(cpu_graph_at(0));
    (void)state;
    check_threads_of_all_kinds(g, 360);
    nn_graph_free(g);
}

static void images_do_not_depend_on_their_neighbours_on_frozen_statistics(void **state)
{
    nn_graph *g = NULL;
    cpu_inputs in;
    cpu_answer all, one;
    (void)state;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    cpu_inputs_make(&in, g, 20);
    cpu_answer_make(&all, "cpu", g, &(nn_plan_options){.batch = 20, .threads = 2}, &in, 20);
    cpu_answer_make(&one, "cpu", g, &(nn_plan_options){.batch = 3, .threads = 1}, &in, 3);
    CHECK_BYTES(one.logits, all.logits, 3 * 10 * sizeof(double));
    cpu_answer_free(&all);
    cpu_answer_free(&one);
    cpu_inputs_free(&in);
    nn_graph_free(g);
}

static void the_strict_backend_finds_nothing(void **state)
{
    (void)state;
    for (int i = 0; cpu_graph_at(i); i++) {
        nn_graph *g = cpu_graph_new(cpu_graph_at(i));
        nn_plan_options o = {.batch = 19, .statistics = NN_BATCH, .backward = true, .threads = 2};
        cpu_inputs in;
        cpu_answer got, want;
        cpu_inputs_make(&in, g, o.batch);
        cpu_answer_make(&want, "cpu", g, &o, &in, o.batch);
        cpu_answer_make(&got, "strict_cpu", g, &o, &in, o.batch);
        check_same_bits(g, &got, &want, o.batch);
        cpu_answer_free(&got);
        cpu_answer_free(&want);
        cpu_inputs_free(&in);
        nn_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_do_not_depend_on_the_number_of_threads),
        TEST(bits_do_not_depend_on_threads_with_more_blocks_than_units),
        TEST(images_do_not_depend_on_their_neighbours_on_frozen_statistics),
        TEST(the_strict_backend_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
