/*
 * The program viz as people run it.
 * SPDX-License-Identifier: MIT
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"

#define VIZ LSC_BINARY_DIR "/viz/viz"

/* Without a display: what is drawn needs none. */
static const char *const no_display[] = {"DISPLAY", "WAYLAND_DISPLAY", NULL};
/* Without EGL either: no picture, exit code 69, but all the rest, and quicker. */
static const char *const no_screen[] = {"DISPLAY", "__EGL_VENDOR_LIBRARY_FILENAMES=/dev/null", NULL};

typedef const char *const words[];

static test_result run_with(const char *const *argv, const char *const *env, int64_t full_after)
{
    test_result r;

    test_run(&(test_command){.argv = argv, .env = env, .folder = test_folder(), .full_after = full_after}, &r);
    return r;
}

static void check_run(const char *const *argv, int exit_code, const char *out, const char *err)
{
    test_result r = run_with(argv, no_display, 0);

    if (r.exit_code != exit_code)
        print_message("%s%s", r.out, r.err);
    CHECK_INT(r.exit_code, exit_code);
    CHECK_HAS(r.out, out);
    CHECK_HAS(r.err, err);
    test_result_free(&r);
}

/* FOLDER/name/surface.h5 of an optimizer; NULL: without that setting. */
static void save(const char *name, const char *optimizer, double (*loss)(const double c[3]))
{
    lsc_surface *s = fixture_square(9, 9, loss);

    if (optimizer != NULL)
        CHECK_OK(lsc_surface_set(s, "optimizer", optimizer));
    CHECK_OK(lsc_surface_set(s, "train_accuracy", "0.9987"));
    CHECK_OK(lsc_surface_set(s, "held_accuracy", "not a number"));
    CHECK_OK(lsc_mkdirs(test_path("%s", name)));
    CHECK_OK(lsc_surface_save(s, NULL, test_path("%s/surface.h5", name)));
    lsc_surface_free(s);
}

static bool there(const char *name)
{
    return lsc_file_exists(test_path("%s", name));
}

static void a_path_alone_becomes_a_vtp_beside_it(void **state)
{
    (void)state;
    save("erm", "erm", fixture_bowl);
    check_run((words){VIZ, "erm/surface.h5", NULL}, 0, "", "wrote erm/surface.vtp");
    CHECK(there("erm/surface.vtp"));
    check_run((words){VIZ, "convert", "erm/surface.h5", "-o", "s.csv", NULL}, 0, "", "wrote s.csv");
    check_run((words){VIZ, "erm/surface.h5", "-q", "-o", "s.png", NULL}, 0, "", "");
    CHECK(there("s.csv") && there("s.png"));
}

static void a_comparison_writes_picture_scene_and_table(void **state)
{
    (void)state;
    save("runs/a", "erm", fixture_steep);
    save("runs/b", "sam", fixture_bowl);
    save("runs/c", NULL, fixture_bowl);
    CHECK_OK(lsc_mkdirs(test_path("runs/empty")));
    check_run((words){VIZ, "compare", "runs", "-o", "out.png", NULL}, 0, "rise at 0.5", "wrote out.png and out.vtm");
    CHECK(there("out.png") && there("out.vtm") && there("out/0_erm.vtp") && there("out/1_sam.vtp") &&
          there("out/2_c.vtp"));
    test_result r = run_with((words){VIZ, "compare", "runs/b", "runs/a/surface.h5", NULL}, no_display, 0);
    CHECK_INT(r.exit_code, 0);
    CHECK(strstr(r.out, "sam") < strstr(r.out, "erm")); /* as named */
    CHECK_HAS(r.out, "99.87 %");
    CHECK_HAS(r.out, " - "); /* held-out accuracy */
    CHECK(there("compare.png"));
    test_result_free(&r);
}

static double gentle(const double c[3])
{
    return 0.5 + 0.01 * (c[0] * c[0] + c[1] * c[1]);
}

