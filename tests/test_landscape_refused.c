/*
 * What bad input of the program `landscape` gets: a line that says what would be right, an exit code, and nothing
 * half-written.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <unistd.h>

#include "landscape_fixture.h"

#define SMALL "--points=3", "--samples=20", "--threads=1"

/* ---- options that are wrong ---------------------------------------------------------------------- */

static void a_wrong_option_is_a_usage_error(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(64, "--ckpt FILE is missing", "--dirs=2");
    CHECK_LANDSCAPE(64, "--dirs", "--ckpt", ckpt, "--dirs=0");
    CHECK_LANDSCAPE(64, "--dirs", "--ckpt", ckpt, "--dirs=4");
    CHECK_LANDSCAPE(64, "--dirs", "--ckpt", ckpt, "--dirs=two");
    CHECK_LANDSCAPE(64, "--points", "--ckpt", ckpt, "--points=0");
    CHECK_LANDSCAPE(64, "--x: '-1:1' is not MIN:MAX:N", "--ckpt", ckpt, "--x=-1:1");
    CHECK_LANDSCAPE(64, "--samples: 31 is more than the 30 images", "--ckpt", ckpt, "--samples=31");
    CHECK_LANDSCAPE(64, "unknown kind 'gaussian' (known: random", "--ckpt", ckpt, "--direction=gaussian");
    CHECK_LANDSCAPE(64, "--normalize", "--ckpt", ckpt, "--normalize=filters");
    CHECK_LANDSCAPE(64, "--precision: 'half'", "--ckpt", ckpt, "--precision=half");
    CHECK_LANDSCAPE(64, "--data: 'here' is not KIND:PATH", "--ckpt", ckpt, "--data=here");
    CHECK_LANDSCAPE(64, "mlp", "--ckpt", ckpt, "--model=mpl");
    CHECK_LANDSCAPE(64, "options only", "--ckpt", ckpt, "more");
    CHECK_LANDSCAPE(64, "--out: ", "--ckpt", ckpt, "--out=surface.vtp");
    CHECK_LANDSCAPE(78, "data.pad", "--ckpt", ckpt, "--set=data.pads=1");
    landscape_check_nothing_written();
}

static void images_that_are_no_whole_batches_are_refused(void **state)
{
    (void)state;
    landscape_data(130);
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(64, "130 images are no whole batches of 100; choose --samples 100, or another --norm-batch",
                    "--ckpt", ckpt, "--batch-norm=batch");
    CHECK_LANDSCAPE(64, "--norm-batch: 131 is more than the 130 images", "--ckpt", ckpt, "--batch-norm=batch",
                    "--norm-batch=131");
    CHECK_LANDSCAPE(64, "--norm-images: 50 are no whole batches of 100 (--norm-batch)", "--ckpt", ckpt,
                    "--batch-norm=recalibrated", "--norm-images=50");
    CHECK_LANDSCAPE(64, "--norm-images: 200 is more than the 130 images", "--ckpt", ckpt, "--batch-norm=recalibrated",
                    "--norm-images=200");
    landscape_check_nothing_written();
}

static void a_device_that_is_not_there_is_named_with_its_remedy(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, "--device=cuda", NULL);
    CHECK_HAS(r.err, "cuda");
    CHECK(r.exit_code == 64 || r.exit_code == 69);
    test_result_free(&r);
    CHECK_LANDSCAPE(69, "ref", "--ckpt", ckpt, "--device=cpu", "--precision=double");
    landscape_check_nothing_written();
}

/* ---- files that are wrong ------------------------------------------------------------------------ */

static void a_missing_file_is_no_input(void **state)
{
    (void)state;
    CHECK_LANDSCAPE(66, "absent.bin", "--ckpt", test_path("absent.bin"));
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(66, "elsewhere? --data KIND:PATH", "--ckpt", ckpt); /* no images were made */
    landscape_data(30);
    CHECK_LANDSCAPE(66, "absent.h5", "--ckpt", ckpt, "--direction-file", test_path("absent.h5"));
}

static void a_truncated_checkpoint_is_malformed(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    size_t n;
    char *bytes = test_read(ckpt, &n);
    const size_t lengths[] = {0, 7, 8, 200, n - 1};
    for (size_t i = 0; i < LSC_COUNT(lengths); i++) {
        test_write(ckpt, bytes, lengths[i]);
        CHECK_LANDSCAPE(65, "run.bin", "--ckpt", ckpt);
    }
    lsc_free(bytes);
    landscape_check_nothing_written();
}

