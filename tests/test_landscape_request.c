/*
 * What options of the command line become: axes, directions, files; and what is refused.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/program.h"
#include "support/support.h"

static landscape_request request(const landscape_options *o)
{
    landscape_request r;
    CHECK_OK(landscape_request_init(&r, o));
    return r;
}

static void refused(landscape_options o, const char *text)
{
    landscape_request r;
    if (o.ckpt == NULL)
        o.ckpt = "run.bin";
    CHECK_FAILS(landscape_request_init(&r, &o), LSC_ERR_ARG, text);
    landscape_request_fini(&r);
}

static void the_defaults_are_51_by_51_on_the_square_beside_the_checkpoint(void **state)
{
    (void)state;
    landscape_request r = request(&(landscape_options){.ckpt = "outputs/sam/run.bin", .common = {.seed = -1}});
    CHECK_INT(r.n_dirs, 2);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(r.axes[i].n, 51);
        CHECK(r.axes[i].min == -1 && r.axes[i].max == 1);
    }
    CHECK_STR(r.direction.kind, "random");
    CHECK_INT(r.direction.normalization, LSC_NORMALIZE_FILTER);
    CHECK_INT(r.direction.seed, 1);
    CHECK_INT(r.direction.move, 0); /* the engine's default: weights only */
    CHECK_STR(r.h5, "outputs/sam/surface.h5");
    CHECK_STR(r.vtp, "outputs/sam/surface.vtp");
    landscape_request_fini(&r);
}

static void an_axis_can_have_a_range_of_its_own(void **state)
{
    (void)state;
    landscape_request r =
        request(&(landscape_options){.ckpt = "a", .dirs = 3, .points = 5, .range = {NULL, "-0.5:2.5e-1:7", "3:3:1"}});
    CHECK_INT(r.axes[0].n, 5);
    CHECK(r.axes[1].min == -0.5 && r.axes[1].max == 0.25);
    CHECK_INT(r.axes[1].n, 7);
    CHECK_INT(r.axes[2].n, 1);
    landscape_request_fini(&r);
}

static void an_axis_that_cannot_be_read_is_refused(void **state)
{
    static const char *const texts[] = {"",      "1",      "-1:1",     "-1:1:",   "-1:1:5x",
                                        "a:1:5", "-1:b:5", "-1:1:5:6", "nan:1:5", "-1:inf:5"};
    (void)state;
    lsc_axis axis;
    for (size_t i = 0; i < LSC_COUNT(texts); i++)
        CHECK_FAILS(landscape_axis_parse("--x", texts[i], &axis), LSC_ERR_ARG, "is not MIN:MAX:N");
    CHECK_FAILS(landscape_axis_parse("--x", "-1:1:0", &axis), LSC_ERR_ARG, "--x: 0 points, need 1 ..");
    CHECK_FAILS(landscape_axis_parse("--y", "-1:1:99999999999999999999", &axis), LSC_ERR_ARG, "--y:");
    CHECK_FAILS(landscape_axis_parse("--x", "1:-1:5", &axis), LSC_ERR_ARG, "1 is not below -1");
    CHECK_FAILS(landscape_axis_parse("--x", "a\033[1m:1:5", &axis), LSC_ERR_ARG, "'a\\x1b[1m:1:5'");
}

static void an_axis_without_a_direction_is_refused(void **state)
{
    (void)state;
    refused((landscape_options){.dirs = 1, .range = {NULL, "-1:1:5"}}, "--y: there is no such axis with --dirs 1");
    refused((landscape_options){.range = {NULL, NULL, "-1:1:5"}}, "--z: there is no such axis with --dirs 2");
}

static void directions_are_one_to_three(void **state)
{
    (void)state;
    refused((landscape_options){.dirs = 4}, "--dirs: 4 is not in 1 .. 3");
    refused((landscape_options){.dirs = -1}, "--dirs: -1 is not in 1 .. 3");
}

