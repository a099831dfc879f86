/*
 * What wrong input gets: exit code, where, what, and what would be right; nothing is left behind.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "train/train.h"

typedef struct {
    int exit_code;
    const char *text;
    const char *arguments[8];
} wrong;

static void check_wrong(const wrong *w)
{
    test_result r;
    const int before = test_folder_entries();
    train_run(test_folder(), &r, w->arguments);
    CHECK_HAS(r.err, w->text);
    CHECK_INT(r.exit_code, w->exit_code);
    CHECK_STR(r.out, "");
    CHECK_INT(test_folder_entries(), before);
    test_result_free(&r);
}

#define RUN     "--config", "run.yaml"
#define SET(kv) RUN, "--set", kv

static void wrong_usage_says_what_would_be_right(void **state)
{
    static const wrong cases[] = {
        {64, "give --config FILE to start a run, or --out FOLDER --resume to continue one", {NULL}},
        {64, "give --config FILE to start a run", {"--out", "out"}},
        {64, "give one of them", {RUN, "--resume", "--overwrite"}},
        {64, "'run.yaml': neither an option nor", {"run.yaml"}},
        {64, "--list prints text: leave out --json", {"--list", "--json"}},
        {64, "train: unrecognized option '--bogus'", {"--bogus"}},
        {64, "--list: 'optimisers' is none of optimizers, schedules", {"--list", "optimisers"}},
    };
    (void)state;
    train_fixture();
    for (size_t i = 0; i < LSC_COUNT(cases); i++)
        check_wrong(&cases[i]);
}

static void wrong_settings_say_what_would_be_right(void **state)
{
    static const wrong cases[] = {
        {78, "--set: train.optimizr: ", {SET("train.optimizr=sam")}},
        {78, "did you mean train.optimizer", {SET("train.optimizr=sam")}},
        {78,
         "train.optimizer: unknown 'samm' (did you mean sam? known: erm sam asam sagm gac-fas group-dro v-rex)",
         {SET("train.optimizer=samm")}},
        {78, "los.xyz: unknown key (did you mean a key of loss? known: train loss model ", {SET("los.xyz=1")}},
        {78, "train.lr: is 'fast'; it takes a number, 0..1000", {SET("train.lr=fast")}},
        {78, "train.epochs: 0 is out of range (1..1000000)", {SET("train.epochs=0")}},
        {78, "sam.rho: -1 is out of range", {SET("sam.rho=-1")}},
        {78, "gac.normalise: unknown 'max' (known: sum mean)", {SET("gac.normalise=max")}},
        {78, "train.batch is 97, the training data has 96 images", {SET("train.batch=97")}},
    };
    (void)state;
    train_fixture();
    for (size_t i = 0; i < LSC_COUNT(cases); i++)
        check_wrong(&cases[i]);
}

static void things_that_are_not_there_are_named(void **state)
{
    static const wrong cases[] = {
        {66, "none.yaml", {"--config", "none.yaml"}},
        {66, "out/run.state", {"--out", "out", "--resume"}},
        {66, "nowhere/train-images-idx3-ubyte: No such file or directory", {SET("data.path=nowhere")}},
        {64, "model.name: there is no model 'resnet21' (known: resnet20 ", {SET("model.name=resnet21")}},
        {64, "loss.name: there is no loss 'hinge' (known: cross_entropy bce mse)", {SET("loss.name=hinge")}},
        {64, "there is no backend 'gpu' (known: auto cpu ref", {RUN, "--device", "gpu"}},
        {69, "cuda", {RUN, "--device", "cuda"}},
    };
    (void)state;
    train_fixture();
    for (size_t i = 0; i < LSC_COUNT(cases); i++)
        check_wrong(&cases[i]);
}

static void a_wrong_line_is_shown_with_its_place(void **state)
{
    (void)state;
    train_fixture();
    test_write_text(test_path("wrong.yaml"), "train:\n  epochs: 3\n  lrr: 0.1\n");
    check_wrong(&(wrong){78, "wrong.yaml:3:", {"--config", "wrong.yaml"}});
    check_wrong(&(wrong){78, "train.lr", {"--config", "wrong.yaml"}});
}

static void settings_that_lead_nowhere_are_warned_of(void **state)
{
    static const wrong cases[] = {
        {0, "train.lr is 0: the parameters will not move", {SET("train.lr=0")}},
        {0, "gac-fas with one source domain", {SET("train.optimizer=gac-fas"), "--set", "data.rotations="}},
        {0, "train.nesterov does nothing", {SET("train.nesterov=true"), "--set", "train.momentum=0"}},
        {0, "train.warmup_epochs is 9, the run has 3", {SET("train.warmup_epochs=9")}},
        {0, "train.warming_epochs is 3, the run has 3: nothing but the head", {SET("train.warming_epochs=3")}},
        {0,
         "train.erm_epochs is 4, the run has 3: sam never begins",
         {SET("train.erm_epochs=4"), "--set", "train.optimizer=sam"}},
        {0, "train.batch is 1 for 2 domains", {SET("train.batch=1"), "--set", "train.lr=0.001"}},
    };
    (void)state;
    train_fixture();
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        test_result r;
        train_run(test_folder(), &r, cases[i].arguments);
        CHECK_HAS(r.err, cases[i].text);
        CHECK_INT(r.exit_code, 0);
        test_result_free(&r);
        CHECK(rename(test_path("outputs/run"), test_path("done%zu", i)) == 0);
    }
}

static void lists_and_help_come_from_the_tables(void **state)
{
    const char *name, *text;
    test_result r;
    (void)state;
    TRAIN(test_folder(), &r, "--list", "optimizers");
    CHECK_INT(r.exit_code, 0);
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++) {
        CHECK_HAS(r.out, name);
        CHECK_HAS(r.out, text);
    }
    CHECK_HAS(r.out, "[Foret et al. 2021, ICLR, arXiv:2010.01412]");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--list", "schedules");
    CHECK_HAS(r.out, "cosine");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--help-config");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "train.weight_decay");
    CHECK_HAS(r.out, "gac.alpha");
    CHECK_HAS(r.out, "step.size");
    CHECK_HAS(r.out, "data.rotations");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--help");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "outputs/NAME for --config");
    test_result_free(&r);
}

static void the_docs_name_every_optimizer_schedule_and_average(void **state)
{
    const char *name, *text;
    char quoted[64], *docs = test_read(source_path("docs/training.md"), NULL);
    (void)state;
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++) {
        snprintf(quoted, sizeof quoted, "`%s`", name);
        CHECK_HAS(docs, quoted);
    }
    for (int i = 0; tr_schedule_at(i, &name, &text) != NULL; i++) {
        snprintf(quoted, sizeof quoted, "`%s`", name);
        CHECK_HAS(docs, quoted);
    }
    for (int i = 0; tr_average_at(i, &name, &text) != NULL; i++) {
        snprintf(quoted, sizeof quoted, "`%s`", name);
        CHECK_HAS(docs, quoted);
    }
    lsc_free(docs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(wrong_usage_says_what_would_be_right),
        TEST_IN_FOLDER(wrong_settings_say_what_would_be_right),
        TEST_IN_FOLDER(things_that_are_not_there_are_named),
        TEST_IN_FOLDER(a_wrong_line_is_shown_with_its_place),
        TEST_IN_FOLDER(settings_that_lead_nowhere_are_warned_of),
        TEST_IN_FOLDER(lists_and_help_come_from_the_tables),
        TEST_IN_FOLDER(the_docs_name_every_optimizer_schedule_and_average),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