static void a_basin_that_reaches_the_border_is_a_lower_bound(void **state)
{
    (void)state;
    save("a", "erm", gentle);
    test_result r = run_with((words){VIZ, "compare", "a", NULL}, no_screen, 0);
    CHECK_HAS(r.out, ">= 4");
    test_result_free(&r);
}

static void runs_of_one_optimizer_are_told_apart(void **state)
{
    (void)state;
    save("seed1", "sam", fixture_bowl);
    save("seed2", "sam", fixture_bowl);
    test_result r = run_with((words){VIZ, "compare", ".", NULL}, no_screen, 0);
    CHECK_HAS(r.out, "sam (seed1) ");
    CHECK_HAS(r.out, "sam (seed2) ");
    test_result_free(&r);
}

/* a/surface.h5 and b/surface.h5, alike but for the setting; NULL: alike. */
static void save_unlike(const char *key)
{
    for (int k = 0; k < 2; k++) {
        lsc_surface *s = fixture_square(9, 9, fixture_bowl);
        CHECK_OK(lsc_surface_set(s, "normalization", "filter"));
        if (key != NULL)
            CHECK_OK(lsc_surface_set(s, key, k == 0 ? "one" : "other"));
        CHECK_OK(lsc_mkdirs(test_path(k == 0 ? "a" : "b")));
        CHECK_OK(lsc_surface_save(s, NULL, test_path(k == 0 ? "a/surface.h5" : "b/surface.h5")));
        lsc_surface_free(s);
    }
}

static void check_warning(const char *text)
{
    test_result r = run_with((words){VIZ, "compare", "a", "b", NULL}, no_screen, 0);
    CHECK((strstr(r.err, "differ in") != NULL) == (text != NULL));
    if (text != NULL)
        CHECK_HAS(r.err, text);
    test_result_free(&r);
}

static void runs_that_cannot_be_compared_are_named(void **state)
{
    (void)state;
    save_unlike(NULL);
    check_warning(NULL);
    save_unlike("normalization");
    check_warning("b and a differ in normalization: their numbers cannot be compared");
    save_unlike("objective.samples_sha256");
    check_warning("b and a differ in samples");
    save_unlike(NULL);
    lsc_surface *s = fixture_square(11, 9, fixture_bowl);
    CHECK_OK(lsc_surface_save(s, NULL, test_path("b/surface.h5")));
    lsc_surface_free(s);
    check_warning("b and a differ in range or number of points");
}

static void json_is_json_whatever_a_run_is_called(void **state)
{
    const char *evil = "\"}],</script>\x1b[2J\n\xff\\";

    (void)state;
    save("a", evil, fixture_bowl);
    test_result r = run_with((words){VIZ, "compare", "a", "--json", NULL}, no_screen, 0);
    CHECK(strchr(r.out, '\x1b') == NULL && strchr(r.err, '\x1b') == NULL);
    cJSON *json = cJSON_Parse(r.out);
    CHECK(json != NULL);
    const cJSON *run = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "runs"), 0);
    CHECK_REAL(cJSON_GetNumberValue(cJSON_GetObjectItem(run, "train_accuracy")), 0.9987, 0);
    CHECK(cJSON_IsNull(cJSON_GetObjectItem(run, "held_accuracy")));
    CHECK_REAL(cJSON_GetNumberValue(cJSON_GetObjectItem(run, "loss_at_0")), 0.5, 0);
    CHECK(cJSON_IsFalse(cJSON_GetObjectItem(run, "area_is_lower_bound")));
    cJSON_Delete(json);
    test_result_free(&r);
    r = run_with((words){VIZ, "compare", "a", NULL}, no_screen, 0);
    CHECK(strchr(r.out, '\x1b') == NULL);
    test_result_free(&r);
}

