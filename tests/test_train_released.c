/*
 * Configuration files of the released GAC-FAS code: what each key becomes, what is said about those without effect, and
 * what is refused. The four protocols are those in configs/.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/released.h"

#include <stdlib.h>

/* Keys of ours and their values after reading. */
typedef struct {
    const char *key, *value;
} expected;

static const expected of_all[] = {
    {"model.name", "face_resnet18"},
    {"loss.feature", "supcon"},
    {"data.kind", "faces"},
    {"data.path", "./datasets/"},
    {"data.resize", "256"},
    {"data.frames", "1"},
    {"data.pad", "0"},
    {"data.mean", "123.675, 116.28, 103.53"},
    {"data.std", "58.395, 57.12, 57.375"},
    {"train.pretrained", "imagenet"},
    {"train.batch", "96"},
    {"train.head_lr_scale", "10"},
    {"train.momentum", "0.9"},
    {"train.nesterov", "false"},
    {"train.schedule", "step"},
    {"step.gamma", "0.5"},
    {"train.warming_epochs", "1"},
    {"train.optimizer", "gac-fas"},
    {"train.augment_resized_crop", "true"},
    {"train.augment_flip", "true"},
    {"train.augment_rotate", "180"},
    {"train.augment_cutout", "0.5"},
    {"train.eval_last", "10"},
    {"train.select", "source_val"},
    {"train.seed", "1223"},
    {"gac.rho", "0.1"},
    {"gac.eta", "0"},
    {"gac.alpha", "0.0002"},
    {"gac.variant", "paper"},
};

static const struct {
    const char *file;
    expected keys[14];
} protocols[] = {
    {"ICM2O",
     {{"data.domains", "replay casia msu"},
      {"data.held_domains", "oulu"},
      {"train.lr", "0.005"},
      {"train.weight_decay", "0.0001"},
      {"step.size", "40"},
      {"train.epochs", "150"},
      {"train.erm_epochs", "10"},
      {"train.eval_every", "5"},
      {"train.sampler", "shuffled"},
      {"loss.name", "bce"},
      {"loss.scale", "12"},
      {"loss.feature_weight", "0.2"}}},
    {"OCI2M",
     {{"data.domains", "oulu casia replay"},
      {"data.held_domains", "msu"},
      {"train.lr", "0.005"},
      {"train.weight_decay", "0.0001"},
      {"step.size", "5"},
      {"train.epochs", "20"},
      {"train.erm_epochs", "2"},
      {"train.eval_every", "5"},
      {"train.sampler", "round-robin"},
      {"loss.name", "bce"},
      {"loss.scale", "12"},
      {"loss.feature_weight", "0.2"}}},
    {"OCM2I",
     {{"data.domains", "oulu casia msu"},
      {"data.held_domains", "replay"},
      {"train.lr", "0.005"},
      {"train.weight_decay", "0.0001"},
      {"step.size", "40"},
      {"train.epochs", "50"},
      {"train.erm_epochs", "10"},
      {"train.eval_every", "1"},
      {"train.sampler", "shuffled"},
      {"loss.name", "bce"},
      {"loss.scale", "12"},
      {"loss.feature_weight", "0.1"}}},
    {"OMI2C",
     {{"data.domains", "oulu msu replay"},
      {"data.held_domains", "casia"},
      {"train.lr", "0.01"},
      {"train.weight_decay", "0.0005"},
      {"step.size", "5"},
      {"train.epochs", "80"},
      {"train.erm_epochs", "2"},
      {"train.eval_every", "1"},
      {"train.sampler", "shuffled"},
      {"loss.name", "cross_entropy"},
      {"loss.scale", "32"},
      {"loss.feature_weight", "0.2"}}},
};

static void check_value(const tr_config *c, const char *key, const char *value)
{
    char line[256], *yaml = cfg_to_yaml(c->sections, c->n_sections);
    const bool list = strchr(value, ',') != NULL, quoted = strchr(value, ' ') != NULL && !list;
    snprintf(line, sizeof line, "\n%s: %s%s%s ", key,
             list     ? "["
             : quoted ? "\""
                      : "",
             value,
             list     ? "]"
             : quoted ? "\""
                      : "");
    char *text = lsc_format("\n%s", yaml);
    CHECK_HAS(text, line);
    lsc_free(text);
    lsc_free(yaml);
}

