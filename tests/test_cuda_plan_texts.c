/*
 * Plans of cuDNN as text, for a device that is not there (cuda/fake_driver.sh): they are there again as they were, and
 * whatever is not for this device and this cuDNN is refused. Plans are of one engine each, in the order of the ranking.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/properties.h"

static const cuda_conv_shape shape = {.n = 64,
                                      .c = 16,
                                      .h = 32,
                                      .w = 32,
                                      .k = 16,
                                      .oh = 32,
                                      .ow = 32,
                                      .kernel = 3,
                                      .stride = 1,
                                      .pad = 1,
                                      .sum = true,
                                      .relu = true};
/* With kernels that need not be compiled. */
static const cuda_conv_shape quick = {
    .n = 64, .c = 16, .h = 32, .w = 32, .k = 32, .oh = 16, .ow = 16, .kernel = 1, .stride = 2};
static module_target h100;
static module_plan plan; /* the best for the shape */
static char *text;       /* [n] it as text */
static size_t n;

/* Returns new. */
static char *text_of(const module_plan *p, size_t *length)
{
    CHECK_INT(module_plan_save(p, NULL, 0, length), CUDA_DONE);
    char *own = lsc_calloc(*length + 1, 1);
    CHECK(own != NULL);
    CHECK_INT(module_plan_save(p, own, *length, length), CUDA_DONE);
    CHECK_INT(strlen(own), *length);
    return own;
}

static int make_plan(void **state)
{
    module_cursor at = {0};
    (void)state;
    h100.properties = properties_of("h100");
    CHECK_INT(module_plan_next(&shape, &h100, &at, &plan), CUDA_DONE);
    text = text_of(&plan, &n);
    return 0;
}

static int free_plan(void **state)
{
    (void)state;
    lsc_free(text);
    module_plan_free(&plan);
    cudnnBackendDestroyDescriptor(h100.properties);
    return 0;
}

static void refuses(const char *what, size_t length, bool strict, const module_target *target)
{
    module_plan loaded;
    CHECK_INT(module_plan_load(what, length, strict, target, &loaded), CUDA_UNSUPPORTED);
    CHECK_STR(module_error(), "cuDNN does not take a plan that was kept");
    CHECK(loaded.plan == NULL);
    module_plan_free(&loaded);
}

static void a_plan_is_loaded_as_it_was_saved(void **state)
{
    module_plan loaded;
    size_t again = 0;
    (void)state;
    CHECK(n > 1000 && n < (size_t)1 << 20);
    CHECK_INT(module_plan_load(text, n, false, &h100, &loaded), CUDA_DONE);
    CHECK_INT(loaded.engine, plan.engine);
    CHECK_INT(loaded.workspace, plan.workspace);
    char *text_again = text_of(&loaded, &again);
    CHECK_STR(text_again, text);
    lsc_free(text_again);
    module_plan_free(&loaded);
}

static void a_text_that_is_cut_or_none_is_refused(void **state)
{
    (void)state;
    for (size_t length = 0; length < n; length += n / 40)
        refuses(text, length, false, &h100);
    refuses(text, n - 1, false, &h100);
    refuses("{}", 2, false, &h100);
    refuses("\0\0\0\0", 4, false, &h100);
}

static void a_plan_for_another_device_or_version_is_refused(void **state)
{
    static const char version[] = "\"cudnnVersion\":";
    const module_target a100 = {.properties = properties_of("a100")};
    char *at = strstr(text, version);
    (void)state;
    refuses(text, n, false, &a100);
    CHECK(at != NULL);
    at[strlen(version)] = '8'; /* of 91900 */
    refuses(text, n, false, &h100);
    at[strlen(version)] = '9';
    cudnnBackendDestroyDescriptor(a100.properties);
}

/* The best plan uses tensor cores, which round factors. */
static void a_loaded_plan_is_held_to_the_precision(void **state)
{
    (void)state;
    refuses(text, n, true, &h100);
}

static void the_ranking_goes_on_behind_each_plan_and_ends(void **state)
{
    module_cursor at = {0}, before = {0};
    int plans = 0, result = CUDA_DONE;
    (void)state;
    for (; result == CUDA_DONE; plans += result == CUDA_DONE) {
        module_plan next;
        result = module_plan_next(&quick, &h100, &at, &next);
        module_plan_free(&next);
        CHECK(at.mode > before.mode || at.config > before.config);
        before = at;
    }
    CHECK_INT(result, CUDA_UNSUPPORTED);
    print_message("%d plans\n", plans);
    CHECK(plans > 1 && plans <= 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plan_is_loaded_as_it_was_saved),
        TEST(a_text_that_is_cut_or_none_is_refused),
        TEST(a_plan_for_another_device_or_version_is_refused),
        TEST(a_loaded_plan_is_held_to_the_precision),
        TEST(the_ranking_goes_on_behind_each_plan_and_ends),
    };
    return cmocka_run_group_tests(tests, make_plan, free_plan);
}
