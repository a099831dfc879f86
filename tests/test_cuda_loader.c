/*
 * How a device is found, and what is said where there is none: no module, one that is none, one of another version, no
 * card, an old one, a number that does not exist. By the program, because what was found is kept in a process.
 * Arguments: the emulated module, the one of another version, and the real one if it was built.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "landscape_fixture.h"
#include "nn/backend/cuda/device.h"

static const char *emulated, *other_version, *real;

static void use(const char *module, const char *settings)
{
    CHECK_INT(setenv("LOSSCOPE_CUDA_MODULE", module, 1), 0);
    CHECK_INT(setenv("LOSSCOPE_EMULATED", settings, 1), 0);
}

/* --device `device` ends with this code and text; and so says the list of devices, which is no failure. */
static void refuses(const char *device, int code, const char *text)
{
    const char *option = test_path("--device=%s", device) + strlen(test_folder()) + 1;
    test_result r;
    CHECK_LANDSCAPE(code, text, "--ckpt", landscape_checkpoint(""), option);
    landscape_run(&r, "--list", "devices", NULL);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

static void lists(const char *text)
{
    test_result r;
    landscape_run(&r, "--list", "devices", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, text);
    test_result_free(&r);
}

static void a_module_that_is_not_there_is_named(void **state)
{
    (void)state;
    landscape_data(10);
    use(test_path("losscope_cuda.so"), "");
    char *said = lsc_format("on this machine: %s: cannot open shared object file", test_path("losscope_cuda.so"));
    refuses("cuda", 69, said);
    lists("what it needs must lie where the loader looks");
    lsc_free(said);
}

static void an_empty_variable_is_none(void **state)
{
    test_result with, without;
    (void)state;
    use("", "");
    landscape_run(&with, "--list", "devices", NULL);
    CHECK_INT(unsetenv("LOSSCOPE_CUDA_MODULE"), 0);
    landscape_run(&without, "--list", "devices", NULL);
    CHECK_STR(with.out, without.out);
    test_result_free(&with);
    test_result_free(&without);
}

static void a_library_that_is_no_module_is_refused(void **state)
{
    (void)state;
    landscape_data(10);
    use("libc.so.6", "");
    refuses("cuda", 69, "libc.so.6: is no module of losscope; install program and module of the same version");
    lists("libc.so.6: is no module");
}

static void a_module_of_another_version_is_refused(void **state)
{
    char text[128];
    (void)state;
    landscape_data(10);
    use(other_version, "");
    snprintf(text, sizeof text, "speaks version %d of the module's interface, this program %d", CUDA_MODULE_ABI + 1,
             CUDA_MODULE_ABI);
    refuses("cuda", 69, text);
    lists(text);
}

static void no_card_is_said_to_be_the_reason(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "devices=0");
    refuses("cuda", 69, "there is no GPU to use: emulated: there is no card");
    refuses("cuda:0", 69, "there is no GPU to use");
}

static void a_card_that_is_too_old_is_refused_with_what_is_needed(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "devices=1 major=7");
    refuses("cuda", 69, "Emulated 0 has compute capability 7.0, need 8.0 (Ampere) or newer: use cpu");
    lists("cuda:0               Emulated 0, 1.0 GiB, compute capability 7.0: too old");
}

static void a_device_by_a_number_that_is_none_is_refused(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "devices=2");
    refuses("cuda:2", 69, "cuda:2: there are only the devices 0 .. 1");
    refuses("cuda:x", 64, "device 'cuda:x': a number must follow the colon, e.g. cuda:0");
    refuses("cuda:", 64, "a number must follow the colon");
    refuses("cpu:1", 64, "cpu has no numbered devices");
    lists("cuda:1               Emulated 1, 1.0 GiB, compute capability 9.0\n");
}

static void a_device_that_fails_at_once_is_a_message(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "fail=1");
    refuses("cuda", 69, "there is no GPU to use: emulated: count");
}

static void a_surface_says_on_what_and_how_it_was_computed(void **state)
{
    test_result r;
    lsc_surface *s = NULL;
    (void)state;
    landscape_data(10);
    use(emulated, "devices=2");
    landscape_run(&r, "--ckpt", landscape_checkpoint(""), "--dirs=1", "--points=5", "--no-vtp", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "10 images on cuda:0 Emulated 0, cuda:1 Emulated 1; emulated in tf32");
    test_result_free(&r);
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    CHECK_INT(lsc_surface_n_done(s), 5);
    CHECK_STR(lsc_surface_get(s, "device_name"), "cuda:0 Emulated 0, cuda:1 Emulated 1; emulated in tf32");
    lsc_surface_free(s);
    CHECK_LANDSCAPE(78, "precision", "--ckpt", test_path("run.bin"), "--dirs=1", "--points=5", "--precision=fp16");
}

