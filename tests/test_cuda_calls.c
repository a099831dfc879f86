/*
 * Every call of the module to the CUDA runtime and to cuDNN fails in turn (cuda/stub.h): what was asked for fails with
 * the name of the call, or goes on without it where it may; nothing is left behind, on the device or in memory, which
 * the asan preset sees; no point is lost.
 * Argument: the module over the stub. SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cuda/stub.h"
#include "landscape_fixture.h"
#include "nn/backend/cuda/loader.h"
#include "nn/nn.h"

enum { N = 7, SIDE = 4, CLASSES = 2, DIRS = 2, POINTS = 3, FIELDS = 2 };

typedef enum { REPORTED, SOMETIMES, PASSED, NEVER } consequence;
static const struct {
    const char *name;
    consequence failure;
} calls[STUB_N_CALLS] = {
#define CALL(name, failure) {#name, failure},
#include "cuda/stub_calls.def"
#undef CALL
};

static stub_settings *stub;
static int64_t called[STUB_N_CALLS], reported[STUB_N_CALLS], passed[STUB_N_CALLS]; /* in all tests */

/* ---- a small network and its data ------------------------------------------------------------------ */

static struct {
    nn_graph *graph;
    float *center, *dir;
    float value[256];
    int32_t labels[N], domains[N];
} net;

static int make_net(void **state)
{
    (void)state;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {1, SIDE, SIDE}}, &net.graph));
    int x = nn_conv2d(net.graph, 0, "one", 1, 3, 1, 1, true);
    x = nn_relu(net.graph, nn_add(net.graph, nn_conv2d(net.graph, x, "two", 1, 3, 1, 1, true), x));
    nn_linear(net.graph, nn_mapmean(net.graph, x), "head", CLASSES, true);
    CHECK_OK(nn_graph_finish(net.graph));
    const int64_t n = nn_graph_layout(net.graph)->n;
    net.center = lsc_calloc((size_t)n, sizeof(float));
    net.dir = lsc_calloc((size_t)n, sizeof(float));
    CHECK(net.center != NULL && net.dir != NULL);
    return 0;
}

static int free_net(void **state)
{
    (void)state;
    nn_graph_free(net.graph);
    lsc_free(net.center);
    lsc_free(net.dir);
    return 0;
}

static void read_images(const void *context, const int64_t *which, int64_t n, void *images)
{
    (void)context;
    (void)which;
    memset(images, 0, (size_t)n * SIDE * SIDE);
}

static const nn_evaluator_options options = {.samples = {.n = N,
                                                         .shape = {1, SIDE, SIDE},
                                                         .value = net.value,
                                                         .channels = 1,
                                                         .read = read_images,
                                                         .labels = net.labels,
                                                         .domains = net.domains,
                                                         .n_domains = 1},
                                             .loss = "cross_entropy",
                                             .arithmetic = NN_TF32,
                                             .batch = 3};

/* ---- one run --------------------------------------------------------------------------------------------- */

static void reset(void)
{
    for (int i = 0; i < STUB_N_CALLS; i++)
        called[i] += stub->called[i];
    CHECK_INT(stub->live, 0);
    *stub =
        (stub_settings){.devices = 1, .driver = 1 << 20, .memory = 1 << 20, .fail_device = -1, .failed = STUB_N_CALLS};
}

static lsc_status all_points(nn_evaluator *e, double *out, nn_evaluator_counts *counts)
{
    lsc_status st = LSC_OK;
    const float *const dirs[DIRS] = {net.dir, net.dir};
    const double coords[POINTS * DIRS] = {0};
    double loss[N];
    uint8_t correct[N];
    LSC_TRY(nn_evaluator_set_frame(e, net.center, dirs, DIRS));
    for (int first = 0, done = 0; first < POINTS; first += done) {
        LSC_TRY(nn_evaluator_points(e, coords, POINTS - first, out + first * FIELDS, &done));
        CHECK(done > 0);
    }
    *counts = nn_evaluator_counted(e);
    LSC_TRY(nn_evaluator_losses(e, loss, correct));
cleanup:
    return st;
}