static void roles_that_move_are_a_list(void **state)
{
    (void)state;
    unsigned move = 0;
    CHECK_OK(landscape_move_parse("weight", &move));
    CHECK_INT(move, 1u << LSC_WEIGHT);
    CHECK_OK(landscape_move_parse("norm,weight,bias", &move));
    CHECK_INT(move, 1u << LSC_WEIGHT | 1u << LSC_BIAS | 1u << LSC_NORM);
    CHECK_FAILS(landscape_move_parse("weights", &move), LSC_ERR_ARG,
                "'weights' is not a list of weight, bias and norm");
    CHECK_FAILS(landscape_move_parse("", &move), LSC_ERR_ARG, "--move");
    CHECK_FAILS(landscape_move_parse("weight,,bias", &move), LSC_ERR_ARG, "--move");
    CHECK_FAILS(landscape_move_parse("weight,", &move), LSC_ERR_ARG, "--move");
}

static void directions_from_a_file_are_not_changed(void **state)
{
    (void)state;
    landscape_request r = request(&(landscape_options){.ckpt = "a", .direction_file = "d.h5"});
    CHECK_STR(r.direction.kind, "file");
    CHECK_STR(r.direction.path, "d.h5");
    landscape_request_fini(&r);
    refused((landscape_options){.direction_file = "d.h5", .normalize = "layer"}, "leave --normalize and --move out");
    refused((landscape_options){.direction_file = "d.h5", .move = "bias"}, "leave --normalize and --move out");
}

static void an_unknown_word_is_refused(void **state)
{
    (void)state;
    refused((landscape_options){.normalize = "filters"}, "--normalize: ");
    refused((landscape_options){.precision = "half"},
            "--precision: 'half' is none of single, double, tf32, fp32, fp16, bf16");
}

static void statistics_of_batch_norm_are_a_word_and_numbers_that_go_with_it(void **state)
{
    (void)state;
    landscape_request r = request(&(landscape_options){.ckpt = "a"});
    CHECK_INT(r.norm, LANDSCAPE_FROZEN);
    landscape_request_fini(&r);
    r = request(&(landscape_options){.ckpt = "a", .batch_norm = "batch", .norm_batch = 7});
    CHECK_INT(r.norm, LANDSCAPE_BATCH);
    CHECK_INT(r.norm_batch, 7);
    landscape_request_fini(&r);
    r = request(&(landscape_options){.ckpt = "a", .batch_norm = "recalibrated", .norm_images = 70});
    CHECK_INT(r.norm, LANDSCAPE_RECALIBRATED);
    CHECK_INT(r.norm_images, 70);
    landscape_request_fini(&r);
    refused((landscape_options){.batch_norm = "eval"}, "--batch-norm: 'eval' is none of frozen, batch, recalibrated");
    refused((landscape_options){.norm_batch = 7}, "--norm-batch: goes with --batch-norm batch or recalibrated");
    refused((landscape_options){.batch_norm = "batch", .norm_images = 7},
            "--norm-images: goes with --batch-norm recalibrated");
    refused((landscape_options){.batch_norm = "batch", .chunk = 7},
            "--chunk: with --batch-norm batch those of --norm-batch pass at once");
}

static void the_surface_has_a_name_of_its_own(void **state)
{
    (void)state;
    landscape_request r = request(&(landscape_options){.ckpt = "run.bin", .out = "/tmp/a.b/c.h5"});
    CHECK_STR(r.h5, "/tmp/a.b/c.h5");
    CHECK_STR(r.vtp, "/tmp/a.b/c.vtp");
    landscape_request_fini(&r);
    r = request(&(landscape_options){.ckpt = "run.bin", .no_vtp = true});
    CHECK_STR(r.h5, "./surface.h5");
    CHECK(r.vtp == NULL);
    landscape_request_fini(&r);
    refused((landscape_options){.out = "surface.vtp"}, "--out: 'surface.vtp' does not end in .h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_defaults_are_51_by_51_on_the_square_beside_the_checkpoint),
        TEST(an_axis_can_have_a_range_of_its_own),
        TEST(an_axis_that_cannot_be_read_is_refused),
        TEST(an_axis_without_a_direction_is_refused),
        TEST(directions_are_one_to_three),
        TEST(roles_that_move_are_a_list),
        TEST(directions_from_a_file_are_not_changed),
        TEST(an_unknown_word_is_refused),
        TEST(statistics_of_batch_norm_are_a_word_and_numbers_that_go_with_it),
        TEST(the_surface_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