static void a_setting_of_the_environment_that_is_none_is_refused(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "");
    CHECK_INT(setenv("LOSSCOPE_AUTOTUNE", "yes", 1), 0);
    static const char *const devices[] = {"--device=cuda", "--device=auto"};
    for (size_t i = 0; i < LSC_COUNT(devices); i++)
        CHECK_LANDSCAPE(78, "LOSSCOPE_AUTOTUNE is 'yes', need on or off", "--ckpt", landscape_checkpoint(""),
                        devices[i]);
    CHECK_INT(unsetenv("LOSSCOPE_AUTOTUNE"), 0);
}

/* ... as what was used would not be what stands in the file. */
static void a_setting_of_nvidias_that_switches_off_tf32_is_refused_where_it_is_needed(void **state)
{
    static const char said[] = "NVIDIA_TF32_OVERRIDE is 0, which switches off the TF32 that %s needs: unset it, or";
    char text[128];
    (void)state;
    landscape_data(10);
    use(emulated, "");
    CHECK_INT(setenv("NVIDIA_TF32_OVERRIDE", "0", 1), 0);
    snprintf(text, sizeof text, said, "tf32");
    CHECK_LANDSCAPE(78, text, "--ckpt", landscape_checkpoint(""));
    snprintf(text, sizeof text, said, "fp16");
    CHECK_LANDSCAPE(78, text, "--ckpt", test_path("run.bin"), "--precision=fp16");
    CHECK_LANDSCAPE(0, "in fp32", "--ckpt", test_path("run.bin"), "--dirs=1", "--points=3", "--precision=fp32");
    CHECK_INT(setenv("NVIDIA_TF32_OVERRIDE", "1", 1), 0);
    CHECK_LANDSCAPE(0, "in tf32", "--ckpt", test_path("run.bin"), "--dirs=1", "--points=3", "--overwrite");
    CHECK_INT(unsetenv("NVIDIA_TF32_OVERRIDE"), 0);
}

static void with_auto_the_cpu_steps_in_and_it_is_said_why(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "devices=0");
    CHECK_LANDSCAPE(0, "no GPU is used: there is no GPU to use: emulated: there is no card", "--ckpt",
                    landscape_checkpoint(""), "--dirs=1", "--points=3", "--no-vtp");
    CHECK_LANDSCAPE(69, "there is no GPU to use", "--ckpt", test_path("run.bin"), "--precision=tf32");
    CHECK_LANDSCAPE(69, "precision fp16 is for GPUs", "--ckpt", test_path("run.bin"), "--device=cpu",
                    "--precision=fp16");
}

static void a_card_without_memory_is_left_alone_with_auto_and_advised_on_otherwise(void **state)
{
    static const char *const demands[] = {"--device=cuda", "--device=cuda:0", "--precision=tf32"};
    (void)state;
    landscape_data(10);
    use(emulated, "memory=10000");
    CHECK_LANDSCAPE(0, "no GPU is used: cuda:0: emulated: out of memory\n", "--ckpt", landscape_checkpoint(""),
                    "--dirs=1", "--points=3", "--no-vtp");
    for (size_t i = 0; i < LSC_COUNT(demands); i++)
        CHECK_LANDSCAPE(71,
                        "cuda:0: emulated: out of memory: try fewer images at once (--chunk), another GPU "
                        "(--device cuda:N), or --device cpu\n",
                        "--ckpt", test_path("run.bin"), demands[i]);
}