static void the_four_protocols_are_read_as_they_are(void **state)
{
    (void)state;
    lsc_log_set("test", LSC_LOG_QUIET);
    for (size_t k = 0; k < LSC_COUNT(protocols); k++) {
        char path[256];
        tr_config *c = NULL;
        snprintf(path, sizeof path, LSC_SOURCE_DIR "/configs/%s.yaml", protocols[k].file);
        CHECK(tr_is_released(path));
        CHECK_OK(tr_config_new(&c));
        CHECK_OK(tr_config_read(path, c));
        for (size_t i = 0; i < LSC_COUNT(of_all); i++)
            check_value(c, of_all[i].key, of_all[i].value);
        for (int i = 0; protocols[k].keys[i].key != NULL; i++)
            check_value(c, protocols[k].keys[i].key, protocols[k].keys[i].value);
        tr_config_free(c);
    }
}

/* StepLR of PyTorch, by hand: lr gamma^floor(epoch / step). */
static void learning_rates_end_where_the_released_ones_do(void **state)
{
    static const double last[] = {0.005 / 8, 0.005 / 8, 0.0025, 0.01 / 32768};
    (void)state;
    lsc_log_set("test", LSC_LOG_QUIET);
    for (size_t k = 0; k < LSC_COUNT(protocols); k++) {
        char path[256];
        tr_config *c = NULL;
        snprintf(path, sizeof path, LSC_SOURCE_DIR "/configs/%s.yaml", protocols[k].file);
        CHECK_OK(tr_config_new(&c));
        CHECK_OK(tr_config_read(path, c));
        CHECK_RELATIVE(tr_config_lr(c, (c->train.epochs - 1) * 22 + 21, 22), last[k], 1e-14); /* of 22 steps an epoch */
        CHECK_RELATIVE(tr_config_lr(c, 21, 22), c->train.lr, 0);
        tr_config_free(c);
    }
}

static void our_own_files_are_read_as_ever(void **state)
{
    static const char *const files[] = {"synfas_erm", "synfas_sam", "synfas_gacfas", "demo_erm",
                                        "demo_sam",   "demo_asam",  "demo_gacfas"};
    (void)state;
    for (size_t k = 0; k < LSC_COUNT(files); k++) {
        char path[256];
        tr_config *c = NULL;
        snprintf(path, sizeof path, LSC_SOURCE_DIR "/configs/%s.yaml", files[k]);
        CHECK(!tr_is_released(path));
        CHECK_OK(tr_config_new(&c));
        CHECK_OK(tr_config_read(path, c));
        tr_config_free(c);
    }
}

/* ---- the program ---------------------------------------------------------------------------------- */

static void convert(test_result *r, const char *file)
{
    const char *const argv[] = {LSC_BINARY_DIR "/train/train", "convert-config", file, NULL};
    test_run(&(test_command){.argv = argv, .folder = test_folder()}, r);
}

#define HEAD "train_set: [OULU, MSU_MFSD]\ntest_set: CASIA_MFSD\n"

/* A released file with these lines below TRAIN. */
static void convert_text(test_result *r, const char *training)
{
    char *text = lsc_format(HEAD "TRAIN:\n%s", training);
    test_write_text(test_path("c.yaml"), text);
    lsc_free(text);
    convert(r, "c.yaml");
}

static void what_is_printed_is_a_configuration_of_ours(void **state)
{
    test_result r;
    tr_config *c = NULL;
    (void)state;
    convert(&r, LSC_SOURCE_DIR "/configs/ICM2O.yaml");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "train.lr: 0.005  # learning rate\n");
    CHECK(strstr(r.out, "train.momentum") == NULL); /* at its default */
    test_write_text(test_path("ours.yaml"), r.out);
    test_result_free(&r);
    CHECK(!tr_is_released(test_path("ours.yaml")));
    CHECK_OK(tr_config_new(&c));
    CHECK_OK(tr_config_read(test_path("ours.yaml"), c));
    for (size_t i = 0; i < LSC_COUNT(of_all); i++)
        check_value(c, of_all[i].key, of_all[i].value);
    tr_config_free(c);
}

static void keys_without_effect_are_named_in_one_warning(void **state)
{
    test_result r;
    (void)state;
    convert(&r, LSC_SOURCE_DIR "/configs/OMI2C.yaml");
    CHECK_HAS(r.err, "OMI2C.yaml: the released code never reads MODEL.norm, MODEL.usebias, TRAIN.optimizer, "
                     "TRAIN.scheduler, TRAIN.rotate, TRAIN.feat_loss, TRAIN.iter_per_epoch: they have no effect");
    CHECK_HAS(r.err, "MODEL.num_classes is 1, TRAIN.loss_func ce needs 2: 2 outputs are taken");
    CHECK_HAS(r.err, "the released code leaves TRAIN.logit_scale out of the loss ce; here it is 32");
    test_result_free(&r);
    convert_text(&r, "  lr: 0.1\n");
    CHECK_STR(r.err, "");
    test_result_free(&r);
}

