/*
 * The configuration of a training run: the keys train.*, the task's, and those that optimizers, schedules and averages
 * bring.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* " erm sam ...": the choices begin after the first space. */
static const char optimizer_names[] =
#define OPTIMIZER(id, file, name, text) " " name
#include "train/optimizers.def"
#undef OPTIMIZER
    ;
static const char schedule_names[] =
#define SCHEDULE(id, file, name, text) " " name
#include "train/schedules.def"
#undef SCHEDULE
    ;

static const char feature_names[] = "none"
#define FEATURE(name, file) " " #name
#include "nn/feature_losses.def"
#undef FEATURE
    ;
static const char average_names[] = "none"
#define AVERAGE(id, file, name, text) " " name
#include "train/averages.def"
#undef AVERAGE
    ;

static const cfg_field train_fields[] = {
    CFG_CHOICE(tr_options, optimizer, "train.optimizer", "erm", optimizer_names + 1,
               "what is minimized: --list optimizers"),
    CFG_INT(tr_options, epochs, "train.epochs", "10", 1, 1e6, "passes over the training data"),
    CFG_INT(tr_options, batch, "train.batch", "128", 1, 1e6,
            "images of one step; the incomplete last batch is dropped"),
    CFG_REAL(tr_options, lr, "train.lr", "0.1", 0, 1e3, "learning rate"),
    CFG_REAL(tr_options, momentum, "train.momentum", "0.9", 0, 1, "momentum of SGD"),
    CFG_REAL(tr_options, weight_decay, "train.weight_decay", "5e-4", 0, 1e3, "weight decay, on all parameters"),
    CFG_BOOL(tr_options, nesterov, "train.nesterov", "false", "Nesterov's form of momentum"),
    CFG_CHOICE(tr_options, schedule, "train.schedule", "cosine", schedule_names + 1,
               "learning rate over time: --list schedules"),
    CFG_REAL(tr_options, warmup_epochs, "train.warmup_epochs", "0", 0, 1e6,
             "epochs over which the learning rate rises linearly"),
    CFG_TEXT(tr_options, pretrained, "train.pretrained", "none",
             "initial weights: none, imagenet (torchvision's file, looked for where PyTorch keeps it), or a FILE"),
    CFG_REAL(tr_options, head_lr_scale, "train.head_lr_scale", "1", 1e-6, 1e6,
             "times the learning rate, for the head: the last module with a weight"),
    CFG_REAL(tr_options, warming_epochs, "train.warming_epochs", "0", 0, 1e6,
             "first epochs in which only the head learns; running statistics move"),
    CFG_REAL(tr_options, erm_epochs, "train.erm_epochs", "0", 0, 1e6,
             "first epochs of plain ERM, before train.optimizer takes over"),
    CFG_CHOICE(tr_options, average, "train.average", "none", average_names,
               "average of theta over steps that run.bin holds: --list averages"),
    CFG_CHOICE(tr_options, feature, "loss.feature", "none", feature_names,
               "loss of the features added in training, on two views of each image"),
    CFG_REAL(tr_options, feature_weight, "loss.feature_weight", "0.1", 0, 1e6, "times the loss of the features"),
    CFG_REAL(tr_options, feature_temperature, "loss.feature_temperature", "0.1", 1e-3, 1e3,
             "what similarities of features are divided by"),
    CFG_INT(tr_options, augment_crop, "train.augment_crop", "0", 0, 64,
            "random crop after this many zero pixels on each side"),
    CFG_BOOL(tr_options, augment_flip, "train.augment_flip", "false", "left-right flips with probability 1/2"),
    CFG_CHOICE(tr_options, sampler, "train.sampler", "by-domain", "by-domain shuffled round-robin",
               "order of an epoch: domains in turn; any; or as often every domain and label"),
    CFG_BOOL(tr_options, augment_resized_crop, "train.augment_resized_crop", "false",
             "a part of 8 to 100 % of the image, of ratio 3/4 to 4/3, is resized to all of it"),
    CFG_REAL(tr_options, augment_rotate, "train.augment_rotate", "0", 0, 180, "turns by up to so many degrees"),
    CFG_REAL(tr_options, augment_cutout, "train.augment_cutout", "0", 0, 1,
             "probability that a part of the image is hidden"),
    CFG_INT(tr_options, seed, "train.seed", "1", 0, 9e15, "seed of weights, order and augmentation"),
    CFG_INT(tr_options, trajectory_every, "train.trajectory_every", "0", 0, 1e6,
            "epochs between saved parameters; 0: none"),
    CFG_INT(tr_options, eval_every, "train.eval_every", "1", 1, 1e6,
            "epochs between evaluations; the last is always evaluated"),
    CFG_INT(tr_options, eval_last, "train.eval_last", "1", 1, 1e6,
            "each of so many last epochs is evaluated; their mean and standard deviation are reported"),
    CFG_CHOICE(tr_options, select, "train.select", "source_val", TR_SELECTS,
               "whose parameters run.bin holds: source_val: the epoch that is best on held-back source data; last; "
               "target_oracle: best on the held-out data, which nobody has in use"),
    CFG_CHOICE(tr_options, aggregate, "train.aggregate", "mean", NN_AGGREGATES,
               "scores of a video from those of its frames, where videos are known"),
    CFG_INT(tr_options, eval_samples, "train.eval_samples", "0", 0, 1e12,
            "images of each set to evaluate, a fixed subset; 0: all"),
    CFG_REAL(tr_options, save_minutes, "train.save_minutes", "10", 0, 1e6, "minutes between saves within an epoch"),
    CFG_REAL(tr_options, wait_minutes, "train.wait_minutes", "60", 0, 1e6,
             "minutes that a run which is done waits for room on a full disk"),
};

