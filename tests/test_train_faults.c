/*
 * A full disk for each file that train writes, files that are cut or do not belong: exit code, words, and old files
 * that stay whole.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "train/run.h"

#include "nn/nn.h"

#include <math.h>
#include <sys/stat.h>

#define ONE_EPOCH                                                                                                      \
    "--config", "run.yaml", "--out", "out", "--resume", "--set", "train.epochs=1", "--set", "train.wait_minutes=0"

static const char *const one_epoch[] = {ONE_EPOCH, NULL};
static const char *const one_epoch_with_trajectory[] = {ONE_EPOCH, "--set", "train.trajectory_every=1", NULL};

static int64_t size_of(const char *path)
{
    struct stat info;
    CHECK(stat(path, &info) == 0);
    return info.st_size;
}

static void run_full(const char *const *arguments, int64_t bytes, test_result *r)
{
    const char *argv[32];
    test_command c;
    train_command(test_folder(), arguments, argv, &c);
    c.full_after = bytes;
    test_run(&c, r);
}

static void check_full(const test_result *r, const char *file)
{
    CHECK_INT(r->exit_code, 74);
    CHECK_HAS(r->err, file);
    CHECK_HAS(r->err, "No space left on device");
    CHECK(!lsc_file_exists(test_path("%s.part", file)));
}

/* run.bin, run.state and history.csv of an undisturbed run, moved to kept.*, with out/ as it was before. */
static void keep_undisturbed(const char *const *arguments)
{
    test_result r;
    train_run(test_folder(), &r, arguments);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    CHECK(rename(test_path("out"), test_path("kept")) == 0);
}

/* out/ is a run of one epoch, which is finished. */
static void finish_run(void)
{
    train_fixture();
    keep_undisturbed(one_epoch);
    CHECK(rename(test_path("kept"), test_path("out")) == 0);
}

static void finishes_the_same(void)
{
    test_result r;
    train_run(test_folder(), &r, one_epoch);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    check_same_file(test_path("out/run.bin"), test_path("kept/run.bin"));
}

/* One epoch writes: run.state (as begun), run.state, history.csv, history.jsonl, run.bin, result.json. */
static void a_full_disk_stops_at_each_file_and_the_rest_stays(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    keep_undisturbed(one_epoch);
    const int64_t last = size_of(test_path("kept/run.state")), history = size_of(test_path("kept/history.csv")),
                  lines = size_of(test_path("kept/history.jsonl"));

    run_full(one_epoch, 100, &r);
    check_full(&r, "out/run.state");
    CHECK(!lsc_file_exists(test_path("out/run.state")));
    test_result_free(&r);

    run_full(one_epoch, last, &r); /* the first is a little shorter: it has no history yet */
    check_full(&r, "out/run.state");
    CHECK_HAS(r.err, "; going on in memory, and trying again");
    const int64_t first = size_of(test_path("out/run.state"));
    CHECK(first < last);
    test_result_free(&r);

    run_full(one_epoch, last + history / 2, &r); /* resumed: nothing is written at the start */
    check_full(&r, "out/history.csv");
    CHECK_INT(size_of(test_path("out/run.state")), last);
    test_result_free(&r);

    run_full(one_epoch, history + lines / 2, &r); /* resumed after the epoch: both are made anew, then run.bin */
    check_full(&r, "out/history.jsonl");
    test_result_free(&r);

    run_full(one_epoch, history + lines + 200, &r);
    check_full(&r, "out/run.bin");
    CHECK(!lsc_file_exists(test_path("out/run.bin")));
    CHECK_INT(size_of(test_path("out/run.state")), last);
    test_result_free(&r);

    run_full(one_epoch, history + lines + size_of(test_path("kept/run.bin")) + 20, &r);
    check_full(&r, "out/result.json");
    CHECK(lsc_file_exists(test_path("out/run.bin")));
    test_result_free(&r);
    finishes_the_same();
}

/* run.state fails after the first and the second of three epochs. */
static void a_run_goes_on_in_memory_while_the_disk_is_full(void **state)
{
    static const char *const three[] = {"--config", "run.yaml", "--out", "out", "--resume", NULL};
    static const char *const room[] = {"LSC_TEST_FULL_CALLS=2", NULL};
    const char *argv[32];
    test_command c;
    test_result r;
    (void)state;
    train_fixture();
    keep_undisturbed(three);
    const int64_t first = size_of(test_path("kept/run.state"));

    train_command(test_folder(), three, argv, &c);
    c.full_after = first; /* a little more than the first has, which has no history yet */
    c.env = room;
    test_run(&c, &r);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "out/run.state: cannot write: No space left on device; going on in memory");
    CHECK_HAS(r.err, "saved again: out/run.state");
    test_result_free(&r);
    check_same_file(test_path("out/run.bin"), test_path("kept/run.bin"));
    check_same_history(test_path("out/history.csv"), test_path("kept/history.csv"));
}