/* Open, set, evaluate, close. Where that succeeds every point has values. */
static lsc_status run(nn_evaluator_counts *counts)
{
    lsc_status st = LSC_OK;
    nn_evaluator *e = NULL;
    double out[POINTS * FIELDS];
    for (int i = 0; i < POINTS * FIELDS; i++)
        out[i] = NAN;
    st = nn_evaluator_new("cuda", net.graph, &options, &e);
    if (st == LSC_OK)
        st = all_points(e, out, counts);
    nn_evaluator_free(e);
    CHECK_INT(stub->live, 0);
    for (int i = 0; st == LSC_OK && i < POINTS * FIELDS; i++)
        CHECK(!isnan(out[i]));
    return st;
}

/* What may come of it that `failed` was the first call that failed. */
static void judge(stub_call failed, lsc_status st)
{
    const consequence failure = calls[failed].failure;
    if (st == LSC_OK) {
        passed[failed]++;
        if (failure == REPORTED)
            fail_msg("%s failed, and nobody said so", calls[failed].name);
        return;
    }
    reported[failed]++;
    if (failure != REPORTED && failure != SOMETIMES)
        fail_msg("%s failed, which should do no harm: %s", calls[failed].name, lsc_last_error());
}

/* With memory for so many bytes; the number of calls. */
static int64_t each_call_once(int64_t memory)
{
    nn_evaluator_counts counts;
    for (int64_t at = 1;; at++) {
        reset();
        stub->memory = memory;
        stub->fail_at = at;
        lsc_status st = run(&counts);
        if (stub->failed == STUB_N_CALLS) {
            CHECK_INT(st, LSC_OK);
            return at - 1;
        }
        judge(stub->failed, st);
        if (st == LSC_OK)
            continue;
        CHECK(st == LSC_ERR_BACKEND || st == LSC_ERR_ABSENT);
        CHECK_HAS(lsc_last_error(), stub->failed == STUB_kernel ? "cudaErrorStub" : calls[stub->failed].name);
        CHECK_HAS(lsc_last_error(), "made to fail");
    }
}

