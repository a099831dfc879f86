/*
 * Resuming: the same command ends in the same bytes, another one is told what differs, two at once are refused.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <sys/stat.h>

#include "losscope_fixture.h"
#include "losscope_h5.h"

/* What a test varies of a run. */
typedef struct {
    bool coords;      /* route */
    int stop_at;      /* points of this run; 0: to the end */
    lsc_axis axes[2]; /* zeros: 7 x 5 over [-1, 1] */
    uint64_t seed;
    float shift;          /* of the center */
    const char *settings; /* of the objective; NULL: the fixture's */
    const char *split;    /* a setting of the caller's; NULL: "train" */
    const char *host;     /* a note; NULL: "a" */
    int n_fields;         /* 0: 3 */
    bool overwrite;
    fixture_quadratic q;
} job;

static bool stop_now(void *context)
{
    const job *j = context;

    return j->stop_at > 0 && j->q.points >= j->stop_at;
}

static lsc_status run(job *j, const char *path)
{
    lsc_status st = LSC_OK;
    lsc_objective obj = fixture_objective(&j->q, j->coords);
    const lsc_axis standard[] = {{-1, 1, 7}, {-1, 1, 5}};
    const lsc_direction_options d = {.seed = j->seed};
    const lsc_setting settings[] = {{"split", j->split == NULL ? "train" : j->split}};
    const lsc_setting notes[] = {{"host", j->host == NULL ? "a" : j->host}};
    const lsc_run_options o = {.path = path,
                               .settings = settings,
                               .n_settings = 1,
                               .notes = notes,
                               .n_notes = 1,
                               .overwrite = j->overwrite,
                               .stop = stop_now,
                               .context = j};
    float center[FIXTURE_N];
    lsc_frame *frame = NULL;
    lsc_plan *plan = NULL;
    lsc_surface *s = NULL;

    j->q.points = 0;
    obj.settings = j->settings == NULL ? obj.settings : j->settings;
    obj.n_fields = j->n_fields == 0 ? obj.n_fields : j->n_fields;
    fixture_center(center);
    center[0] += j->shift;
    LSC_TRY(lsc_frame_new(&fixture_layout, center, 2, &d, &frame));
    LSC_TRY(lsc_plan_new(j->axes[0].n == 0 ? standard : j->axes, 2, &plan));
    LSC_TRY(lsc_run(&obj, frame, plan, &o, &s));
cleanup:
    lsc_surface_free(s);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
    return st;
}

static void check_same_files(const char *a, const char *b)
{
    size_t n[2];
    char *bytes[2] = {test_read(a, &n[0]), test_read(b, &n[1])};

    CHECK_INT(n[0], n[1]);
    CHECK_BYTES(bytes[0], bytes[1], n[0]);
    lsc_free(bytes[0]);
    lsc_free(bytes[1]);
}

static void a_resumed_run_ends_in_the_same_bytes(void **state)
{
    const char *whole, *cut;
    job j = {0};

    (void)state;
    CHECK_OK(lsc_mkdirs(test_path("whole")));
    CHECK_OK(lsc_mkdirs(test_path("cut")));
    whole = test_path("whole/s.h5");
    cut = test_path("cut/s.h5");
    CHECK_OK(run(&j, whole));
    CHECK_INT(j.q.points, 35);
    for (int i = 0; i < 3; i++) { /* by turns on both routes, which give equal bits */
        j = (job){.stop_at = 8, .coords = i % 2 == 1};
        CHECK_FAILS(run(&j, cut), LSC_ERR_STOPPED, "stopped on request");
    }
    j = (job){0};
    CHECK_OK(run(&j, cut));
    CHECK_INT(j.q.points, 35 - 8 - 14 - 8);
    check_same_files(cut, whole);
}

static void a_complete_file_is_left_alone(void **state)
{
    const char *path = test_path("s.h5");
    struct stat before, after;
    job j = {0};

    (void)state;
    CHECK_OK(run(&j, path));
    CHECK_INT(stat(path, &before), 0);
    CHECK_OK(run(&j, path));
    CHECK_INT(j.q.points, 0);
    CHECK_INT(stat(path, &after), 0);
    CHECK_INT(before.st_ino, after.st_ino);
}

static void notes_may_differ_and_are_kept(void **state)
{
    const char *path = test_path("s.h5");
    job j = {.stop_at = 3};
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(run(&j, path), LSC_ERR_STOPPED, "");
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_OK(lsc_surface_set(s, "remark", "of the user"));
    CHECK_OK(lsc_surface_save(s, NULL, path));
    lsc_surface_free(s);
    j = (job){.host = "b"};
    CHECK_OK(run(&j, path));
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_STR(lsc_surface_get(s, "host"), "b");
    CHECK_STR(lsc_surface_get(s, "remark"), "of the user");
    CHECK_STR(lsc_surface_get(s, "split"), "train");
    CHECK_STR(lsc_surface_get(s, "objective.data"), "none");
    CHECK_STR(lsc_surface_get(s, "directions"), "random");
    CHECK_STR(lsc_surface_get(s, "normalization"), "filter");
    CHECK_STR(lsc_surface_get(s, "seed"), "1");
    CHECK_STR(lsc_surface_get(s, "move"), "weight");
    lsc_surface_free(s);
}

