/*
 * In which way a convolution is computed, on the emulated device, whose plans take times that are made up: the fastest,
 * measured once and then kept.
 * Argument: the emulated module. SPDX-License-Identifier: MIT
 */
#include "cuda/control.h"
#include "nn/backend/cuda/loader.h"
#include "nn/backend/cuda/plans.h"

enum { APART = 100 }; /* more than a plan with the rectifier in it */

static emulated_settings *emulated;
static bool said;
static const cuda_conv_shape shape = {
    .n = 2, .c = 3, .h = 4, .w = 4, .k = 5, .oh = 4, .ow = 4, .kernel = 3, .stride = 1, .pad = 1, .relu = true};

/* A device with memory for the shape. */
typedef struct {
    cuda_context context;
    cuda_conv_data data;
    void *memory[4];
    int64_t bytes; /* of all of it */
} fixture;

static void open_fixture(fixture *f)
{
    const cuda_api *api = NULL;
    const size_t bytes[] = {2 * 3 * 16, 5 * 3 * 9, 5, 2 * 5 * 16};
    cuda_plans *plans = NULL;
    *f = (fixture){0};
    CHECK_OK(cuda_load(&api));
    CHECK_OK(cuda_plans_new(&plans));
    CHECK_OK(cuda_context_open(api, 0, plans, &f->context));
    for (size_t i = 0; i < LSC_COUNT(bytes); i++) {
        CHECK_OK(cuda_new(&f->context, bytes[i] * sizeof(float), &f->memory[i]));
        f->bytes += (int64_t)(bytes[i] * sizeof(float));
    }
    f->data = (cuda_conv_data){.x = f->memory[0], .w = f->memory[1], .shift = f->memory[2], .y = f->memory[3]};
}

static void close_fixture(fixture *f)
{
    cuda_plans *plans = f->context.plans;
    for (size_t i = 0; i < LSC_COUNT(f->memory); i++)
        f->context.api->free(f->context.device, f->memory[i]);
    cuda_context_close(&f->context);
    cuda_plans_free(plans);
    CHECK_INT(emulated->live, 0);
}

/* So many plans that take 9 s, and nothing in the environment but that they are kept in `folder`. */
static void reset(int plans, const char *folder)
{
    control_reset(emulated);
    emulated->plans = plans;
    emulated->saves = 1;
    for (int i = 0; i < CUDA_MOST_PLANS; i++)
        for (int j = 0; j < EMULATED_TIMES; j++)
            emulated->seconds[i][j] = 9;
    CHECK_INT(unsetenv("LOSSCOPE_AUTOTUNE"), 0);
    CHECK_INT(setenv("LOSSCOPE_PLAN_CACHE", folder, 1), 0);
}

static void takes(int plan, double seconds)
{
    for (int j = 0; j < EMULATED_TIMES; j++)
        emulated->seconds[plan][j] = seconds;
}

/* Which of the device's plans a fixture gets for a shape. */
static int plan_of(fixture *f, const cuda_conv_shape *s)
{
    const cuda_api *api = f->context.api;
    cuda_conv *conv = NULL;
    char text[CUDA_SHAPE_TEXT + 32] = "";
    size_t n = 0;
    CHECK_OK(cuda_plans_conv(&f->context, s, &f->data, &conv));
    emulated->saves = 1; /* so that it can be told which it is */
    emulated->unsaved = 0;
    CHECK_INT(api->conv_save(f->context.device, conv, text, sizeof text - 1, &n), CUDA_DONE);
    api->conv_free(f->context.device, conv);
    CHECK_HAS(text, "emulated plan ");
    return atoi(text + strlen("emulated plan ")) + (strstr(text, " apart of") != NULL ? APART : 0);
}

/* ... as a new process would. */
static int chosen(void)
{
    fixture f;
    open_fixture(&f);
    int plan = plan_of(&f, &shape);
    close_fixture(&f);
    return plan;
}

