/*
 * Configuration files of the released GAC-FAS code: its keys, and what each means here. Names are its own, misspellings
 * included. Three kinds of keys have no effect: those that code never reads, those that the command line says here, and
 * those that name a run.
 * Source: the four configurations of Leminhbinh0209/CVPR24-FAS.
 * SPDX-License-Identifier: MIT
 */
#include "train/released.h"

#include <string.h>

#define RELEASED_SEED  "1223"
#define EVALUATED_LAST 10    /* of the last epochs each is evaluated, and they are summarized */
#define CUTOUT         "0.5" /* its probability */
#define ROTATION       "180" /* degrees either way, whatever TRAIN.rotate says */

/* Normalization of ImageNet, of values 0..255. */
#define MEAN "123.675, 116.28, 103.53"
#define STD  "58.395, 57.12, 57.375"

typedef struct {
    cfg_text text, train_set, test_set, data_folder, model, pretrained, loss, minimizer;
    bool flag, balance, cutout;
    int64_t whole, image_size, classes, batch, step_size, warming, epochs, minimizer_warming, eval_every, frames;
    double lr, head_scale, decay, momentum, gamma, scale, lambda, rho, eta, alpha;
} released;

/* clang-format off */
static const cfg_field fields[] = {
    CFG_TEXT  (released, text,              "protocol",                 "",         ""),
    CFG_WORDS (released, train_set,         "train_set",                "",         "the source domains, in the order of their labels"),
    CFG_WORDS (released, test_set,          "test_set",                 "",         "the held-out domain"),
    CFG_TEXT  (released, text,              "running_name",             "",         ""),
    CFG_TEXT  (released, data_folder,       "PATH.data_folder",         "./datasets/", ""),
    CFG_TEXT  (released, text,              "PATH.output_folder",       "",         ""),
    CFG_INT   (released, whole,             "SYS.num_gpus",             "1",        0, 1e6, ""),
    CFG_TEXT  (released, text,              "SYS.GPUs",                 "",         ""),
    CFG_INT   (released, whole,             "SYS.num_workers",          "4",        0, 1e6, ""),
    CFG_TEXT  (released, text,              "SYS.precision",            "",         ""),
    CFG_TEXT  (released, text,              "SYS.matmul_precision",     "",         ""),
    CFG_CHOICE(released, model,             "MODEL.model_name",         "resnet18", "resnet18", ""),
    CFG_BOOL  (released, flag,              "MODEL.norm",               "true",     ""),
    CFG_BOOL  (released, flag,              "MODEL.usebias",            "false",    ""),
    CFG_INT   (released, image_size,        "MODEL.image_size",         "256",      1, 4096, ""),
    CFG_INT   (released, classes,           "MODEL.num_classes",        "1",        1, 2, ""),
    CFG_TEXT  (released, pretrained,        "TRAIN.pretrained",         "imagenet", ""),
    CFG_INT   (released, batch,             "TRAIN.batch_size",         "96",       1, 1e6, ""),
    CFG_REAL  (released, lr,                "TRAIN.lr",                 "0.005",    0, 1e3, ""),
    CFG_REAL  (released, head_scale,        "TRAIN.fc_lr_scale",        "10",       1e-6, 1e6, ""),
    CFG_REAL  (released, decay,             "TRAIN.weight_decay",       "1e-4",     0, 1e3, ""),
    CFG_REAL  (released, momentum,          "TRAIN.momentum",           "0.9",      0, 1, ""),
    CFG_INT   (released, step_size,         "TRAIN.lr_step_size",       "40",       1, 1e6, ""),
    CFG_REAL  (released, gamma,             "TRAIN.lr_gamma",           "0.5",      0, 1, ""),
    CFG_TEXT  (released, text,              "TRAIN.optimizer",          "SGD",      ""),
    CFG_TEXT  (released, text,              "TRAIN.scheduler",          "step",     ""),
    CFG_INT   (released, warming,           "TRAIN.warming_epochs",     "1",        0, 1e6, ""),
    CFG_INT   (released, epochs,            "TRAIN.epochs",             "150",      1, 1e6, ""),
    CFG_BOOL  (released, balance,           "TRAIN.balance_loader",     "false",    ""),
    CFG_INT   (released, whole,             "TRAIN.iter_per_epoch",     "10",       0, 1e9, ""),
    CFG_CHOICE(released, loss,              "TRAIN.loss_func",          "bce",      "bce ce", ""),
    CFG_REAL  (released, scale,             "TRAIN.logit_scale",        "12",       1e-6, 1e6, ""),
    CFG_BOOL  (released, flag,              "TRAIN.rotate",             "true",     ""),
    CFG_BOOL  (released, cutout,            "TRAIN.cutout",             "true",     ""),
    CFG_TEXT  (released, text,              "TRAIN.auto_augment",       "",         ""),
    CFG_TEXT  (released, text,              "TRAIN.feat_loss",          "supcon",   ""),
    CFG_REAL  (released, lambda,            "TRAIN.lambda_constrast",   "0",        0, 1e6, ""),
    CFG_REAL  (released, lambda,            "TRAIN.lambda_contrast",    "0",        0, 1e6, ""),
    CFG_CHOICE(released, minimizer,         "TRAIN.minimizer",          "gac-fas",  "gac-fas gacfas gac sam asam sagm erm", ""),
    CFG_INT   (released, minimizer_warming, "TRAIN.minimizer_warming",  "0",        0, 1e6, ""),
    CFG_REAL  (released, rho,               "TRAIN.GAC.rho",            "0.1",      0, 1e3, ""),
    CFG_REAL  (released, eta,               "TRAIN.GAC.eta",            "0",        0, 1e3, ""),
    CFG_REAL  (released, alpha,             "TRAIN.GAC.alpha",          "2e-4",     0, 1e3, ""),
    CFG_REAL  (released, rho,               "TRAIN.GAC-FAS.rho",        "0.1",      0, 1e3, ""),
    CFG_REAL  (released, eta,               "TRAIN.GAC-FAS.eta",        "0",        0, 1e3, ""),
    CFG_REAL  (released, alpha,             "TRAIN.GAC-FAS.alpha",      "2e-4",     0, 1e3, ""),
    CFG_INT   (released, eval_every,        "TEST.eval_preq",           "1",        1, 1e6, ""),
    CFG_INT   (released, frames,            "TEST.n_frames",            "1",        1, 1e6, ""),
};
/* clang-format on */