static void check_refused(const char *path, job j, const char *difference)
{
    size_t n[2];
    char *before = test_read(path, &n[0]), *after;

    CHECK_FAILS(run(&j, path), LSC_ERR_CONFIG, "s.h5: was computed with other settings:\n");
    CHECK_HAS(lsc_last_error(), difference);
    CHECK_INT(j.q.points, 0);
    after = test_read(path, &n[1]);
    CHECK_INT(n[0], n[1]);
    CHECK_BYTES(before, after, n[0]);
    lsc_free(before);
    lsc_free(after);
}

static void what_differs_is_listed_line_by_line(void **state)
{
    const char *path = test_path("s.h5");
    job j = {.stop_at = 3};

    (void)state;
    CHECK_FAILS(run(&j, path), LSC_ERR_STOPPED, "");
    check_refused(path, (job){.seed = 2}, "\n  seed: 1 in the file, 2 now");
    check_refused(path, (job){.seed = 2}, "\n  directions_hash: ");
    check_refused(path, (job){.shift = 1}, "\n  center_hash: ");
    check_refused(path, (job){.split = "test"}, "\n  split: train in the file, test now");
    check_refused(path, (job){.settings = "{\"data\": \"other\"}"}, "\n  objective.data: none in the file, other now");
    check_refused(path, (job){.settings = "{\"data\": \"none\"}"}, "\n  objective.images: 0 in the file, absent now");
    check_refused(path, (job){.settings = "{\"data\": \"none\", \"images\": 0, \"bn\": \"frozen\"}"},
                  "\n  objective.bn: absent in the file, frozen now");
    check_refused(path, (job){.axes = {{-1, 1, 7}, {-1, 1, 9}}},
                  "\n  axis 1: -1 .. 1, 5 points in the file, -1 .. 1, 9 points now");
    check_refused(path, (job){.n_fields = 2}, "\n  fields: 3 in the file, 2 now");
}

static void overwriting_starts_anew(void **state)
{
    const char *path = test_path("s.h5");
    job j = {.stop_at = 3};
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(run(&j, path), LSC_ERR_STOPPED, "");
    j = (job){.seed = 2, .overwrite = true};
    CHECK_OK(run(&j, path));
    CHECK_INT(j.q.points, 35);
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_STR(lsc_surface_get(s, "seed"), "2");
    lsc_surface_free(s);
}

static void a_file_that_cannot_be_read_is_not_overwritten(void **state)
{
    const char *path = test_path("s.h5");
    job j = {0};
    hid_t file;

    (void)state;
    test_write_text(path, "precious");
    CHECK_FAILS(run(&j, path), LSC_ERR_FORMAT, "s.h5: not an HDF5 file");
    file = spoil_new(path);
    spoil_doubles(file, "xcoordinates", 1, (hsize_t[]){7}, (double[]){-3, -2, -1, 0, 1, 2, 3});
    spoil_doubles(file, "train_loss", 1, (hsize_t[]){7}, (double[7]){0});
    H5Fclose(file);
    check_refused(path, (job){0}, "\n  seed: absent in the file, 1 now");
}

typedef struct {
    job *j;
    const char *path;
    int refused;
} second;

/* A save renames a new file into place; the lock must not go with the old one. */
static void try_another(void *context, const lsc_surface *s)
{
    second *two = context;
    job other = {0};

    CHECK_OK(lsc_surface_save(s, NULL, two->path));
    CHECK_FAILS(run(&other, two->path), LSC_ERR_IO, "in use by this process already");
    CHECK_INT(other.q.points, 0);
    two->refused++;
}

static void a_second_run_on_the_same_file_is_refused_across_saves(void **state)
{
    job j = {.coords = true};
    second two = {&j, test_path("s.h5"), 0};
    const lsc_objective obj = fixture_objective(&j.q, true);
    const lsc_run_options o = {.path = two.path, .progress = try_another, .context = &two};
    float center[FIXTURE_N];
    lsc_frame *frame = NULL;
    lsc_plan *plan = NULL;
    lsc_surface *s = NULL;

    (void)state;
    fixture_center(center);
    CHECK_OK(lsc_frame_new(&fixture_layout, center, 1, NULL, &frame));
    CHECK_OK(lsc_plan_new(&(lsc_axis){-1, 1, 35}, 1, &plan));
    CHECK_OK(lsc_run(&obj, frame, plan, &o, &s));
    CHECK_INT(two.refused, 5);
    CHECK_INT(test_folder_entries(), 1);
    lsc_surface_free(s);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

static lsc_status run_anew(void *path)
{
    job j = {.overwrite = true};

    return run(&j, path);
}

static void a_run_survives_failing_allocations(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s", test_path("s.h5"));
    CHECK(test_torture(run_anew, path) >= 20);
    CHECK_INT(test_folder_entries(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_resumed_run_ends_in_the_same_bytes),
        TEST_IN_FOLDER(a_complete_file_is_left_alone),
        TEST_IN_FOLDER(notes_may_differ_and_are_kept),
        TEST_IN_FOLDER(what_differs_is_listed_line_by_line),
        TEST_IN_FOLDER(overwriting_starts_anew),
        TEST_IN_FOLDER(a_file_that_cannot_be_read_is_not_overwritten),
        TEST_IN_FOLDER(a_second_run_on_the_same_file_is_refused_across_saves),
        TEST_IN_FOLDER(a_run_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