/* Row i of a family of kinds; kind NULL past the last. */
typedef struct {
    const char *name;
    const void *kind;
    const cfg_field *fields;
    int n_fields;
    size_t size;
} row;

static row optimizer_row(int i)
{
    const char *name, *text;
    const tr_optimizer *k = tr_optimizer_at(i, &name, &text);
    return k == NULL ? (row){0} : (row){name, k, k->fields, k->n_fields, k->options_size};
}

static row schedule_row(int i)
{
    const char *name, *text;
    const tr_schedule *k = tr_schedule_at(i, &name, &text);
    return k == NULL ? (row){0} : (row){name, k, k->fields, k->n_fields, k->options_size};
}

static row average_row(int i)
{
    const char *name, *text;
    const tr_average *k = tr_average_at(i, &name, &text);
    return k == NULL ? (row){0} : (row){name, k, k->fields, k->n_fields, k->options_size};
}

static row (*const families[])(int i) = {optimizer_row, schedule_row, average_row};
enum { OPTIMIZERS, SCHEDULES, AVERAGES };

static int count(int family)
{
    int n = 0;
    while (families[family](n).kind != NULL)
        n++;
    return n;
}

/* Where the options of a family's kinds begin in tr_config.kind_options. */
static int first_slot(int family)
{
    return family == 0 ? 0 : first_slot(family - 1) + count(family - 1);
}

/* Options of a kind, if it has any, as the next section. */
static lsc_status add_kind(tr_config *c, int slot, const row *r)
{
    lsc_status st = LSC_OK;
    if (r->n_fields > 0) {
        c->kind_options[slot] = lsc_calloc(1, r->size);
        LSC_CHECK(c->kind_options[slot] != NULL, LSC_ERR_NOMEM, "no memory for options: %zu bytes", r->size);
        c->sections[c->n_sections++] = (cfg_section){r->fields, r->n_fields, c->kind_options[slot]};
    }
cleanup:
    return st;
}

lsc_status tr_config_new(tr_config **out)
{
    lsc_status st = LSC_OK;
    tr_config *c = NULL;
    const int n_families = LSC_COUNT(families), n_kinds = first_slot(n_families);

    LSC_NEW(c, 1);
    LSC_NEW(c->kind_options, n_kinds);
    c->n_kinds = n_kinds;
    LSC_NEW(c->sections, 2 + n_kinds);
    c->sections[c->n_sections++] = (cfg_section){train_fields, LSC_COUNT(train_fields), &c->train};
    c->sections[c->n_sections++] = (cfg_section){app_task_fields, app_task_n_fields, &c->task};
    for (int family = 0, slot = 0; family < n_families; family++)
        for (int i = 0; i < count(family); i++) {
            const row r = families[family](i);
            LSC_TRY(add_kind(c, slot++, &r));
        }
    cfg_defaults(c->sections, c->n_sections);
    *out = c;
    c = NULL;
cleanup:
    tr_config_free(c);
    return st;
}

void tr_config_free(tr_config *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < c->n_kinds; i++)
        lsc_free(c->kind_options[i]);
    lsc_free(c->kind_options);
    lsc_free(c->sections);
    lsc_free(c);
}

/* The kind of this name and its options; NULL: there is none. */
static const void *find(const tr_config *c, int family, const char *name, const void **options)
{
    row r;

    *options = NULL;
    for (int i = 0; (r = families[family](i)).kind != NULL; i++)
        if (strcmp(r.name, name) == 0) {
            *options = c->kind_options[first_slot(family) + i];
            return r.kind;
        }
    return NULL;
}

const tr_optimizer *tr_config_optimizer(const tr_config *c, const void **options)
{
    const tr_optimizer *k = find(c, OPTIMIZERS, c->train.optimizer.s, options);
    assert(k != NULL); /* it was checked on reading */
    return k;
}

const tr_schedule *tr_config_schedule(const tr_config *c, const void **options)
{
    const tr_schedule *k = find(c, SCHEDULES, c->train.schedule.s, options);
    assert(k != NULL);
    return k;
}

const tr_average *tr_config_average(const tr_config *c, const void **options)
{
    return find(c, AVERAGES, c->train.average.s, options);
}

double tr_config_lr(const tr_config *c, int64_t step, int64_t steps_per_epoch)
{
    const void *options;
    const tr_schedule *schedule = tr_config_schedule(c, &options);
    const double epoch = (double)step / (double)steps_per_epoch;
    const double after = (double)(step + 1) / (double)steps_per_epoch;
    const double warmup = c->train.warmup_epochs > after ? after / c->train.warmup_epochs : 1;
    return c->train.lr * warmup * schedule->factor(options, epoch, (double)c->train.epochs);
}

void tr_config_resolve(tr_config *c)
{
    if (strcmp(c->train.select.s, "source_val") == 0 && c->task.validation == 0)
        c->task.validation = 0.1;
}

bool tr_is_evaluated(const tr_options *t, int64_t epoch)
{
    return epoch % t->eval_every == 0 || epoch > t->epochs - t->eval_last;
}