static void mistakes_are_named_with_their_exit_code(void **state)
{
    (void)state;
    save("a", "erm", fixture_bowl);
    test_write_text(test_path("bad.h5"), "not a surface");
    CHECK_OK(lsc_mkdirs(test_path("empty")));
    check_run((words){VIZ, NULL}, 64, "", "Usage: viz");
    check_run((words){VIZ, "missing.h5", NULL}, 66, "", "viz: missing.h5: ");
    check_run((words){VIZ, "bad.h5", NULL}, 65, "", "viz: bad.h5: ");
    check_run((words){VIZ, "a/surface.h5", "-o", "s.jpg", NULL}, 64, "", "known: .vtp .vti .csv .png");
    check_run((words){VIZ, "convert", "a/surface.h5", "b/surface.h5", NULL}, 64, "",
              "convert takes one surface, not 2");
    check_run((words){VIZ, "convert", NULL}, 64, "", "convert takes one surface, not 0");
    check_run((words){VIZ, "compare", NULL}, 64, "", "no run is named");
    check_run((words){VIZ, "compare", "empty", NULL}, 74, "", "holds a surface.h5: make one with landscape");
    check_run((words){VIZ, "compare", "a", "-o", "out.vtp", NULL}, 64, "", "the output of a comparison is a NAME.png");
    check_run((words){VIZ, "a/surface.h5", "--height", "high", NULL}, 64, "", "unknown 'high' (known: rise loss log)");
    check_run((words){VIZ, "a/surface.h5", "--cut", "x", NULL}, 64, "", "--cut: 'x' is not a number");
    check_run((words){VIZ, "a/surface.h5", "--cut", "-1", NULL}, 64, "", "the cut -1 is not above the lowest point, 0");
    check_run((words){VIZ, "--list", "models", NULL}, 64, "", "unknown 'models' (known: formats)");
}

static void the_formats_are_listed(void **state)
{
    const viz_format *f;

    (void)state;
    test_result r = run_with((words){VIZ, "--list", "formats", NULL}, NULL, 0);
    CHECK_INT(r.exit_code, 0);
    for (int i = 0; (f = viz_format_at(i, NULL)) != NULL; i++)
        CHECK_HAS(r.out, f->name);
    test_result_free(&r);
}

static void a_full_disk_leaves_the_old_file_whole(void **state)
{
    static const char *const ends[] = {"vtp", "vti", "csv", "png"};

    (void)state;
    save("a", "erm", fixture_bowl);
    for (size_t i = 0; i < LSC_COUNT(ends); i++) {
        const char *name = test_path("s.%s", ends[i]);
        test_write_text(name, "old");
        test_result r = run_with((words){VIZ, "a/surface.h5", "-o", name, NULL}, no_display, 100);
        CHECK_INT(r.exit_code, 74);
        CHECK_HAS(r.err, "No space left on device");
        char *text = test_read(name, NULL);
        CHECK_STR(text, "old");
        CHECK(!lsc_file_exists(test_path("s.%s.part", ends[i])));
        lsc_free(text);
        test_result_free(&r);
    }
}

static void without_anything_to_draw_on_the_rest_is_written(void **state)
{
    (void)state;
    save("a", "erm", fixture_bowl);
    test_result r = run_with((words){VIZ, "compare", "a", NULL}, no_screen, 0);
    CHECK_INT(r.exit_code, 69);
    CHECK_HAS(r.err, "PNG needs libegl1 + libgl1-mesa-dri, or run under xvfb-run");
    CHECK_HAS(r.out, "erm");
    CHECK(there("compare.vtm") && there("compare/0_erm.vtp") && !there("compare.png") && !there("compare.png.part"));
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_path_alone_becomes_a_vtp_beside_it),
        TEST_IN_FOLDER(a_comparison_writes_picture_scene_and_table),
        TEST_IN_FOLDER(a_basin_that_reaches_the_border_is_a_lower_bound),
        TEST_IN_FOLDER(runs_of_one_optimizer_are_told_apart),
        TEST_IN_FOLDER(runs_that_cannot_be_compared_are_named),
        TEST_IN_FOLDER(json_is_json_whatever_a_run_is_called),
        TEST_IN_FOLDER(mistakes_are_named_with_their_exit_code),
        TEST_IN_FOLDER(the_formats_are_listed),
        TEST_IN_FOLDER(a_full_disk_leaves_the_old_file_whole),
        TEST_IN_FOLDER(without_anything_to_draw_on_the_rest_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