/* ---- what has no effect -------------------------------------------------------------------------- */

static const char *const never_read[] = {"MODEL.norm",         "MODEL.usebias",       "TRAIN.optimizer",
                                         "TRAIN.scheduler",    "TRAIN.rotate",        "TRAIN.feat_loss",
                                         "TRAIN.auto_augment", "TRAIN.iter_per_epoch"};

/* Two spellings of one key. */
static const char *const twins[][2] = {{"TRAIN.lambda_constrast", "TRAIN.lambda_contrast"},
                                       {"TRAIN.GAC.rho", "TRAIN.GAC-FAS.rho"},
                                       {"TRAIN.GAC.eta", "TRAIN.GAC-FAS.eta"},
                                       {"TRAIN.GAC.alpha", "TRAIN.GAC-FAS.alpha"}};

static bool was_given(const lsc_text *seen, const char *key)
{
    char line[64];
    snprintf(line, sizeof line, "\n%s\n", key);
    return seen->text != NULL && strstr(seen->text, line) != NULL;
}

static lsc_status warn_of_idle_keys(const char *path, const lsc_text *seen)
{
    lsc_status st = LSC_OK;
    lsc_text idle = {0};
    for (size_t i = 0; i < LSC_COUNT(never_read); i++)
        if (was_given(seen, never_read[i]))
            lsc_text_add(&idle, "%s%s", idle.length > 0 ? ", " : "", never_read[i]);
    LSC_CHECK(!idle.failed, LSC_ERR_NOMEM, "%s: no memory for a warning", path);
    if (idle.length > 0)
        lsc_log_warn("%s: the released code never reads %s: they have no effect", path, idle.text);
cleanup:
    lsc_text_free(&idle);
    return st;
}

static lsc_status check_twins(const char *path, const lsc_text *seen)
{
    lsc_status st = LSC_OK;
    for (size_t i = 0; i < LSC_COUNT(twins); i++)
        LSC_CHECK(!was_given(seen, twins[i][0]) || !was_given(seen, twins[i][1]), LSC_ERR_CONFIG,
                  "%s: %s and %s are two spellings of one key: give one of them", path, twins[i][0], twins[i][1]);
cleanup:
    return st;
}

/* ---- what it means here --------------------------------------------------------------------------- */

/* One key of ours after another; the first failure stays. */
typedef struct {
    const char *path;
    tr_config *config;
    lsc_status status;
} setter;

static void set_text(setter *s, const char *key, const char *value)
{
    lsc_text assignment = {0};
    if (s->status != LSC_OK)
        return;
    lsc_text_add(&assignment, "%s=%s", key, value);
    s->status = assignment.failed ? lsc_fail(LSC_ERR_NOMEM, "no memory for %s", key)
                                  : cfg_set(s->path, assignment.text, s->config->sections, s->config->n_sections);
    lsc_text_free(&assignment);
}

static void set_real(setter *s, const char *key, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    set_text(s, key, text);
}

static void set_whole(setter *s, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    set_text(s, key, text);
}

static const char *folder_of(const char *domain)
{
    static const char *const names[][2] = {
        {"OULU", "oulu"}, {"CASIA_MFSD", "casia"}, {"Replay_attack", "replay"}, {"MSU_MFSD", "msu"}};
    for (size_t i = 0; i < LSC_COUNT(names); i++)
        if (strcmp(names[i][0], domain) == 0)
            return names[i][1];
    return domain;
}

