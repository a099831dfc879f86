/*
 * Whole runs of the program: what they leave, that they learn, that they repeat themselves, what resumes.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "train/run.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void run_ok(test_result *r, const char *const *arguments)
{
    train_run(test_folder(), r, arguments);
    if (r->exit_code != 0)
        fail_msg("train: exit %d:\n%s", r->exit_code, r->err);
}
#define RUN_OK(r, ...) run_ok(r, (const char *const[]){__VA_ARGS__, NULL})

static double number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    return strtod(at + strlen(key), NULL);
}

/* Cell `column` (0, 1, ...) of the row of an epoch. */
static double history_cell(const char *path, int epoch, int column)
{
    char start[16], *text = test_read(path, NULL);
    snprintf(start, sizeof start, "\n%d,", epoch);
    const char *at = strstr(text, start);
    CHECK(at != NULL);
    at++;
    for (int c = 0; c < column; c++)
        at = strchr(at, ',') + 1;
    const double value = strtod(at, NULL);
    lsc_free(text);
    return value;
}

static int lines_of(const char *path)
{
    int n = 0;
    char *text = test_read(path, NULL);
    for (const char *c = text; *c != 0; c++)
        n += *c == '\n';
    lsc_free(text);
    return n;
}

/* Its last batch has a loss, and what comes of the step has none. */
static void a_run_that_diverges_in_its_last_step_is_an_error(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "out", "--set", "train.epochs=1", "--set",
          "train.batch=48", "--set", "train.lr=1000", "--set", "train.weight_decay=1000");
    CHECK_HAS(r.err, "epoch 1: the loss of what was evaluated is not finite");
    CHECK_HAS(r.err, "training diverged; lower train.lr (now 500)");
    CHECK_INT(r.exit_code, 78);
    CHECK(!lsc_file_exists(test_path("out/run.bin")) && !lsc_file_exists(test_path("out/result.json")));
    test_result_free(&r);
}

static void a_run_learns_and_leaves_its_files(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--json", "--set", "train.epochs=8");
    CHECK_HAS(r.out, "{\"run\": \"out/run.bin\", \"epochs\": 8, \"metrics\": {\"train_loss\": ");
    CHECK(number_after(r.out, "\"train_accuracy\": ") > 0.95);
    CHECK(number_after(r.out, "\"held_accuracy\": ") > 0.9);
    CHECK(lsc_file_exists(test_path("out/run.bin")));
    CHECK(lsc_file_exists(test_path("out/run.state")));
    CHECK_INT(lines_of(test_path("out/history.csv")), 9);
    CHECK_RELATIVE(history_cell(test_path("out/history.csv"), 8, 2), number_after(r.out, "\"train_loss\": "), 1e-8);
    CHECK_RELATIVE(history_cell(test_path("out/history.csv"), 8, 5), number_after(r.out, "\"held_accuracy\": "), 1e-8);
    CHECK(!lsc_file_exists(test_path("out/trajectory")));
    CHECK(!lsc_file_exists(test_path("out/run.bin.part")));
    test_result_free(&r);
}

static void every_optimizer_learns(void **state)
{
    const char *name, *text;
    (void)state;
    train_fixture();
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++) {
        test_result r;
        char setting[64];
        snprintf(setting, sizeof setting, "train.optimizer=%s", name);
        RUN_OK(&r, "--config", "run.yaml", "--out", name, "--json", "--set", setting, "--set", "train.epochs=8",
               "--set", "gac.normalise=mean");
        CHECK(number_after(r.out, "\"train_accuracy\": ") > 0.9);
        test_result_free(&r);
    }
}

static void a_loss_of_features_is_learned_with_two_views(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--json", "--set", "train.epochs=8", "--set",
           "train.optimizer=gac-fas", "--set", "gac.normalise=mean", "--set", "loss.feature=supcon");
    CHECK(number_after(r.out, "\"train_accuracy\": ") > 0.9);
    CHECK_HAS(r.err, "|eps| ");
    CHECK(history_cell(test_path("out/history.csv"), 8, 6) < history_cell(test_path("out/history.csv"), 1, 6));
    test_result_free(&r);
}