static void several_points_at_once_are_for_gpus_alone_and_it_is_said(void **state)
{
    static const char warning[] = "4 points at once (--streams) are for GPUs; here it is one\n";
    test_result r;
    (void)state;
    landscape_data(10);
    use(emulated, "");
    CHECK_LANDSCAPE(0, warning, "--ckpt", landscape_checkpoint(""), "--dirs=1", "--points=3", "--no-vtp",
                    "--device=cpu", "--streams=4");
    landscape_run(&r, "--ckpt", test_path("run.bin"), "--dirs=1", "--points=3", "--no-vtp", "--overwrite",
                  "--device=cuda", "--streams=4", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK(strstr(r.err, "--streams") == NULL);
    test_result_free(&r);
}

/* The program goes on without a device that says so, on the first one. */
static void leaves_out(const char *device, const char *said)
{
    const char *option = test_path("--device=%s", device) + strlen(test_folder()) + 1;
    test_result r;
    landscape_run(&r, "--ckpt", landscape_checkpoint(""), "--dirs=1", "--points=3", "--no-vtp", "--overwrite", option,
                  NULL);
    CHECK_HAS(r.err, said);
    CHECK_HAS(r.err, "10 images on cuda:0 Emulated 0; emulated in tf32");
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

static void a_card_that_cannot_be_opened_is_left_out_and_it_is_said(void **state)
{
    (void)state;
    landscape_data(10);
    use(emulated, "devices=2 fail_device=1 broken=1 fail=3");
    leaves_out("auto", "warning: cuda:1: emulated: open; going on without it\n");
    leaves_out("cuda", "warning: cuda:1: emulated: open; going on without it\n");
    CHECK_LANDSCAPE(70, "landscape: cuda:1: emulated: open\n", "--ckpt", test_path("run.bin"), "--device=cuda:1");
    use(emulated, "devices=2 fail_device=1 broken=1 fail=1");
    leaves_out("auto", "warning: cuda:1: emulated: info; going on without it\n");
    use(emulated, "devices=2 memory=10000");
    CHECK_LANDSCAPE(71, "warning: cuda:0: emulated: out of memory; going on without it\n", "--ckpt",
                    test_path("run.bin"), "--device=cuda");
    CHECK_LANDSCAPE(71, "landscape: cuda:1: emulated: out of memory: try", "--ckpt", test_path("run.bin"),
                    "--device=cuda");
}

/* Output of a command of the shell. */
static char *said_by(const char *command)
{
    test_result r;
    test_run(&(test_command){.argv = (const char *const[]){"sh", "-c", command, NULL}}, &r);
    CHECK_INT(r.exit_code, 0);
    lsc_free(r.err);
    return r.out;
}

/* Whether it has a driver or not, the machine is described in a line, and the program starts. */
static void the_real_module_shows_one_symbol_needs_none_of_ours_and_says_what_it_finds(void **state)
{
    (void)state;
    if (real == NULL)
        skip();
    char *command = lsc_format("nm -D --defined-only '%s' | sed 's/.* //'", real);
    char *symbols = said_by(command);
    CHECK_STR(symbols, "losscope_cuda\n");
    lsc_free(symbols);
    lsc_free(command);
    command = lsc_format("nm -D --undefined-only '%s' | grep -c -E ' (lsc|nn|ds|cfg|cli)_' || true", real);
    symbols = said_by(command);
    CHECK_STR(symbols, "0\n");
    lsc_free(symbols);
    lsc_free(command);
    CHECK_INT(unsetenv("LOSSCOPE_CUDA_MODULE"), 0);
    test_result r;
    landscape_run(&r, "--list", "devices", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK(strstr(r.out, "there is no GPU to use: ") != NULL || strstr(r.out, "cuda:0 ") != NULL);
    CHECK(strstr(r.out, "is not installed") == NULL);
    test_result_free(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_module_that_is_not_there_is_named),
        TEST(an_empty_variable_is_none),
        TEST_IN_FOLDER(a_library_that_is_no_module_is_refused),
        TEST_IN_FOLDER(a_module_of_another_version_is_refused),
        TEST_IN_FOLDER(no_card_is_said_to_be_the_reason),
        TEST_IN_FOLDER(a_card_that_is_too_old_is_refused_with_what_is_needed),
        TEST_IN_FOLDER(a_device_by_a_number_that_is_none_is_refused),
        TEST_IN_FOLDER(a_device_that_fails_at_once_is_a_message),
        TEST_IN_FOLDER(a_surface_says_on_what_and_how_it_was_computed),
        TEST_IN_FOLDER(a_setting_of_the_environment_that_is_none_is_refused),
        TEST_IN_FOLDER(a_setting_of_nvidias_that_switches_off_tf32_is_refused_where_it_is_needed),
        TEST_IN_FOLDER(with_auto_the_cpu_steps_in_and_it_is_said_why),
        TEST_IN_FOLDER(a_card_without_memory_is_left_alone_with_auto_and_advised_on_otherwise),
        TEST_IN_FOLDER(a_card_that_cannot_be_opened_is_left_out_and_it_is_said),
        TEST_IN_FOLDER(several_points_at_once_are_for_gpus_alone_and_it_is_said),
        TEST(the_real_module_shows_one_symbol_needs_none_of_ours_and_says_what_it_finds),
    };
    if (argc < 3)
        return 1;
    emulated = argv[1];
    other_version = argv[2];
    real = argc > 3 ? argv[3] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