/* Names of data sets as those of their folders. */
static void set_domains(setter *s, const char *key, const cfg_text *domains)
{
    char list[CFG_TEXT_MAX], folders[2 * CFG_TEXT_MAX] = "", *rest = NULL;
    size_t used = 0;
    snprintf(list, sizeof list, "%s", domains->s);
    for (char *one = strtok_r(list, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest))
        used += (size_t)snprintf(folders + used, sizeof folders - used, "%s%s", used > 0 ? " " : "", folder_of(one));
    set_text(s, key, folders);
}

static void set_data(setter *s, const released *r)
{
    set_text(s, "data.kind", "faces");
    set_text(s, "data.path", r->data_folder.s);
    set_domains(s, "data.domains", &r->train_set);
    set_domains(s, "data.held_domains", &r->test_set);
    set_whole(s, "data.resize", r->image_size);
    set_whole(s, "data.frames", r->frames);
    set_text(s, "data.pad", "0");
    set_text(s, "data.mean", MEAN);
    set_text(s, "data.std", STD);
    set_text(s, "train.sampler", r->balance ? "round-robin" : "shuffled");
    set_text(s, "train.augment_resized_crop", "true");
    set_text(s, "train.augment_flip", "true");
    set_text(s, "train.augment_rotate", ROTATION);
    set_text(s, "train.augment_cutout", r->cutout ? CUTOUT : "0");
}

/* The released code computes the loss ce of one output, which it refuses, and without the scale. */
static void set_loss(setter *s, const released *r)
{
    const bool ce = strcmp(r->loss.s, "ce") == 0;

    if (s->status == LSC_OK && !ce && r->classes != 1)
        s->status = lsc_fail(LSC_ERR_CONFIG, "%s: MODEL.num_classes is %lld, TRAIN.loss_func bce has 1 output", s->path,
                             (long long)r->classes);
    if (ce && r->classes == 1)
        lsc_log_warn("%s: MODEL.num_classes is 1, TRAIN.loss_func ce needs 2: 2 outputs are taken", s->path);
    if (ce)
        lsc_log_warn("%s: the released code leaves TRAIN.logit_scale out of the loss ce; here it is %g "
                     "(--set loss.scale=1 for the released loss)",
                     s->path, r->scale);
    set_text(s, "model.name", "face_resnet18");
    set_text(s, "model.classes", "2");
    set_text(s, "loss.name", ce ? "cross_entropy" : "bce");
    set_real(s, "loss.scale", r->scale);
    set_text(s, "loss.feature", r->lambda > 0 ? "supcon" : "none");
    if (r->lambda > 0)
        set_real(s, "loss.feature_weight", r->lambda);
}

static void set_training(setter *s, const released *r)
{
    const bool gac = strncmp(r->minimizer.s, "gac", 3) == 0;

    set_text(s, "train.pretrained", r->pretrained.s);
    set_text(s, "train.optimizer", gac ? "gac-fas" : r->minimizer.s);
    set_whole(s, "train.erm_epochs", r->minimizer_warming);
    set_whole(s, "train.warming_epochs", r->warming);
    set_whole(s, "train.epochs", r->epochs);
    set_whole(s, "train.batch", r->batch);
    set_real(s, "train.lr", r->lr);
    set_real(s, "train.head_lr_scale", r->head_scale);
    set_real(s, "train.weight_decay", r->decay);
    set_real(s, "train.momentum", r->momentum);
    set_text(s, "train.schedule", "step");
    set_whole(s, "step.size", r->step_size);
    set_real(s, "step.gamma", r->gamma);
    set_text(s, "train.seed", RELEASED_SEED);
    set_whole(s, "train.eval_every", r->eval_every);
    set_whole(s, "train.eval_last", r->epochs < EVALUATED_LAST ? r->epochs : EVALUATED_LAST);
    set_real(s, "gac.rho", r->rho);
    set_real(s, "gac.eta", r->eta);
    set_real(s, "gac.alpha", r->alpha);
}

lsc_status tr_released_read(const char *path, tr_config *out)
{
    lsc_status st = LSC_OK;
    released r = {0};
    const cfg_section section = {fields, LSC_COUNT(fields), &r};
    lsc_text seen = {0};
    char shown[256];
    setter s = {lsc_shown(path, shown, sizeof shown), out, LSC_OK};

    cfg_defaults(&section, 1);
    LSC_TRY(cfg_load_yaml_seen(path, &section, 1, &seen));
    LSC_TRY(check_twins(shown, &seen));
    LSC_CHECK(r.train_set.s[0] != '\0' && r.test_set.s[0] != '\0', LSC_ERR_CONFIG,
              "%s: train_set and test_set must name the source domains and the held-out domain", shown);
    LSC_TRY(warn_of_idle_keys(shown, &seen));
    set_data(&s, &r);
    set_loss(&s, &r);
    set_training(&s, &r);
    LSC_TRY(s.status);
cleanup:
    lsc_text_free(&seen);
    return st;
}

bool tr_is_released(const char *path)
{
    return cfg_yaml_has(path, "TRAIN");
}

lsc_status tr_config_read(const char *path, tr_config *out)
{
    return tr_is_released(path) ? tr_released_read(path, out) : cfg_load_yaml(path, out->sections, out->n_sections);
}
