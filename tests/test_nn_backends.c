/*
 * The contract of backends, over the rows of backends.def that are in this build, in each of their precisions: values
 * of the reference in double, equal bits where promised, no allocation while running. Backends without gradients are
 * tested forward.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "backends_fixture.h"
#include "nn/backend/backend.h"

static void check_values(const setting *s)
{
    /* float: the reference itself is off by up to 8e-6 (resnet20_noshort on batch statistics, which magnify), elsewhere
     * by 1e-6; other backends sum otherwise. double: sums in another order. */
    double tolerance = s->real == NN_F32 ? 1e-4 : 1e-11;
    setting judge = *s;
    values got, want;

    judge.backend = "ref";
    judge.real = NN_F64;
    run_backend(s, &got);
    run_backend(&judge, &want);
    check_near(s, "logits", got.logits, want.logits, LOGITS, tolerance);
    if (got.g != NULL)
        check_near(s, "gradient", got.g, want.g, s->net->layout->n_learned, tolerance);
    if (got.theta != NULL)
        check_near(s, "theta with new statistics", got.theta, want.theta, s->net->layout->n, tolerance);
    if (got.has_r) {
        check_near(s, "rlogits", got.rlogits, want.rlogits, LOGITS, tolerance);
        check_near(s, "Hv", got.hv, want.hv, s->net->layout->n_learned, tolerance);
    }
    values_free(&got);
    values_free(&want);
}

static void values_are_those_of_the_reference_in_double(void **state)
{
    (void)state;
    for_small_nets(check_values);
}

static void whole_models_have_the_values_of_the_reference_in_double(void **state)
{
    (void)state;
    for_models(check_values);
}

static void check_threads(const setting *s)
{
    const nn_backend *backend = NULL;
    values one, more;
    CHECK_OK(nn_backend_find(s->backend, s->real, &backend));
    if (backend->determinism != NN_ANY_THREADS)
        return;
    run_backend(s, &one);
    for (int threads = 2; threads <= 3; threads++) {
        setting t = *s;
        t.threads = threads;
        run_backend(&t, &more);
        check_same_bits(&more, &one, s->net);
        values_free(&more);
    }
    values_free(&one);
}

static void bits_do_not_depend_on_threads_where_that_is_promised(void **state)
{
    (void)state;
    for_small_nets(check_threads);
}

static void check_forward_repeats(const setting *s, nn_plan *p)
{
    double first[LOGITS], again[LOGITS];
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, first));
    int64_t calls = lsc_alloc_calls();
    CHECK_OK(nn_plan_set_theta(p, s->net->theta32));
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, again));
    CHECK_BYTES(again, first, sizeof first);
    CHECK_INT(lsc_alloc_calls(), calls);
}

/* Any number of backwards after a forward, and a forward once more, give the same bits and allocate nothing. */
static void check_repetition(const setting *s)
{
    nn_plan *p = plan_of(s);
    int64_t n = s->net->layout->n_learned;
    size_t bytes = bytes_of(s, n);
    double first[LOGITS], again[LOGITS], dlogits[LOGITS], zero[LOGITS] = {0};
    void *g = vector(n), *h = vector(n);

    if (s->forward_only) {
        check_forward_repeats(s, p);
        goto cleanup;
    }
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, first));
    small_dlogits(s->net, first, dlogits);
    CHECK_OK(nn_plan_backward(p, dlogits, g));
    int64_t calls = lsc_alloc_calls();
    CHECK_OK(nn_plan_backward(p, zero, h));
    CHECK_OK(nn_plan_backward(p, dlogits, h));
    CHECK_BYTES(h, g, bytes);
    CHECK_OK(nn_plan_set_theta(p, theta_of(s)));
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, again));
    CHECK_BYTES(again, first, sizeof first);
    CHECK_OK(nn_plan_backward(p, dlogits, h));
    CHECK_BYTES(h, g, bytes);
    CHECK_INT(lsc_alloc_calls(), calls);
cleanup:
    nn_plan_free(p);
    lsc_free(g);
    lsc_free(h);
}

/* One product; false: the backend has none. */
static bool product(const setting *s, nn_plan *p, const double *logits, void *hv)
{
    double dlogits[LOGITS], rlogits[LOGITS], rdlogits[LOGITS];
    lsc_status st = nn_plan_forward_r(p, v_of(s), rlogits);
    if (st == LSC_ERR_ABSENT)
        return false;
    CHECK_OK(st);
    small_dlogits(s->net, logits, dlogits);
    small_rdlogits(s->net, logits, rlogits, rdlogits);
    CHECK_OK(nn_plan_backward_r(p, dlogits, rdlogits, hv));
    return true;
}

/* Several products over one forward, and after another gradient, have the bits of one; only the first may allocate. */
static void check_products(const setting *s)
{
    if (s->forward_only)
        return;
    nn_plan *p = plan_of(s);
    int64_t n = s->net->layout->n_learned;
    size_t bytes = bytes_of(s, n);
    double logits[LOGITS];
    void *first = vector(n), *again = vector(n), *g = vector(n);

    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, logits));
    if (product(s, p, logits, first)) {
        int64_t calls = lsc_alloc_calls();
        CHECK(product(s, p, logits, again));
        CHECK_BYTES(again, first, bytes);
        CHECK_OK(nn_plan_backward(p, logits, g));
        CHECK(product(s, p, logits, again));
        CHECK_BYTES(again, first, bytes);
        CHECK_INT(lsc_alloc_calls(), calls);
    }
    nn_plan_free(p);
    lsc_free(first);
    lsc_free(again);
    lsc_free(g);
}