static void the_default_folder_is_named_after_the_configuration(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml");
    CHECK_HAS(r.out, "outputs/run/run.bin: training loss ");
    CHECK(lsc_file_exists(test_path("outputs/run/run.bin")));
    test_result_free(&r);
}

static void run_bin_holds_the_model_and_what_it_belongs_to(void **state)
{
    test_result r;
    nn_tensors *t = NULL;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--set", "train.trajectory_every=2", "--seed", "5");
    CHECK_OK(nn_tensors_read(test_path("out/run.bin"), &t));
    CHECK_INT(nn_tensors_count(t), 6);
    CHECK(nn_tensors_find(t, "fc1.weight") != NULL);
    CHECK_HAS(nn_tensors_meta(t, "config"), "\"train.optimizer\":");
    CHECK_HAS(nn_tensors_meta(t, "config"), "\"model.name\":");
    CHECK_HAS(nn_tensors_meta(t, "config"), "\"gac.rho\":");
    CHECK_HAS(nn_tensors_meta(t, "metrics"), "\"held_accuracy\": ");
    CHECK_STR(nn_tensors_meta(t, "epoch"), "3");
    CHECK_STR(nn_tensors_meta(t, "seed"), "5");
    CHECK_STR(nn_tensors_meta(t, "format"), "pt");
    CHECK_HAS(nn_tensors_meta(t, "command"), "--config run.yaml");
    CHECK_HAS(nn_tensors_meta(t, "versions"), "0.1.0");
    CHECK_INT(strlen(nn_tensors_meta(t, "data")), 2 + 64);
    nn_tensors_free(t);
    /* A point of the trajectory is such a file too; at the start nothing was evaluated. */
    CHECK_OK(nn_tensors_read(test_path("out/trajectory/epoch_000000.safetensors"), &t));
    CHECK_HAS(nn_tensors_meta(t, "config"), "\"model.name\":");
    CHECK(nn_tensors_meta(t, "metrics") == NULL);
    nn_tensors_free(t);
    CHECK_OK(nn_tensors_read(test_path("out/trajectory/epoch_000002.safetensors"), &t));
    CHECK_STR(nn_tensors_meta(t, "epoch"), "2");
    CHECK_HAS(nn_tensors_meta(t, "metrics"), "\"train_loss\": ");
    nn_tensors_free(t);
    CHECK(!lsc_file_exists(test_path("out/trajectory/epoch_000001.safetensors")));
    test_result_free(&r);
}

static void equal_commands_end_in_equal_bytes_and_other_seeds_do_not(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    for (int i = 0; i < 3; i++) {
        const char *folder = test_path("in%d", i);
        CHECK_OK(lsc_mkdirs(folder));
        TRAIN(folder, &r, "--config", "../run.yaml", "--out", "out", "--seed", i < 2 ? "1" : "2");
        CHECK_INT(r.exit_code, 0);
        test_result_free(&r);
    }
    check_same_file(test_path("in0/out/run.bin"), test_path("in1/out/run.bin"));
    size_t n;
    char *a = test_read(test_path("in0/out/run.bin"), &n), *b = test_read(test_path("in2/out/run.bin"), NULL);
    CHECK(memcmp(a + n / 2, b + n / 2, n / 2) != 0);
    lsc_free(a);
    lsc_free(b);
}

static void history_has_a_row_for_each_epoch_and_gaps_where_not_evaluated(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--set", "train.eval_every=2", "--set", "train.optimizer=sam");
    char *text = test_read(test_path("out/history.csv"), NULL);
    CHECK_HAS(text, "epoch,lr,train_loss,train_accuracy,held_loss,held_accuracy,batch_loss,batch_accuracy,perturbation,"
                    "perturbation_weight,perturbation_bias,perturbation_norm,seconds,processor_seconds\n1,");
    const char *second = strstr(text, "\n2,"), *third = strstr(text, "\n3,");
    CHECK(second != NULL && strstr(text, ",,,,") != NULL);
    CHECK(strstr(text, ",,,,") < second);  /* 1: not evaluated */
    CHECK(strstr(second, ",,,,") == NULL); /* 2: evaluated; 3: the last always is */
    CHECK(third != NULL);
    CHECK_HAS(second, ",0.05,"); /* |eps| = sam.rho */
    lsc_free(text);
    test_result_free(&r);
}

