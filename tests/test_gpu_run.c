/*
 * tests/gpu/run.sh where its programs do nothing, crash, leave NaN, say no time, or are interrupted (gpu/fake.sh): what
 * was measured is in the report with what failed, and only where nothing did does it end well.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

static void set(const char *name, const char *value)
{
    CHECK_INT(setenv(name, value, 1), 0);
}

/* A build folder of fakes, and the true check_json; the script is told of it. */
static void make_build(void)
{
    static const char *const programs[] = {"landscape/landscape",
                                           "viz/viz",
                                           "train/train",
                                           "tests/test_nn_backends",
                                           "tests/test_cuda_evaluator",
                                           "tests/test_cuda_norms",
                                           "tests/test_cuda_exponents",
                                           "python",
                                           "compute-sanitizer"};
    for (size_t i = 0; i < LSC_COUNT(programs); i++) {
        const char *path = test_path("build/%s", programs[i]);
        char *parent = lsc_path_folder(path);
        CHECK_OK(lsc_mkdirs(parent));
        lsc_free(parent);
        CHECK_INT(symlink(source_path("tests/gpu/fake.sh"), path), 0);
    }
    CHECK_INT(symlink(LSC_BINARY_DIR "/tests/check_json", test_path("build/tests/check_json")), 0);
    set("REHEARSE", "1");
    set("BUILD", test_path("build"));
    set("LSC_TEST_PYTHON", test_path("build/python"));
    set("SANITIZER", test_path("build/compute-sanitizer"));
    set("FAKE_LOG", test_path("calls"));
}

/* The script with settings of the fakes ends with this code. Returns new: its report. */
static char *report_of(int exit_code, const char *const *env)
{
    test_result r;
    glob_t found;
    make_build();
    test_run(&(test_command){.argv = (const char *const[]){source_path("tests/gpu/run.sh"), test_path("out"), NULL},
                             .env = env},
             &r);
    if (r.exit_code != exit_code)
        print_message("%s", r.err);
    CHECK_INT(r.exit_code, exit_code);
    test_result_free(&r);
    CHECK_INT(glob(test_path("out/fake-h100-*.json"), 0, NULL, &found), 0);
    CHECK_INT(found.gl_pathc, 1);
    char *report = test_read(found.gl_pathv[0], NULL);
    globfree(&found);
    return report;
}
#define REPORT_OF(exit_code, ...) report_of(exit_code, (const char *const[]){__VA_ARGS__, NULL})

/* All parts are in the text, which is freed. */
static void has(char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        CHECK_HAS(text, *parts);
    lsc_free(text);
}
#define HAS(text, ...) has(text, (const char *const[]){__VA_ARGS__, NULL})

static void what_was_measured_is_reported(void **state)
{
    (void)state;
    HAS(report_of(0, NULL),
        "\"accepted\": 0, \"complete\": 1, \"failures\": [], \"notes\": [\n    \"no kept plan names",
        "\"gpu\": \"Fake H100\"", "\"pytorch\": \"2.0\", \"pytorch_device\": \"Fake H100\"",
        "\"backends\": 1, \"values\": 1, \"surfaces\": 1, \"same_bits_twice\": 1",
        "{\"memcheck\": 1, \"racecheck\": 1, \"initcheck\": 1}", "{\"resnet20_fp32\": 0, \"resnet20_tf32\": 0,",
        "\"resnet20_tf32\": {\"images_per_second\": 8000, \"bound\": ", "\"pytorch\": 32400, \"times_pytorch\": 0.247}",
        "{\"tf32_3_1\": 8000, \"tf32_3_2\": 8000,", "\"engines\": {\n    \"timed\": 7\n  }", "\"properties\": null");
    HAS(test_read(test_path("calls"), NULL), "sanitizer --tool memcheck --error-exitcode 9 --print-limit 0 /",
        "sanitizer --tool racecheck --error-exitcode 9 --print-limit 0 --kernel-name regex=^k_ /",
        "sanitizer --tool initcheck --error-exitcode 9 --print-limit 0 --kernel-name regex=^k_ /");
}

/* One that cannot follow what the others write looks at all kernels, and only what it finds in ours is a failure. */
static void an_older_sanitizer_is_judged_by_what_it_finds_in_our_kernels(void **state)
{
    (void)state;
    HAS(REPORT_OF(0, "FAKE_HELP=--kernel-name arg", "FAKE_FOUND=read at split_k_kernel+0x10"), "\"failures\": [],",
        "initcheck-norms: exit status 9", "{\"memcheck\": 1, \"racecheck\": 1, \"initcheck\": null}");
    HAS(test_read(test_path("calls"), NULL), "sanitizer --tool initcheck --error-exitcode 9 --print-limit 0 /");
}

static void what_a_sanitizer_finds_in_our_kernels_is_a_failure(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_HELP=no filter", "FAKE_FOUND=read at k_join+0x10"),
        "\"failures\": [\n    \"initcheck-evaluator: exit status 9", "racecheck: this compute-sanitizer cannot",
        "{\"memcheck\": 1, \"racecheck\": null, \"initcheck\": 0}");
}

static void a_surface_of_nan_is_a_failure(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_NAN=viz*cuda-fp16*"), "resnet20, fp16: ", "is no finite number",
        "\"surfaces\": 0, \"same_bits_twice\": 1",
        "\"resnet20_tf32\": 0, \"resnet20_fp16\": null, \"resnet20_bf16\": 0}");
}