static void products_repeat_bit_for_bit_and_allocate_nothing(void **state)
{
    (void)state;
    for_small_nets(check_products);
}

static void passes_repeat_bit_for_bit_and_allocate_nothing(void **state)
{
    (void)state;
    for_small_nets(check_repetition);
}

/* On frozen statistics images do not know each other: fewer of them have the logits that they have in a full batch. */
static void check_fewer(const setting *s)
{
    double all[LOGITS], some[LOGITS];
    if (s->statistics == NN_BATCH)
        return;
    nn_plan *p = plan_of(s);
    CHECK_OK(nn_plan_forward(p, s->net->images, SMALL_BATCH, all));
    CHECK_OK(nn_plan_forward(p, s->net->images, SMALL_BATCH - 1, some));
    check_near(s, "logits of fewer images", some, all, LOGITS - SMALL_CLASSES, s->real == NN_F32 ? 1e-6 : 1e-15);
    nn_plan_free(p);
}

static void fewer_images_than_the_batch_are_allowed_on_frozen_statistics(void **state)
{
    (void)state;
    for_small_nets(check_fewer);
}

/* Two plans after the same forward move the running statistics alike. */
static void check_statistics(const setting *s, nn_plan *p, nn_plan *other)
{
    values got = {0}, want = {0};
    run_update(s, p, &got);
    run_update(s, other, &want);
    check_near(s, "statistics without gradients", got.theta, want.theta, s->net->layout->n,
               s->real == NN_F32 ? 1e-5 : 1e-15);
    values_free(&got);
    values_free(&want);
}

/* A plan for forward passes may use memory again that one for gradients keeps. */
static void check_forward_only(const setting *s)
{
    nn_plan_options o = {.batch = s->net->batch, .statistics = s->statistics, .real = s->real, .threads = 1};
    double logits[LOGITS], want[LOGITS];
    nn_plan *p = NULL, *full = plan_of(s);
    CHECK_OK(nn_plan_new(s->backend, s->net->graph, &o, &p));
    CHECK_OK(nn_plan_set_theta(p, theta_of(s)));
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, logits));
    CHECK_OK(nn_plan_forward(full, s->net->images, s->net->batch, want));
    check_near(s, "logits without gradients", logits, want, LOGITS, s->real == NN_F32 ? 1e-4 : 1e-15);
    check_statistics(s, p, full);
    nn_plan_free(p);
    nn_plan_free(full);
}

static void a_plan_for_forward_passes_gives_the_same_logits(void **state)
{
    (void)state;
    for_small_nets(check_forward_only);
}

/* Block i of a layout whose name ends like this; NULL: there is none. */
static const lsc_block *block_ending(const lsc_layout *layout, const char *end)
{
    for (int i = 0; i < layout->n_blocks; i++) {
        size_t length = strlen(layout->blocks[i].name);
        if (length >= strlen(end) && strcmp(layout->blocks[i].name + length - strlen(end), end) == 0)
            return &layout->blocks[i];
    }
    return NULL;
}

static void check_negative_variance(const setting *s)
{
    const lsc_block *b = block_ending(s->net->layout, ".running_var");
    if (b == NULL)
        return;
    float before32 = s->net->theta32[b->offset];
    double before = s->net->theta[b->offset], logits[LOGITS];
    /* Smaller than eps, so that the square root alone would not notice. */
    s->net->theta32[b->offset] = -1e-6f;
    s->net->theta[b->offset] = -1e-6;
    nn_plan *p = plan_of(s);
    CHECK_OK(nn_plan_forward(p, s->net->images, s->net->batch, logits));
    for (int i = 0; i < LOGITS; i++)
        CHECK_INT(isnan(logits[i]), s->statistics == NN_FROZEN);
    nn_plan_free(p);
    s->net->theta32[b->offset] = before32;
    s->net->theta[b->offset] = before;
}

static void a_negative_running_variance_makes_every_logit_nan(void **state)
{
    (void)state;
    for_small_nets(check_negative_variance);
}

static void check_strict(const setting *s)
{
    setting plain = *s;
    values got, want;
    if (strcmp(s->backend, "strict") != 0)
        return;
    plain.backend = "ref";
    run_backend(s, &got);
    run_backend(&plain, &want);
    check_same_bits(&got, &want, s->net);
    values_free(&got);
    values_free(&want);
}

static void strict_around_ref_is_ref_bit_for_bit(void **state)
{
    (void)state;
    for_small_nets(check_strict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_those_of_the_reference_in_double),
        TEST(whole_models_have_the_values_of_the_reference_in_double),
        TEST(bits_do_not_depend_on_threads_where_that_is_promised),
        TEST(passes_repeat_bit_for_bit_and_allocate_nothing),
        TEST(products_repeat_bit_for_bit_and_allocate_nothing),
        TEST(fewer_images_than_the_batch_are_allowed_on_frozen_statistics),
        TEST(a_plan_for_forward_passes_gives_the_same_logits),
        TEST(a_negative_running_variance_makes_every_logit_nan),
        TEST(strict_around_ref_is_ref_bit_for_bit),
    };
    /* Plans on a GPU are made anew in each test: measured, another engine may be the fastest, with other bits. */
    CHECK_INT(setenv("LOSSCOPE_AUTOTUNE", "off", 1), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