static void gac_fas_warms_up_by_epochs(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--set", "train.optimizer=gac-fas", "--set",
           "train.erm_epochs=2");
    CHECK_REAL(history_cell(test_path("out/history.csv"), 1, 8), 0, 0);
    CHECK_REAL(history_cell(test_path("out/history.csv"), 2, 8), 0, 0);
    CHECK(history_cell(test_path("out/history.csv"), 3, 8) > 0);
    test_result_free(&r);
}

static float first_value(const char *path)
{
    nn_tensors *t = NULL;
    CHECK_OK(nn_tensors_read(path, &t));
    const float value = (float)nn_tensor_value(nn_tensors_find(t, "fc1.weight"), 0);
    nn_tensors_free(t);
    return value;
}

static void a_run_can_begin_with_the_weights_of_another(void **state)
{
    test_result r;
    (void)state;
    train_fixture_of_two_classes();
    RUN_OK(&r, "--config", "run.yaml", "--out", "first");
    test_result_free(&r);
    RUN_OK(&r, "--config", "run.yaml", "--out", "second", "--set", "train.pretrained=first/run.bin", "--set",
           "train.trajectory_every=1", "--seed", "7");
    CHECK_HAS(r.err, "begins with the weights of first/run.bin, the head too");
    test_result_free(&r);
    CHECK_REAL(first_value(test_path("second/trajectory/epoch_000000.safetensors")),
               first_value(test_path("first/run.bin")), 0);
    /* It is needed at the start alone. */
    CHECK(remove(test_path("first/run.bin")) == 0);
    RUN_OK(&r, "--out", "second", "--resume");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "third", "--set", "train.pretrained=second/run.bin",
          "--set", "loss.name=cross_entropy");
    CHECK_INT(r.exit_code, 65);
    CHECK_HAS(r.err,
              "second/run.bin: tensor fc3.weight is [1, 64], the configuration's model needs [2, 64]: the file's "
              "head is for another number of outputs");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--dry-run", "--set", "train.pretrained=absent.pth");
    CHECK_INT(r.exit_code, 66);
    CHECK_HAS(r.err, "train.pretrained: absent.pth: No such file or directory");
    test_result_free(&r);
}

static void a_finished_run_is_left_alone(void **state)
{
    test_result r;
    struct stat before, after;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out");
    stat(test_path("out/run.bin"), &before);
    test_result_free(&r);
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--resume");
    CHECK_HAS(r.err, "out is finished: nothing to do");
    CHECK_HAS(r.out, "out/run.bin: training loss ");
    test_result_free(&r);
    RUN_OK(&r, "--out", "out", "--resume");
    stat(test_path("out/run.bin"), &after);
    CHECK_INT(after.st_ino, before.st_ino);
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "out");
    CHECK(r.exit_code != 0);
    CHECK_HAS(r.err, "out holds a finished run: --resume to keep it, --overwrite to start anew");
    test_result_free(&r);
}

static void overwriting_removes_what_was_there(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--set", "train.trajectory_every=1");
    test_result_free(&r);
    test_write_text(test_path("out/notes.txt"), "mine");
    RUN_OK(&r, "--config", "run.yaml", "--out", "out", "--overwrite", "--set", "train.epochs=1");
    CHECK(!lsc_file_exists(test_path("out/trajectory/epoch_000001.safetensors")));
    CHECK(lsc_file_exists(test_path("out/notes.txt")));
    CHECK_INT(lines_of(test_path("out/history.csv")), 2);
    test_result_free(&r);
}

static void run_bin_and_history_are_made_anew_from_run_state(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    RUN_OK(&r, "--config", "run.yaml", "--out", "out");
    rename(test_path("out/run.bin"), test_path("kept.bin"));
    rename(test_path("out/history.csv"), test_path("kept.csv"));
    test_result_free(&r);
    RUN_OK(&r, "--out", "out", "--resume");
    check_same_file(test_path("out/run.bin"), test_path("kept.bin"));
    check_same_file(test_path("out/history.csv"), test_path("kept.csv"));
    test_result_free(&r);
}