/* The least memory with which the images pass through the device. */
static int64_t little_memory(void)
{
    nn_evaluator_counts counts;
    for (int64_t memory = 1000;; memory += 100) {
        reset();
        stub->memory = memory;
        if (run(&counts) == LSC_OK) {
            CHECK(stub->pinned > 0);
            return memory;
        }
        CHECK_HAS(lsc_last_error(), "out of memory");
    }
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

static void each_call_that_fails_once_is_named_or_does_no_harm(void **state)
{
    (void)state;
    CHECK(each_call_once(1 << 20) > 500);
}

static void likewise_where_images_pass_through_the_device(void **state)
{
    (void)state;
    CHECK(each_call_once(little_memory()) > 500);
}

/* It is tried with fewer images at once, or reported. */
static void each_call_without_memory_once_is_survived_or_reported(void **state)
{
    nn_evaluator_counts counts;
    int64_t survived = 0;
    (void)state;
    for (int64_t at = 1;; at++) {
        reset();
        stub->fail_at = at;
        stub->no_memory = true;
        lsc_status st = run(&counts);
        if (stub->failed == STUB_N_CALLS)
            break;
        survived += st == LSC_OK && calls[stub->failed].failure == SOMETIMES;
        CHECK(st == LSC_OK || st == LSC_ERR_NOMEM || st == LSC_ERR_ABSENT || st == LSC_ERR_BACKEND);
        if (st == LSC_ERR_NOMEM)
            CHECK_HAS(lsc_last_error(), "out of memory");
    }
    CHECK(survived > 0);
}

/* As after a fault, from which a device does not recover. */
static void a_device_that_breaks_at_any_call_is_reported_and_let_go(void **state)
{
    nn_evaluator_counts counts;
    (void)state;
    for (int64_t at = 1;; at += 3) {
        reset();
        stub->fail_at = at;
        stub->broken = true;
        lsc_status st = run(&counts);
        if (stub->failed == STUB_N_CALLS)
            break;
        CHECK(st == LSC_ERR_BACKEND || st == LSC_ERR_ABSENT ||
              (st == LSC_OK && calls[stub->failed].failure != REPORTED)); /* at the end, when all is freed */
    }
}

static void of_two_devices_one_does_the_points_of_the_other_that_breaks(void **state)
{
    nn_evaluator_counts counts = {0};
    int64_t lost = 0;
    (void)state;
    for (int64_t at = 1;; at++) {
        reset();
        stub->devices = 2;
        stub->fail_device = 1;
        stub->fail_at = at;
        stub->broken = true;
        CHECK_OK(run(&counts)); /* all points, says run */
        lost += counts.lost;
        if (stub->failed == STUB_N_CALLS)
            break;
    }
    CHECK(lost > 10);
}

static void a_driver_that_is_too_old_or_not_there_is_said_to_be(void **state)
{
    nn_evaluator *e = NULL;
    (void)state;
    reset();
    stub->driver = 11040;
    CHECK_FAILS(nn_evaluator_new("cuda", net.graph, &options, &e), LSC_ERR_ABSENT,
                "there is no GPU to use: the NVIDIA driver is for CUDA 11.4, this module needs one for ");
    stub->driver = 0;
    CHECK_FAILS(nn_evaluator_new("cuda", net.graph, &options, &e), LSC_ERR_ABSENT, "there is no NVIDIA driver");
    stub->driver = 1 << 20;
    stub->devices = 0;
    CHECK_FAILS(nn_evaluator_new("cuda", net.graph, &options, &e), LSC_ERR_ABSENT, "the NVIDIA driver sees no card");
}

static void the_versions_are_of_the_libraries_and_of_the_driver(void **state)
{
    nn_evaluator *e = NULL;
    (void)state;
    reset();
    stub->driver = 99050;
    CHECK_OK(nn_evaluator_new("cuda", net.graph, &options, &e));
    CHECK_HAS(nn_evaluator_text(e), "cuda:0 Stub; CUDA ");
    CHECK_HAS(nn_evaluator_text(e), ", cuDNN ");
    CHECK_HAS(nn_evaluator_text(e), ", driver for CUDA 99.5");
    nn_evaluator_free(e);
}

/* The program over the stub, in which one call fails ("" none): its exit code; what it says must hold `said`. */
static int program(const char *failing, const char *checkpoint, const char *said)
{
    test_result r;
    CHECK_INT(setenv("LOSSCOPE_STUB", failing, 1), 0);
    landscape_run(&r, "--ckpt", checkpoint, "--device=cuda", "--dirs=1", "--points=41", "--no-vtp", NULL);
    const int code = r.exit_code;
    if (code != 0)
        CHECK_HAS(r.err, said);
    test_result_free(&r);
    return code;
}

static int64_t points_on_file(void)
{
    lsc_surface *s = NULL;
    if (!lsc_file_exists(test_path("surface.h5")))
        return 0;
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    int64_t n = lsc_surface_n_done(s);
    lsc_surface_free(s);
    return n;
}

static void a_program_whose_device_fails_says_at_what_and_goes_on_when_it_is_run_again(void **state)
{
    int some = 0;
    (void)state;
    landscape_data(10);
    const char *checkpoint = landscape_checkpoint("");
    CHECK_INT(program("cudaGetDeviceCount 1", checkpoint, "there is no GPU to use: cudaErrorStub: made to fail"), 69);
    CHECK_INT(program("cudaMalloc 2", checkpoint, "cuda:0: cudaErrorStub: made to fail (cudaMalloc("), 70);
    for (int launch = 1;; launch += 25) {
        char failing[64];
        snprintf(failing, sizeof failing, "cudaGraphLaunch %d", launch);
        if (program(failing, checkpoint, "cuda:0: cudaErrorStub: made to fail (cudaGraphLaunch(") == 0)
            break;
        const int64_t n = points_on_file();
        some += n > 0 && n < 41; /* calls of a few points, which a failure costs as a whole */
        CHECK_INT(program("", checkpoint, ""), 0);
        CHECK_INT(points_on_file(), 41);
        CHECK_INT(unlink(test_path("surface.h5")), 0);
    }
    CHECK(some > 0);
}

/* A convolution with the rectifier apart is one of cuDNN's and a kernel, also when it comes from a text. */
static void a_rectifier_that_is_apart_is_a_kernel_and_stays_so_in_text(void **state)
{
    const cuda_conv_shape shape = {.n = 2, .c = 1, .h = 4, .w = 4, .k = 3, .oh = 4, .ow = 4, .kernel = 1, .relu = true};
    const cuda_api *api = NULL;
    cuda_device *d = NULL;
    cuda_conv *conv[2] = {NULL, NULL};
    cuda_conv_data data = {.x = NULL};
    char text[64] = "";
    size_t length = 0;
    int n = 1;
    (void)state;
    reset();
    CHECK_OK(cuda_load(&api));
    CHECK_INT(api->open(0, &d), CUDA_DONE);
    CHECK_INT(api->alloc(d, 2 * 3 * 16 * sizeof(float), &data.y), CUDA_DONE);
    CHECK_INT(api->conv_plans(d, &shape, true, &conv[0], &n), CUDA_DONE);
    CHECK_INT(api->conv_save(d, conv[0], text, sizeof text - 1, &length), CUDA_DONE);
    CHECK_STR(text, "apart\nengine 0");
    CHECK_INT(length, strlen(text));
    CHECK_INT(api->conv_load(d, &shape, text, length, &conv[1]), CUDA_DONE);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(api->conv_run(d, conv[i], &data), CUDA_DONE);
        CHECK_INT(stub->called[STUB_kernel], i + 1);
        api->conv_free(d, conv[i]);
    }
    CHECK_INT(api->conv_load(d, &shape, text, 3, &conv[0]), CUDA_UNSUPPORTED);
    CHECK_INT(api->conv_load(d, &(cuda_conv_shape){.n = 1}, text, length, &conv[0]), CUDA_UNSUPPORTED);
    api->free(d, data.y);
    api->close(d);
}

