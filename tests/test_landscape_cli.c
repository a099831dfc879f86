/*
 * The program `landscape` from the outside: its defaults and its output.
 * SPDX-License-Identifier: MIT
 */
#include <sys/stat.h>
#include <unistd.h>

#include "landscape_fixture.h"

#if LSC_HAVE_VTK
#define HAVE_VTK true
#else
#define HAVE_VTK false
#endif

#define SMALL "--points=3", "--samples=20", "--threads=1"

static void a_checkpoint_alone_is_enough(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    lsc_surface *s = NULL;
    lsc_axis axes[3];
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, "--dirs", "2", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "landscape: 51 x 51 = 2601 points of 30 images on ");
    CHECK_HAS(r.err, "shorter: --samples 8 (");
    CHECK_HAS(r.err, " or --points 25 (");
    CHECK_HAS(r.out, "surface.h5: 2601 of 2601 points, loss ");
    CHECK(lsc_file_exists(test_path("surface.vtp")) == HAVE_VTK);
    test_result_free(&r);
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    CHECK_INT(lsc_surface_axes(s, axes), 2);
    CHECK_INT(axes[1].n, 51);
    CHECK(axes[1].min == -1 && axes[1].max == 1);
    CHECK_STR(lsc_surface_get(s, "optimizer"), "sam");
    CHECK_STR(lsc_surface_get(s, "train_accuracy"), "0.875");
    CHECK_STR(lsc_surface_get(s, "held_accuracy"), "0.5");
    CHECK_STR(lsc_surface_get(s, "epoch"), "3");
    CHECK_STR(lsc_surface_get(s, "normalization"), "filter");
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm"), "frozen");
    CHECK_HAS(lsc_surface_get(s, "command"), "--dirs 2");
    lsc_surface_free(s);
}

static void without_metadata_the_options_say_model_and_data(void **state)
{
    (void)state;
    const char *data = lsc_format("idx:%s", landscape_data(30));
    const char *ckpt = landscape_checkpoint_with(NULL, NULL, 0, NULL);
    CHECK_LANDSCAPE(78, "does not say what it is a minimum of", "--ckpt", ckpt, SMALL);
    CHECK_LANDSCAPE(78, "give --model NAME and --data KIND:PATH", "--ckpt", ckpt, SMALL, "--model=mlp");
    landscape_check_nothing_written();
    CHECK_LANDSCAPE(0, "9 points", "--ckpt", ckpt, SMALL, "--model=mlp", "--data", data, "--set=data.pad=0");
    CHECK(lsc_file_exists(test_path("surface.h5")));
    lsc_free((char *)data);
}

static void one_to_three_directions_are_evaluated(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(0, "3 points of 20", "--ckpt", ckpt, SMALL, "--dirs=1", "--out", test_path("1.h5"));
    CHECK_LANDSCAPE(0, "3 x 2 = 6 points", "--ckpt", ckpt, SMALL, "--y=-1:1:2", "--out", test_path("2.h5"));
    CHECK_LANDSCAPE(0, "3 x 3 x 3 = 27 points", "--ckpt", ckpt, SMALL, "--dirs=3", "--out", test_path("3.h5"));
}

static void a_complete_surface_is_reported_and_its_vtp_made_again(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, SMALL);
    unlink(test_path("surface.vtp"));
    struct stat before, after;
    assert_int_equal(stat(test_path("surface.h5"), &before), 0);
    CHECK_LANDSCAPE(0, "surface.h5 was complete already", "--ckpt", ckpt, SMALL);
    assert_int_equal(stat(test_path("surface.h5"), &after), 0);
    CHECK_INT(after.st_ino, before.st_ino);
    CHECK(lsc_file_exists(test_path("surface.vtp")) == HAVE_VTK);
}