static void a_dry_run_measures_and_writes_nothing(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    const int before = test_folder_entries();
    RUN_OK(&r, "--config", "run.yaml", "--dry-run");
    CHECK_HAS(r.out, "steps       18 (3 epochs of 6 steps of 16 images)");
    CHECK_HAS(r.out, "data        96 training images in 2 domains, 32 held out");
    /* Linear 3 * 36 -> 64 -> 64 -> 10 with biases. */
    CHECK_HAS(r.out, "parameters  11786\n");
    CHECK_HAS(r.out, " MiB (peak of this measurement)");
    CHECK_INT(test_folder_entries(), before);
    test_result_free(&r);
    RUN_OK(&r, "--config", "run.yaml", "--dry-run", "--json");
    CHECK_HAS(r.out, "{\"steps\": 18, \"steps_per_epoch\": 6, \"parameters\": 11786,");
    test_result_free(&r);
}

static void a_dry_run_tells_the_optimizers_steps_from_those_of_the_beginning(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    /* 1 of 3 epochs begins as ERM, 6 steps; afterwards a step has five times as many passes. */
    RUN_OK(&r, "--config", "run.yaml", "--dry-run", "--json", "--set", "train.optimizer=gac-fas", "--set",
           "train.erm_epochs=1", "--set", "data.pad=10");
    const double step = number_after(r.out, "\"seconds_per_step\": "), run = number_after(r.out, "\"seconds\": ");
    CHECK(run > 12 * step);
    CHECK_HAS(r.out, "\"seconds_per_step_at_first\": ");
    test_result_free(&r);
}

/* Parameters, loader and evaluation of an mlp for 56 x 56 pixels: more than the program itself. */
static void a_dry_run_foretells_memory(void **state)
{
    static const char *const run[] = {"--config",
                                      "run.yaml",
                                      "--out",
                                      "out",
                                      "--json",
                                      "--set",
                                      "train.epochs=1",
                                      "--set",
                                      "data.pad=25",
                                      "--set",
                                      "train.optimizer=sam",
                                      "--set",
                                      "train.select=source_val",
                                      NULL};
    static const char *const dry[] = {"--config",  "run.yaml",
                                      "--dry-run", "--json",
                                      "--set",     "train.epochs=1",
                                      "--set",     "data.pad=25",
                                      "--set",     "train.optimizer=sam",
                                      "--set",     "train.select=source_val",
                                      NULL};
    test_result r;
    struct rusage usage;
    (void)state;
    train_fixture();
    /* ru_maxrss is the largest of all children so far: none of the tests before may have a larger one. */
    run_ok(&r, run);
    test_result_free(&r);
    getrusage(RUSAGE_CHILDREN, &usage);
    run_ok(&r, dry);
    const double foretold = number_after(r.out, "\"memory_mib\": "), measured = (double)usage.ru_maxrss / 1024;
    CHECK(measured > 20);
    CHECK_RELATIVE(foretold, measured, 0.1);
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_run_learns_and_leaves_its_files),
        TEST_IN_FOLDER(a_run_that_diverges_in_its_last_step_is_an_error),
        TEST_IN_FOLDER(every_optimizer_learns),
        TEST_IN_FOLDER(a_loss_of_features_is_learned_with_two_views),
        TEST_IN_FOLDER(the_default_folder_is_named_after_the_configuration),
        TEST_IN_FOLDER(run_bin_holds_the_model_and_what_it_belongs_to),
        TEST_IN_FOLDER(equal_commands_end_in_equal_bytes_and_other_seeds_do_not),
        TEST_IN_FOLDER(history_has_a_row_for_each_epoch_and_gaps_where_not_evaluated),
        TEST_IN_FOLDER(gac_fas_warms_up_by_epochs),
        TEST_IN_FOLDER(a_run_can_begin_with_the_weights_of_another),
        TEST_IN_FOLDER(a_finished_run_is_left_alone),
        TEST_IN_FOLDER(overwriting_removes_what_was_there),
        TEST_IN_FOLDER(run_bin_and_history_are_made_anew_from_run_state),
        TEST_IN_FOLDER(a_dry_run_measures_and_writes_nothing),
        TEST_IN_FOLDER(a_dry_run_tells_the_optimizers_steps_from_those_of_the_beginning),
        TEST_IN_FOLDER(a_dry_run_foretells_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