/* The table is true: each call of it was made, and each consequence seen. The last test. */
static void every_call_and_every_consequence_occurred(void **state)
{
    (void)state;
    reset();
    for (int i = 0; i < STUB_N_CALLS; i++) {
        const consequence failure = calls[i].failure;
        if (called[i] == 0)
            fail_msg("%s is not called", calls[i].name);
        if ((failure == REPORTED || failure == SOMETIMES) && reported[i] == 0)
            fail_msg("%s was not reported", calls[i].name);
        if (failure == SOMETIMES && passed[i] == 0)
            fail_msg("%s was always reported", calls[i].name);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(each_call_that_fails_once_is_named_or_does_no_harm),
        TEST(likewise_where_images_pass_through_the_device),
        TEST(each_call_without_memory_once_is_survived_or_reported),
        TEST(a_device_that_breaks_at_any_call_is_reported_and_let_go),
        TEST(of_two_devices_one_does_the_points_of_the_other_that_breaks),
        TEST(the_versions_are_of_the_libraries_and_of_the_driver),
        TEST(a_driver_that_is_too_old_or_not_there_is_said_to_be),
        TEST_IN_FOLDER(a_program_whose_device_fails_says_at_what_and_goes_on_when_it_is_run_again),
        TEST(a_rectifier_that_is_apart_is_a_kernel_and_stays_so_in_text),
        TEST(every_call_and_every_consequence_occurred),
    };
    if (argc != 2 || setenv("LOSSCOPE_CUDA_MODULE", argv[1], 1) != 0 || setenv("LOSSCOPE_PLAN_CACHE", "off", 1) != 0)
        return 1;
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    stub = library != NULL ? dlsym(library, "stub_control") : NULL;
    if (stub == NULL)
        return 1;
    lsc_log_set("test", LSC_LOG_QUIET);
    return cmocka_run_group_tests(tests, make_net, free_net);
}
