/*
 * The configuration of a training run: the keys train.*, the task's, and those that optimizers and schedules bring.
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
    CFG_INT(tr_options, augment_crop, "train.augment_crop", "0", 0, 64,
            "random crop after this many zero pixels on each side"),
    CFG_BOOL(tr_options, augment_flip, "train.augment_flip", "false", "left-right flips with probability 1/2"),
    CFG_BOOL(tr_options, balanced, "train.balanced", "true", "equally many images of each source domain in a batch"),
    CFG_INT(tr_options, seed, "train.seed", "1", 0, 9e15, "seed of weights, order and augmentation"),
    CFG_INT(tr_options, trajectory_every, "train.trajectory_every", "0", 0, 1e6,
            "epochs between saved parameters; 0: none"),
    CFG_INT(tr_options, eval_every, "train.eval_every", "1", 1, 1e6,
            "epochs between evaluations; the last is always evaluated"),
    CFG_INT(tr_options, eval_samples, "train.eval_samples", "0", 0, 1e12,
            "images of each set to evaluate, a fixed subset; 0: all"),
    CFG_REAL(tr_options, save_minutes, "train.save_minutes", "10", 0, 1e6, "minutes between saves within an epoch"),
};

static int optimizer_count(void)
{
    const char *name, *text;
    int n = 0;
    while (tr_optimizer_at(n, &name, &text) != NULL)
        n++;
    return n;
}

static int schedule_count(void)
{
    const char *name, *text;
    int n = 0;
    while (tr_schedule_at(n, &name, &text) != NULL)
        n++;
    return n;
}

/* Options of kind number `slot`, if it has any, as the next section. */
static lsc_status add_kind(tr_config *c, int slot, const cfg_field *fields, int n_fields, size_t size)
{
    lsc_status st = LSC_OK;
    if (n_fields > 0) {
        c->kind_options[slot] = lsc_calloc(1, size);
        LSC_CHECK(c->kind_options[slot] != NULL, LSC_ERR_NOMEM, "no memory for options: %zu bytes", size);
        c->sections[c->n_sections++] = (cfg_section){fields, n_fields, c->kind_options[slot]};
    }
cleanup:
    return st;
}

lsc_status tr_config_new(tr_config **out)
{
    lsc_status st = LSC_OK;
    tr_config *c = NULL;
    const char *name, *text;
    const int n_optimizers = optimizer_count(), n_kinds = n_optimizers + schedule_count();

    LSC_NEW(c, 1);
    LSC_NEW(c->kind_options, n_kinds);
    c->n_kinds = n_kinds;
    LSC_NEW(c->sections, 2 + n_kinds);
    c->sections[c->n_sections++] = (cfg_section){train_fields, LSC_COUNT(train_fields), &c->train};
    c->sections[c->n_sections++] = (cfg_section){app_task_fields, app_task_n_fields, &c->task};
    for (int i = 0; i < n_optimizers; i++) {
        const tr_optimizer *k = tr_optimizer_at(i, &name, &text);
        LSC_TRY(add_kind(c, i, k->fields, k->n_fields, k->options_size));
    }
    for (int i = n_optimizers; i < n_kinds; i++) {
        const tr_schedule *k = tr_schedule_at(i - n_optimizers, &name, &text);
        LSC_TRY(add_kind(c, i, k->fields, k->n_fields, k->options_size));
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

const tr_optimizer *tr_config_optimizer(const tr_config *c, const void **options)
{
    const char *name, *text;
    for (int i = 0; i < optimizer_count(); i++) {
        const tr_optimizer *k = tr_optimizer_at(i, &name, &text);
        if (strcmp(name, c->train.optimizer.s) == 0) {
            *options = c->kind_options[i];
            return k;
        }
    }
    assert(!"train.optimizer was checked on reading");
    return NULL;
}

const tr_schedule *tr_config_schedule(const tr_config *c, const void **options)
{
    const char *name, *text;
    for (int i = 0; i < schedule_count(); i++) {
        const tr_schedule *k = tr_schedule_at(i, &name, &text);
        if (strcmp(name, c->train.schedule.s) == 0) {
            *options = c->kind_options[optimizer_count() + i];
            return k;
        }
    }
    assert(!"train.schedule was checked on reading");
    return NULL;
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