static void other_settings_are_refused_unless_told_to_overwrite(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, SMALL);
    CHECK_LANDSCAPE(78, "normalization", "--ckpt", ckpt, SMALL, "--normalize=layer");
    CHECK_LANDSCAPE(78, "seed", "--ckpt", ckpt, SMALL, "--seed=2");
    CHECK_LANDSCAPE(78, "data_std", "--ckpt", ckpt, SMALL, "--set=data.std=60");
    CHECK_LANDSCAPE(78, "samples", "--ckpt", ckpt, "--points=3", "--samples=19");
    CHECK_LANDSCAPE(78, "precision", "--ckpt", ckpt, SMALL, "--device=ref", "--precision=double");
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, SMALL, "--normalize=layer", "--overwrite");
}

static void statistics_of_batch_norm_are_a_choice_that_a_resume_keeps_to(void **state)
{
    (void)state;
    landscape_data(130);
    const char *ckpt = landscape_checkpoint("");
    lsc_surface *s = NULL;
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, "--points=3", "--batch-norm=recalibrated", "--no-vtp");
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm"), "recalibrated");
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm_batch"), "100");
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm_images"), "100"); /* whole batches of 130 */
    lsc_surface_free(s);
    CHECK_LANDSCAPE(0, "complete already", "--ckpt", ckpt, "--points=3", "--batch-norm=recalibrated", "--no-vtp");
    CHECK_LANDSCAPE(78, "objective.batch_norm: recalibrated in the file, frozen now", "--ckpt", ckpt, "--points=3");
    CHECK_LANDSCAPE(78, "objective.batch_norm_images: 100 in the file, 60 now", "--ckpt", ckpt, "--points=3",
                    "--batch-norm=recalibrated", "--norm-batch=20", "--norm-images=60");
    CHECK_LANDSCAPE(0, "9 points of 120 images", "--ckpt", ckpt, "--points=3", "--samples=120", "--batch-norm=batch",
                    "--norm-batch=40", "--no-vtp", "--overwrite");
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm"), "batch");
    CHECK_STR(lsc_surface_get(s, "objective.batch_norm_batch"), "40");
    lsc_surface_free(s);
}

static void json_is_one_object_on_stdout(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, SMALL, "--json", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "{\"status\": \"complete\", \"surface\": \"");
    CHECK_HAS(r.out, "\"points\": 9, \"done\": 9, \"loss_centre\": ");
    CHECK_INT(r.out[strlen(r.out) - 2], '}');
    CHECK(strchr(r.out, '\n') == r.out + strlen(r.out) - 1);
    test_result_free(&r);
}

static void a_dry_run_tells_the_work_and_writes_nothing(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, "--dry-run", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "51 x 51 = 2601 points");
    CHECK_HAS(r.out, "78030 images forward (30 of each point)");
    CHECK_HAS(r.out, "time     about ");
    CHECK_HAS(r.out, " MiB");
    test_result_free(&r);
    landscape_run(&r, "--ckpt", ckpt, "--dry-run", "--json", NULL);
    CHECK_HAS(r.out,
              "{\"status\": \"dry-run\", \"points\": 2601, \"done\": 0, \"samples\": 30, \"forward_passes\": 78030");
    test_result_free(&r);
    landscape_check_nothing_written();
}

static void lists_name_every_kind(void **state)
{
    static const char *const families[][2] = {
        {"directions", "random"},    {"models", "resnet56"}, {"datasets", "cifar10"},
        {"losses", "cross_entropy"}, {"devices", "ref"},
    };
    (void)state;
    test_result r;
    for (size_t i = 0; i < LSC_COUNT(families); i++) {
        landscape_run(&r, "--list", families[i][0], NULL);
        CHECK_INT(r.exit_code, 0);
        CHECK_HAS(r.out, families[i][1]);
        test_result_free(&r);
    }
    CHECK_LANDSCAPE(64, "--list: 'animals' is none of directions, models", "--list", "animals");
}

static void help_and_version_are_there(void **state)
{
    (void)state;
    test_result r;
    landscape_run(&r, "--help", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "landscape --ckpt outputs/demo/sam/run.bin --dirs 2");
    CHECK_HAS(r.out, "--samples=N");
    test_result_free(&r);
    landscape_run(&r, "--version", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "landscape ");
    CHECK_HAS(r.out, lsc_version());
    test_result_free(&r);
    landscape_run(&r, "--help-config", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "data.rotations");
    test_result_free(&r);
}