/* ---- the choice --------------------------------------------------------------------------------------- */

static void the_fastest_plan_is_chosen(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        reset(5, "off");
        takes(i, 3);
        CHECK_INT(chosen(), i);
        CHECK_INT(emulated->timed, 5 * 5);
    }
}

static void the_shortest_run_of_a_plan_counts(void **state)
{
    (void)state;
    reset(3, "off");
    takes(0, 4);
    emulated->seconds[2][3] = 3; /* the others of it were disturbed */
    CHECK_INT(chosen(), 2);
}

static void of_equally_fast_plans_the_earlier_is_chosen(void **state)
{
    (void)state;
    reset(4, "off");
    CHECK_INT(chosen(), 0);
    takes(1, 2);
    takes(3, 2);
    CHECK_INT(chosen(), 1);
}

static void at_most_eight_plans_are_compared(void **state)
{
    (void)state;
    reset(CUDA_MOST_PLANS, "off");
    CHECK_INT(CUDA_MOST_PLANS, 8);
    takes(7, 1);
    CHECK_INT(chosen(), 7);
    CHECK_INT(emulated->proposed, 8);
}

static void a_plan_that_does_not_run_is_left_out(void **state)
{
    (void)state;
    reset(3, "off");
    takes(0, -1);
    takes(2, 8);
    CHECK_INT(chosen(), 2);
    takes(2, -1);
    CHECK_INT(chosen(), 1);
    takes(1, 2);
    emulated->seconds[1][4] = -1; /* in its last run */
    takes(0, 5);
    CHECK_INT(chosen(), 0);
}

static void a_plan_whose_workspace_does_not_fit_is_left_out(void **state)
{
    fixture f;
    (void)state;
    reset(3, "off");
    takes(1, 2);
    takes(2, 1);
    open_fixture(&f);
    emulated->memory = f.bytes + 64 * 2; /* plan i needs 64 (i + 1) bytes */
    CHECK_INT(plan_of(&f, &shape), 1);
    close_fixture(&f);
}

static void a_plan_that_loses_nan_is_left_out(void **state)
{
    (void)state;
    reset(3, "off");
    takes(0, 1);
    emulated->lose = 2;
    CHECK_INT(chosen(), 2);
    CHECK_INT(emulated->timed, 0); /* there is no other */
}

static void where_all_lose_nan_the_rectifier_runs_apart(void **state)
{
    (void)state;
    reset(3, test_path("plans"));
    takes(1, 1);
    emulated->lose = 3;
    CHECK_INT(chosen(), APART + 1);
    CHECK_INT(emulated->timed, 3 * 5);
    takes(2, 0.5);
    CHECK_INT(chosen(), APART + 1); /* as it was kept */
    CHECK_INT(emulated->loaded, 1);
    CHECK_INT(setenv("LOSSCOPE_AUTOTUNE", "off", 1), 0);
    CHECK_INT(chosen(), APART + 0);
}

static void without_a_rectifier_nothing_runs_apart(void **state)
{
    fixture f;
    cuda_conv *conv = NULL;
    cuda_conv_shape plain = shape;
    (void)state;
    plain.relu = false;
    reset(2, "off");
    emulated->lose = 2;
    open_fixture(&f);
    CHECK_INT(plan_of(&f, &plain), 0); /* what loses is the rectifier */
    takes(0, -1);
    takes(1, -1);
    CHECK_FAILS(cuda_plan_choose(&f.context, &plain, &f.data, 2, &said, &conv), LSC_ERR_BACKEND, "does not run");
    CHECK_INT(emulated->proposed, 2 + 2);
    close_fixture(&f);
}

static void a_plan_that_cannot_be_recorded_is_left_out(void **state)
{
    fixture f;
    cuda_conv *conv = NULL;
    (void)state;
    reset(3, "off");
    takes(0, 1);
    emulated->unrecorded = 1;
    CHECK_INT(chosen(), 1);
    emulated->unrecorded = 3;
    open_fixture(&f);
    CHECK_FAILS(cuda_plans_conv(&f.context, &shape, &f.data, &conv), LSC_ERR_BACKEND, "this plan is not recorded");
    close_fixture(&f);
}