static void equal_surfaces_of_nan_are_not_the_same_bits(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_NAN=viz*"), "\"surfaces\": 0, \"same_bits_twice\": 0", "\"resnet20_fp32\": null",
        "two runs: ");
}

static void after_a_crash_the_next_step_begins(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_CRASH=test_nn_backends*|test_cuda_norms "
                     "device|landscape*/resnet20-cuda-bf16.h5*|landscape*--precision fp16 "
                     "--out*/time.h5*|landscape*tf32*--chunk 3|compute-sanitizer*racecheck*norms*"),
        "\"accepted\": 0, \"complete\": 1", "backends: exit status 3, see ", "norms: exit status 3",
        ": a fault of the device\"", "\"backends\": 0, \"values\": 0, \"surfaces\": 0, \"same_bits_twice\": 1",
        "resnet20-cuda-bf16: exit status 3", "\"resnet20_fp16\": 0, \"resnet20_bf16\": null}",
        "time-resnet20-fp16: exit status 3", "\"resnet20_tf32\": {\"images_per_second\": 8000",
        "\"resnet20_fp16\": {\"images_per_second\": null", "plans-tf32-3: exit status 3",
        "\"tf32_6_2\": 8000, \"fp16_3_1\": null", "racecheck-norms: exit status 3",
        "{\"memcheck\": 1, \"racecheck\": 0, \"initcheck\": 1}");
}

static void without_a_network_the_rest_is_done(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_CRASH=train*|landscape*--dry-run*"), "\"complete\": 1", "resnet20-train: exit status 3",
        "resnet20-images: exit status 3", "\"differences\": {}", "\"surfaces\": 0, \"same_bits_twice\": 0",
        "\"resnet20_tf32\": {\"images_per_second\": null", "\"memcheck\": 1");
}

static void without_surfaces_of_the_processor_the_rest_is_done(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_CRASH=viz*cpu*"), "\"complete\": 1", "resnet20-cpu-single-csv: exit status 3",
        "\"differences\": {}", "\"surfaces\": 0", "\"images_per_second\": 8000", "\"memcheck\": 1");
}

static void without_a_time_there_is_no_rate(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_MUTE=landscape*--precision bf16*"), "time-resnet20-bf16: no number under seconds",
        "\"resnet20_bf16\": {\"images_per_second\": null, \"bound\": 3000000, \"share_of_bound\": null");
}

static void without_pytorch_the_rest_is_measured(void **state)
{
    (void)state;
    HAS(REPORT_OF(0, "FAKE_CRASH=python*"), "\"failures\": []", "PyTorch: resnet20-peer: exit status 3",
        "\"pytorch\": null, \"pytorch_device\": null", "\"images_per_second\": 8000",
        "\"pytorch\": null, \"times_pytorch\": null}");
}

static void an_interrupted_script_leaves_what_it_measured(void **state)
{
    (void)state;
    HAS(REPORT_OF(130, "FAKE_STOP=landscape*--precision fp16*/time.h5*"),
        "\"complete\": 0, \"failures\": [\n    \"interrupted\"]", "\"surfaces\": 1, \"same_bits_twice\": 1",
        "\"resnet20_tf32\": {\"images_per_second\": 8000", "\"engines\": {\n    \"timed\": 7", "\"chunks\": {}");
}

static void plans_of_an_earlier_run_are_not_reported(void **state)
{
    (void)state;
    CHECK_OK(lsc_mkdirs(test_path("out/plans-timed")));
    test_write_text(test_path("out/plans-timed/1.plan"), "losscope plan 1\nfake; old; graph 1; fastest\n0a\n{}");
    HAS(REPORT_OF(130, "FAKE_STOP=test_nn_backends*"), "\"engines\": {\n    \n  }",
        "\"backends\": null, \"values\": null");
}

static void a_report_that_is_not_json_is_not_accepted(void **state)
{
    (void)state;
    HAS(REPORT_OF(1, "FAKE_SHAPE=f32 \"n6\""), "\"complete\": 1", "json: exit status 1", "not JSON from byte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(what_was_measured_is_reported),
        TEST_IN_FOLDER(an_older_sanitizer_is_judged_by_what_it_finds_in_our_kernels),
        TEST_IN_FOLDER(what_a_sanitizer_finds_in_our_kernels_is_a_failure),
        TEST_IN_FOLDER(a_surface_of_nan_is_a_failure),
        TEST_IN_FOLDER(equal_surfaces_of_nan_are_not_the_same_bits),
        TEST_IN_FOLDER(after_a_crash_the_next_step_begins),
        TEST_IN_FOLDER(without_a_network_the_rest_is_done),
        TEST_IN_FOLDER(without_surfaces_of_the_processor_the_rest_is_done),
        TEST_IN_FOLDER(without_a_time_there_is_no_rate),
        TEST_IN_FOLDER(without_pytorch_the_rest_is_measured),
        TEST_IN_FOLDER(an_interrupted_script_leaves_what_it_measured),
        TEST_IN_FOLDER(plans_of_an_earlier_run_are_not_reported),
        TEST_IN_FOLDER(a_report_that_is_not_json_is_not_accepted),
    };
    return cmocka_run_group_tests_name("gpu_run", tests, NULL, NULL);
}