static void both_spellings_and_all_names_of_the_minimizer_are_taken(void **state)
{
    static const char *const minimizers[] = {"gac-fas", "gacfas", "gac"};
    test_result r;
    (void)state;
    convert_text(&r, "  lambda_contrast: 0.3\n");
    CHECK_HAS(r.out, "loss.feature_weight: 0.3 ");
    test_result_free(&r);
    convert_text(&r, "  lambda_constrast: 0.3\n  GAC-FAS: {rho: 0.7}\n");
    CHECK_HAS(r.out, "loss.feature_weight: 0.3 ");
    CHECK_HAS(r.out, "gac.rho: 0.7 ");
    test_result_free(&r);
    for (size_t i = 0; i < LSC_COUNT(minimizers); i++) {
        char line[64];
        snprintf(line, sizeof line, "  minimizer: %s\n", minimizers[i]);
        convert_text(&r, line);
        CHECK_HAS(r.out, "train.optimizer: gac-fas ");
        test_result_free(&r);
    }
}

static void check_refused(const char *training, const char *message)
{
    test_result r;
    convert_text(&r, training);
    CHECK_HAS(r.err, message);
    CHECK_INT(r.exit_code, 78);
    test_result_free(&r);
}

static void everything_else_is_refused_with_its_place(void **state)
{
    test_result r;
    (void)state;
    check_refused("  lrr: 0.1\n", "c.yaml:4:3: TRAIN.lrr: unknown key (did you mean TRAIN.lr?)");
    check_refused("  GAC: {rhoo: 1}\n", "c.yaml:4:9: TRAIN.GAC.rhoo: unknown key (did you mean TRAIN.GAC.rho?)");
    check_refused("  lr: fast\n", "c.yaml:4:7: TRAIN.lr: is 'fast'; it takes a number");
    check_refused("  loss_func: mse\n", "TRAIN.loss_func: unknown 'mse'");
    check_refused("  lr: 0.1\ntrain:\n  lr: 0.1\n",
                  "c.yaml:5:1: train: unknown key (known: protocol train_set test_set");
    check_refused("  lambda_constrast: 1\n  lambda_contrast: 1\n",
                  "c.yaml: TRAIN.lambda_constrast and TRAIN.lambda_contrast are two spellings of one key");
    check_refused("  loss_func: bce\nMODEL: {num_classes: 2}\n",
                  "c.yaml: MODEL.num_classes is 2, TRAIN.loss_func bce has 1 output");
    test_write_text(test_path("d.yaml"), "TRAIN: {lr: 1}\n");
    convert(&r, "d.yaml");
    CHECK_INT(r.exit_code, 78);
    CHECK_HAS(r.err, "d.yaml: train_set and test_set must name the source domains and the held-out domain");
    test_result_free(&r);
    convert(&r, "absent.yaml");
    CHECK_INT(r.exit_code, 66);
    test_result_free(&r);
}

/* Before the data are opened, which takes its time. */
static void missing_weights_are_the_first_thing_that_is_said(void **state)
{
    const char *const argv[] = {
        LSC_BINARY_DIR "/train/train", "--config", LSC_SOURCE_DIR "/configs/ICM2O.yaml", "--out", "out", NULL};
    test_result r;
    (void)state;
    setenv("TORCH_HOME", test_folder(), 1);
    test_run(&(test_command){.argv = argv, .folder = test_folder()}, &r);
    CHECK_HAS(r.err, "/hub/checkpoints/resnet18-*.pth: No such file or directory; put torchvision's file there");
    CHECK_INT(r.exit_code, 66);
    test_result_free(&r);
    unsetenv("TORCH_HOME");
}

static lsc_status read_config(void *path)
{
    tr_config *c = NULL;
    lsc_status st = tr_config_new(&c);
    if (st == LSC_OK)
        st = tr_released_read(path, c);
    tr_config_free(c);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    lsc_log_set("test", LSC_LOG_QUIET);
    CHECK(test_torture(read_config, LSC_SOURCE_DIR "/configs/OMI2C.yaml") > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_four_protocols_are_read_as_they_are),
        TEST(learning_rates_end_where_the_released_ones_do),
        TEST(our_own_files_are_read_as_ever),
        TEST_IN_FOLDER(what_is_printed_is_a_configuration_of_ours),
        TEST_IN_FOLDER(keys_without_effect_are_named_in_one_warning),
        TEST_IN_FOLDER(both_spellings_and_all_names_of_the_minimizer_are_taken),
        TEST_IN_FOLDER(everything_else_is_refused_with_its_place),
        TEST_IN_FOLDER(missing_weights_are_the_first_thing_that_is_said),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