static void plans_that_all_fail_are_an_error_with_its_reason(void **state)
{
    fixture f;
    cuda_conv *conv = NULL;
    (void)state;
    reset(2, "off");
    takes(0, -1);
    takes(1, -1);
    open_fixture(&f);
    CHECK_FAILS(cuda_plans_conv(&f.context, &shape, &f.data, &conv), LSC_ERR_BACKEND,
                "cuda:0: emulated: this plan does not run");
    CHECK(conv == NULL);
    close_fixture(&f);
}

static void a_single_plan_is_not_measured(void **state)
{
    (void)state;
    reset(1, "off");
    CHECK_INT(chosen(), 0);
    CHECK_INT(emulated->timed, 0);
}

/* ---- once -------------------------------------------------------------------------------------------------- */

static void equal_shapes_are_measured_once_and_get_the_same_plan(void **state)
{
    fixture f;
    cuda_conv_shape strict = shape;
    (void)state;
    reset(3, "off");
    takes(1, 1);
    open_fixture(&f);
    CHECK_INT(plan_of(&f, &shape), 1);
    takes(2, 0.5); /* it would be faster now */
    CHECK_INT(plan_of(&f, &shape), 1);
    CHECK_INT(emulated->timed, 3 * 5);
    strict.strict = true;
    CHECK_INT(plan_of(&f, &strict), 2);
    close_fixture(&f);
}

static void what_was_chosen_is_used_by_later_processes(void **state)
{
    (void)state;
    reset(3, test_path("plans"));
    takes(1, 1);
    CHECK_INT(chosen(), 1);
    takes(2, 0.5);
    CHECK_INT(chosen(), 1);
    CHECK_INT(emulated->timed, 3 * 5);
    CHECK_INT(emulated->loaded, 1);
    CHECK_INT(setenv("LOSSCOPE_PLAN_CACHE", "off", 1), 0);
    CHECK_INT(chosen(), 2);
}

/* As on machines that share a folder and not a driver. */
static void of_each_driver_a_plan_of_its_own_is_kept(void **state)
{
    (void)state;
    reset(3, test_path("plans"));
    for (int driver = 1; driver <= 2; driver++) {
        emulated->driver = driver;
        takes(driver, 1.0 / driver);
        CHECK_INT(chosen(), driver);
    }
    const int64_t timed = emulated->timed;
    for (int driver = 1; driver <= 2; driver++) {
        emulated->driver = driver;
        CHECK_INT(chosen(), driver);
    }
    CHECK_INT(emulated->timed, timed);
}

static void a_plan_that_the_device_does_not_take_any_more_is_replaced(void **state)
{
    (void)state;
    reset(3, test_path("plans"));
    takes(2, 1);
    CHECK_INT(chosen(), 2);
    emulated->plans = 2; /* another version: it has no plan 2 */
    takes(1, 3);
    CHECK_INT(chosen(), 1);
    emulated->plans = 3;
    CHECK_INT(chosen(), 1);
    CHECK_INT(emulated->loaded, 1);
}

/* Nothing could be kept of what is measured, and another device might take another one. */
static void plans_that_cannot_be_written_down_are_not_measured(void **state)
{
    fixture f;
    (void)state;
    reset(3, test_path("plans"));
    takes(1, 2);
    takes(2, 1);
    open_fixture(&f);
    for (int i = 0; i < 2; i++) {
        emulated->saves = 0;
        CHECK_INT(plan_of(&f, &shape), 0); /* the first of the ranking, each time */
    }
    CHECK_INT(emulated->timed, 0);
    CHECK_INT(emulated->loaded, 0);
    takes(0, 0.5);
    emulated->unsaved = 1;
    CHECK_INT(plan_of(&f, &shape), 2); /* the fastest of those that can be kept */
    emulated->unsaved = 1;
    CHECK_INT(plan_of(&f, &shape), 2);
    CHECK_INT(emulated->loaded, 1);
    close_fixture(&f);
}