static void other_images_than_those_trained_on_get_a_warning(void **state)
{
    (void)state;
    landscape_data(30);
    nn_meta meta = {"data", "\"0123\""};
    char hash[80];
    lsc_surface *s = NULL;
    test_result r;
    const char *ckpt = landscape_checkpoint_with(landscape_config(""), &meta, 1, NULL);
    CHECK_LANDSCAPE(0, "warning: these are not the images that ", "--ckpt", ckpt, SMALL);
    CHECK_OK(lsc_surface_load(test_path("surface.h5"), &s));
    snprintf(hash, sizeof hash, "\"%s\"", lsc_surface_get(s, "objective.data_sha256"));
    lsc_surface_free(s);
    meta.value = hash;
    ckpt = landscape_checkpoint_with(landscape_config(""), &meta, 1, NULL);
    landscape_run(&r, "--ckpt", ckpt, SMALL, "--overwrite", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK(strstr(r.err, "trained on") == NULL);
    test_result_free(&r);
}

/* FOLDER/run.bin: a ResNet-20 with a running variance below zero, and nothing said about it. */
static const char *checkpoint_with_negative_variance(void)
{
    const char *path = test_path("run.bin");
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    const lsc_layout *layout = nn_graph_layout(g);
    float *theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    assert_non_null(theta);
    nn_graph_init(g, 1, theta);
    for (int b = 0; b < layout->n_blocks; b++)
        if (strcmp(lsc_layout_block(layout, b)->name, "bn1.running_var") == 0)
            theta[lsc_layout_block(layout, b)->offset] = -1;
    CHECK_OK(nn_checkpoint_write(path, layout, theta, NULL, 0));
    lsc_free(theta);
    nn_graph_free(g);
    return path;
}

static void points_that_are_not_finite_are_counted(void **state)
{
    (void)state;
    char *data = lsc_format("idx:%s", landscape_data(30));
    const char *ckpt = checkpoint_with_negative_variance();
    test_result r;
    landscape_run(&r, "--ckpt", ckpt, "--model=resnet20", "--data", data, "--set=data.pad=12", "--samples=2",
                  "--points=2", "--dirs=1", "--json", NULL);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "warning: 2 points are NaN: a running variance is negative there");
    CHECK_HAS(r.out, "\"status\": \"complete\"");
    CHECK_HAS(r.out, "\"loss_min\": null, \"loss_max\": null, \"not_finite\": 2");
    test_result_free(&r);
    lsc_free(data);
}

static void a_build_without_vtk_says_so_and_keeps_the_surface(void **state)
{
    (void)state;
    landscape_data(30);
    const char *ckpt = landscape_checkpoint("");
    if (HAVE_VTK)
        skip();
    CHECK_LANDSCAPE(0, "warning: ", "--ckpt", ckpt, SMALL);
    CHECK(lsc_file_exists(test_path("surface.h5")));
    CHECK_LANDSCAPE(0, "VTK", "--ckpt", ckpt, SMALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_checkpoint_alone_is_enough),
        TEST_IN_FOLDER(without_metadata_the_options_say_model_and_data),
        TEST_IN_FOLDER(one_to_three_directions_are_evaluated),
        TEST_IN_FOLDER(a_complete_surface_is_reported_and_its_vtp_made_again),
        TEST_IN_FOLDER(other_settings_are_refused_unless_told_to_overwrite),
        TEST_IN_FOLDER(statistics_of_batch_norm_are_a_choice_that_a_resume_keeps_to),
        TEST_IN_FOLDER(json_is_one_object_on_stdout),
        TEST_IN_FOLDER(a_dry_run_tells_the_work_and_writes_nothing),
        TEST(lists_name_every_kind),
        TEST(help_and_version_are_there),
        TEST_IN_FOLDER(other_images_than_those_trained_on_get_a_warning),
        TEST_IN_FOLDER(points_that_are_not_finite_are_counted),
        TEST_IN_FOLDER(a_build_without_vtk_says_so_and_keeps_the_surface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