/* The last save of run.state and run.bin fail; then somebody makes room. */
static void a_run_that_is_done_waits_for_room(void **state)
{
    static const char *const waiting[] = {ONE_EPOCH, "--set", "train.wait_minutes=10", NULL};
    static const char *const room[] = {"LSC_TEST_FULL_CALLS=3", NULL};
    const char *argv[32];
    test_command c;
    test_result r;
    (void)state;
    train_fixture();
    keep_undisturbed(waiting);
    train_command(test_folder(), waiting, argv, &c);
    c.full_after = size_of(test_path("kept/run.state"));
    c.env = room;
    test_run(&c, &r);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "the run is done, and trying again for 10 minutes: make room, or give up by Ctrl-C");
    test_result_free(&r);
    check_same_file(test_path("out/run.bin"), test_path("kept/run.bin"));
    check_same_history(test_path("out/history.csv"), test_path("kept/history.csv"));
}

static void a_full_disk_stops_at_the_trajectory(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    run_full(one_epoch_with_trajectory, 100, &r);
    check_full(&r, "out/run.state");
    test_result_free(&r);
    keep_undisturbed(one_epoch);
    run_full(one_epoch_with_trajectory, size_of(test_path("kept/run.state")) + 100, &r);
    check_full(&r, "out/trajectory/epoch_000000.safetensors");
    test_result_free(&r);
}

static void overwriting_on_a_full_disk_keeps_the_old_run(void **state)
{
    test_result r;
    (void)state;
    finish_run();
    run_full((const char *const[]){"--config", "run.yaml", "--out", "out", "--overwrite", NULL}, 100, &r);
    check_full(&r, "out/run.state");
    CHECK(lsc_file_exists(test_path("out/run.bin")));
    CHECK(lsc_file_exists(test_path("out/history.csv")));
    test_result_free(&r);
    train_run(test_folder(), &r, one_epoch);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "is finished: nothing to do");
    test_result_free(&r);
}

static void a_file_size_limit_is_an_error_not_a_death(void **state)
{
    const char *argv[32];
    test_command c;
    test_result r;
    (void)state;
    train_fixture();
    train_command(test_folder(), one_epoch, argv, &c);
    c.file_limit = 2000;
    test_run(&c, &r);
    CHECK_INT(r.exit_code, 74);
    CHECK_HAS(r.err, "out/run.state");
    CHECK_HAS(r.err, "File too large");
    test_result_free(&r);
}

/* ---- files that do not belong ---------------------------------------------------------------- */

static void check_refused(int exit_code, const char *text)
{
    test_result r;
    train_run(test_folder(), &r, one_epoch);
    CHECK_HAS(r.err, text);
    CHECK_INT(r.exit_code, exit_code);
    test_result_free(&r);
}

static void a_truncated_state_is_refused_by_its_name(void **state)
{
    (void)state;
    finish_run();
    size_t n;
    char *bytes = test_read(test_path("out/run.state"), &n);
    static const size_t kept[] = {0, 7, 8, 100};
    for (size_t i = 0; i < LSC_COUNT(kept); i++) {
        test_write(test_path("out/run.state"), bytes, kept[i]);
        check_refused(65, "out/run.state");
    }
    test_write(test_path("out/run.state"), bytes, n - 1);
    check_refused(65, "out/run.state");
    lsc_free(bytes);
}

static void a_file_that_is_no_state_is_refused(void **state)
{
    (void)state;
    train_fixture();
    keep_undisturbed(one_epoch);
    CHECK_OK(lsc_mkdirs(test_path("out")));
    char *bytes;
    size_t n;
    bytes = test_read(test_path("kept/run.bin"), &n);
    test_write(test_path("out/run.state"), bytes, n);
    lsc_free(bytes);
    check_refused(65, "out/run.state: no tensor 'theta': not a run.state of train");
    test_write_text(test_path("out/run.state"), "model: mlp\n");
    check_refused(65, "out/run.state");
}