/* ---- settings ------------------------------------------------------------------------------------------------ */

static void without_autotuning_the_first_of_the_ranking_is_taken(void **state)
{
    (void)state;
    reset(3, test_path("plans"));
    CHECK_INT(setenv("LOSSCOPE_AUTOTUNE", "off", 1), 0);
    takes(1, 1);
    CHECK_INT(chosen(), 0);
    CHECK_INT(emulated->timed, 0);
    CHECK_INT(emulated->proposed, 1);
    CHECK_INT(unsetenv("LOSSCOPE_AUTOTUNE"), 0);
    CHECK_INT(chosen(), 1); /* what was kept without measuring does not count */
}

static void settings_that_are_none_are_refused(void **state)
{
    cuda_plans *plans = NULL;
    (void)state;
    reset(1, "off");
    CHECK_INT(setenv("LOSSCOPE_AUTOTUNE", "yes", 1), 0);
    CHECK_FAILS(cuda_plans_new(&plans), LSC_ERR_CONFIG, "LOSSCOPE_AUTOTUNE is 'yes', need on or off");
    CHECK(plans == NULL);
}

/* By default in the user's cache; with no home nowhere, which is no failure. */
static void the_folder_is_the_users_cache(void **state)
{
    char home[4096], *old = lsc_strdup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    (void)state;
    snprintf(home, sizeof home, "%s", test_folder());
    reset(2, "");
    CHECK_INT(setenv("HOME", home, 1), 0);
    CHECK_INT(setenv("XDG_CACHE_HOME", "not/absolute", 1), 0);
    chosen();
    CHECK(lsc_is_folder(test_path(".cache/losscope/plans")));
    CHECK_INT(setenv("XDG_CACHE_HOME", test_path("cache"), 1), 0);
    chosen();
    CHECK(lsc_is_folder(test_path("cache/losscope/plans")));
    CHECK_INT(unsetenv("XDG_CACHE_HOME"), 0);
    CHECK_INT(unsetenv("HOME"), 0);
    chosen();
    CHECK_INT(setenv("HOME", old, 1), 0);
    lsc_free(old);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(the_fastest_plan_is_chosen),
        TEST(the_shortest_run_of_a_plan_counts),
        TEST(of_equally_fast_plans_the_earlier_is_chosen),
        TEST(at_most_eight_plans_are_compared),
        TEST(a_plan_that_does_not_run_is_left_out),
        TEST(a_plan_whose_workspace_does_not_fit_is_left_out),
        TEST(a_plan_that_loses_nan_is_left_out),
        TEST_IN_FOLDER(where_all_lose_nan_the_rectifier_runs_apart),
        TEST(without_a_rectifier_nothing_runs_apart),
        TEST(a_plan_that_cannot_be_recorded_is_left_out),
        TEST(plans_that_all_fail_are_an_error_with_its_reason),
        TEST(a_single_plan_is_not_measured),
        TEST(equal_shapes_are_measured_once_and_get_the_same_plan),
        TEST_IN_FOLDER(what_was_chosen_is_used_by_later_processes),
        TEST_IN_FOLDER(of_each_driver_a_plan_of_its_own_is_kept),
        TEST_IN_FOLDER(a_plan_that_the_device_does_not_take_any_more_is_replaced),
        TEST_IN_FOLDER(plans_that_cannot_be_written_down_are_not_measured),
        TEST_IN_FOLDER(without_autotuning_the_first_of_the_ranking_is_taken),
        TEST(settings_that_are_none_are_refused),
        TEST_IN_FOLDER(the_folder_is_the_users_cache),
    };
    if (argc != 2)
        return 1;
    lsc_log_set("test_cuda_plan_choice", LSC_LOG_WARN);
    emulated = control_open(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