static void a_header_length_beyond_the_file_is_malformed(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    size_t n;
    char *bytes = test_read(ckpt, &n);
    memset(bytes, 0xff, 7);
    bytes[7] = 0x7f;
    test_write(ckpt, bytes, n);
    CHECK_LANDSCAPE(65, "header", "--ckpt", ckpt);
    bytes[3] = bytes[4] = bytes[5] = bytes[6] = bytes[7] = 0; /* 16 MiB - 1 */
    test_write(ckpt, bytes, n);
    CHECK_LANDSCAPE(65, "header", "--ckpt", ckpt);
    lsc_free(bytes);
}

static void tensors_of_another_model_are_named_with_both_shapes(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, "--set=data.pad=2", NULL); /* 3 x 12 x 12 inputs instead of 3 x 8 x 8 */
    CHECK_INT(r.exit_code, 65);
    CHECK_HAS(r.err, "fc1.weight");
    CHECK_HAS(r.err, "[64, 192]");
    CHECK_HAS(r.err, "[64, 432]");
    test_result_free(&r);
    landscape_check_nothing_written();
}

static void spoil(const lsc_layout *layout, float *theta)
{
    theta[layout->n_learned / 2] = NAN;
}

static void a_checkpoint_with_nan_is_refused(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint_with(landscape_config(""), NULL, 0, spoil);
    CHECK_LANDSCAPE(65, "fc1.weight", "--ckpt", ckpt);
    landscape_check_nothing_written();
}

static void labels_beyond_the_classes_are_refused(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    const char *path = test_path("train-labels-idx1-ubyte");
    size_t n;
    char *bytes = test_read(path, &n);
    bytes[8 + 12] = 10;
    test_write(path, bytes, n);
    CHECK_LANDSCAPE(65, "train-labels-idx1-ubyte", "--ckpt", ckpt);
    lsc_free(bytes);
}

/* ---- checkpoints that are hostile ------------------------------------------------------------------ */

static void a_checkpoint_chooses_no_output_and_no_device(void **state)
{
    (void)state;
    landscape_data(30);
    const char *more = lsc_format(", \"out\": \"%s\", \"landscape.out\": \"%s\", \"device\": \"no such\", "
                                  "\"common.device\": \"no such\", \"overwrite\": true, \"objective\": \"./evil.so\"",
                                  test_path("evil.h5"), test_path("evil.h5"));
    const char *ckpt = landscape_checkpoint(more);
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, SMALL);
    CHECK(lsc_file_exists(test_path("surface.h5")));
    CHECK(!lsc_file_exists(test_path("evil.h5")));
    lsc_free((char *)more);
}

static void what_a_checkpoint_says_is_shown_escaped(void **state)
{
    (void)state;
    landscape_data(30);
    const nn_meta meta[] = {{"epoch", "3\033]0;owned\007"}};
    test_result r;
    const char *ckpt = landscape_checkpoint_with("{\"model.name\": \"\\u001b[31mred\\u0007\"}", NULL, 0, NULL);
    landscape_run(&r, "--ckpt", ckpt, SMALL, NULL);
    CHECK(r.exit_code != 0);
    CHECK(strchr(r.err, '\033') == NULL && strchr(r.err, '\007') == NULL);
    test_result_free(&r);
    lsc_surface *s = NULL;
    ckpt = landscape_checkpoint_with(landscape_config(""), meta, 1, NULL);
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, SMALL);
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    CHECK_STR(lsc_surface_get(s, "epoch"), "3\\x1b]0;owned\\x07");
    lsc_surface_free(s);
}

static void the_checkpoint_is_no_output(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint(""), *other = test_path("link.h5");
    assert_int_equal(link(ckpt, other), 0);
    CHECK_LANDSCAPE(64, "is the checkpoint", "--ckpt", ckpt, "--out", other, "--overwrite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_wrong_option_is_a_usage_error),
        TEST_IN_FOLDER(images_that_are_no_whole_batches_are_refused),
        TEST_IN_FOLDER(a_device_that_is_not_there_is_named_with_its_remedy),
        TEST_IN_FOLDER(a_missing_file_is_no_input),
        TEST_IN_FOLDER(a_truncated_checkpoint_is_malformed),
        TEST_IN_FOLDER(a_header_length_beyond_the_file_is_malformed),
        TEST_IN_FOLDER(tensors_of_another_model_are_named_with_both_shapes),
        TEST_IN_FOLDER(a_checkpoint_with_nan_is_refused),
        TEST_IN_FOLDER(labels_beyond_the_classes_are_refused),
        TEST_IN_FOLDER(a_checkpoint_chooses_no_output_and_no_device),
        TEST_IN_FOLDER(what_a_checkpoint_says_is_shown_escaped),
        TEST_IN_FOLDER(the_checkpoint_is_no_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