static void write_state(float value, int64_t n, int64_t step)
{
    nn_tensors *t = NULL;
    const char *const keys[] = {"config", "history", "command", "backend", "threads", "data", "validation", "held"};
    nn_meta meta[LSC_COUNT(keys)];
    float *theta = lsc_calloc((size_t)n, sizeof *theta);
    double zeros[64] = {0};
    const int64_t n_sums = sizeof(tr_sums) / sizeof *zeros, n_metrics = sizeof(tr_metrics) / sizeof *zeros,
                  n_choice = sizeof(tr_choice) / sizeof *zeros;
    CHECK_OK(nn_tensors_read(test_path("kept/run.state"), &t));
    for (size_t i = 0; i < LSC_COUNT(keys); i++)
        meta[i] = (nn_meta){keys[i], nn_tensors_meta(t, keys[i])};
    theta[n / 2] = value;
    const nn_tensor tensors[] = {
        {.name = "theta", .dtype = NN_DT_F32, .rank = 1, .shape = {n}, .data = theta, .elements = n},
        {.name = "momentum", .dtype = NN_DT_F32, .rank = 1, .shape = {n}, .data = theta, .elements = n},
        {.name = "step", .dtype = NN_DT_I64, .rank = 1, .shape = {1}, .data = &step, .elements = 1},
        {.name = "sums", .dtype = NN_DT_F64, .rank = 1, .shape = {n_sums}, .data = zeros, .elements = n_sums},
        {.name = "metrics", .dtype = NN_DT_F64, .rank = 1, .shape = {n_metrics}, .data = zeros, .elements = n_metrics},
        {.name = "chosen", .dtype = NN_DT_F64, .rank = 1, .shape = {n_choice}, .data = zeros, .elements = n_choice},
        {.name = "oracle", .dtype = NN_DT_F64, .rank = 1, .shape = {n_choice}, .data = zeros, .elements = n_choice},
    };
    CHECK_OK(lsc_mkdirs(test_path("out")));
    CHECK_OK(nn_tensors_write(test_path("out/run.state"), tensors, LSC_COUNT(tensors), meta, LSC_COUNT(meta)));
    nn_tensors_free(t);
    lsc_free(theta);
}

static void a_state_with_other_numbers_than_the_model_is_refused(void **state)
{
    const int64_t n = 11786; /* of the fixture's mlp */
    (void)state;
    train_fixture();
    keep_undisturbed(one_epoch);
    write_state(0, n - 1, 0);
    check_refused(65, "out/run.state: tensor 'theta' has 11785 elements, the configuration's model needs 11786");
    write_state(NAN, n, 0);
    check_refused(65, "out/run.state: theta or momentum is not finite");
    write_state(0, n, 7);
    check_refused(65, "out/run.state: step 7, the run has 0 to 6");
    write_state(0, n, -1);
    check_refused(65, "out/run.state: step -1");
}

static void other_settings_than_those_of_the_run_are_listed(void **state)
{
    test_result r;
    (void)state;
    finish_run();
    TRAIN(test_folder(), &r, ONE_EPOCH, "--set", "train.lr=0.01", "--set", "train.optimizer=sam");
    CHECK_INT(r.exit_code, 78);
    CHECK_HAS(r.err,
              "out was started with other settings: train.optimizer is \"sam\", it was \"erm\"; train.lr is 0.01, it "
              "was 0.05; give the same, or --overwrite to start anew");
    test_result_free(&r);
}

/* In both directions. */
static void change_last_pixel(const char *path)
{
    size_t n;
    char *bytes = test_read(path, &n);
    bytes[n - 1] ^= 1;
    test_write(path, bytes, n);
    lsc_free(bytes);
}

static void other_data_than_those_of_the_run_are_refused(void **state)
{
    (void)state;
    finish_run();
    change_last_pixel(test_path("t10k-images-idx3-ubyte"));
    check_refused(78, "train: the held-out images in ");
    change_last_pixel(test_path("t10k-images-idx3-ubyte"));
    change_last_pixel(test_path("train-images-idx3-ubyte"));
    check_refused(78, "train: the training images in ");
    check_refused(78, "are not those that the run was started with: put them back, or --overwrite");
}

static void another_device_than_that_of_the_run_is_refused(void **state)
{
    test_result r;
    (void)state;
    finish_run();
    TRAIN(test_folder(), &r, ONE_EPOCH, "--device", "strict");
    CHECK_HAS(r.err, "the run was started with --device ref, not strict: give the same, or --overwrite");
    CHECK_INT(r.exit_code, 78);
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_full_disk_stops_at_each_file_and_the_rest_stays),
        TEST_IN_FOLDER(a_run_goes_on_in_memory_while_the_disk_is_full),
        TEST_IN_FOLDER(a_run_that_is_done_waits_for_room),
        TEST_IN_FOLDER(a_full_disk_stops_at_the_trajectory),
        TEST_IN_FOLDER(overwriting_on_a_full_disk_keeps_the_old_run),
        TEST_IN_FOLDER(a_file_size_limit_is_an_error_not_a_death),
        TEST_IN_FOLDER(a_truncated_state_is_refused_by_its_name),
        TEST_IN_FOLDER(a_file_that_is_no_state_is_refused),
        TEST_IN_FOLDER(a_state_with_other_numbers_than_the_model_is_refused),
        TEST_IN_FOLDER(other_settings_than_those_of_the_run_are_listed),
        TEST_IN_FOLDER(other_data_than_those_of_the_run_are_refused),
        TEST_IN_FOLDER(another_device_than_that_of_the_run_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
