/*
 * The list of optimizers, and the state of one at work.
 * SPDX-License-Identifier: MIT
 */
#include "train/head.h"

#include <math.h>

#define OPTIMIZER(id, file, name, text) extern const tr_optimizer tr_optimizer_##id;
#include "train/optimizers.def"
#undef OPTIMIZER

typedef struct {
    const char *name, *text;
    const tr_optimizer *kind;
} row;

static const row rows[] = {
#define OPTIMIZER(id, file, name, text) {name, text, &tr_optimizer_##id},
#include "train/optimizers.def"
#undef OPTIMIZER
};

const tr_optimizer *tr_optimizer_at(int i, const char **name, const char **text)
{
    if (i < 0 || i >= (int)LSC_COUNT(rows))
        return NULL;
    *name = rows[i].name;
    *text = rows[i].text;
    return rows[i].kind;
}

lsc_status tr_state_new(const tr_state_options *o, tr_state **out)
{
    lsc_status st = LSC_OK;
    tr_state *s = NULL;

    LSC_NEW(s, 1);
    s->kind = o->kind;
    s->options = o->options;
    s->sgd = o->sgd;
    s->beginning = o->beginning;
    s->head = tr_head(o->layout);
    s->layout = o->layout;
    s->n_domains = o->n_domains;
    s->average = o->average;
    s->average_options = o->average_options;
    s->epochs = o->epochs;
    LSC_NEW(s->theta, o->layout->n);
    LSC_NEW(s->momentum, o->layout->n_learned);
    s->n_kept = o->kind->n_kept + o->n_domains * o->kind->n_kept_each;
    if (s->n_kept > 0)
        LSC_NEW(s->kept, s->n_kept);
    if (s->average != NULL)
        LSC_NEW(s->mean, o->layout->n_learned);
    s->n_arrays = o->kind->n_arrays + o->n_domains * o->kind->n_arrays_each;
    LSC_NEW(s->arrays, s->n_arrays);
    for (int i = 0; i < s->n_arrays; i++)
        LSC_NEW(s->arrays[i], o->layout->n);
    LSC_NEW(s->parts, o->n_domains + 1);
    *out = s;
    s = NULL;
cleanup:
    tr_state_free(s);
    return st;
}

void tr_state_free(tr_state *s)
{
    if (s == NULL)
        return;
    for (int i = 0; s->arrays != NULL && i < s->n_arrays; i++)
        lsc_free(s->arrays[i]);
    lsc_free(s->arrays);
    lsc_free(s->parts);
    lsc_free(s->mean);
    lsc_free(s->kept);
    lsc_free(s->momentum);
    lsc_free(s->theta);
    lsc_free(s);
}

lsc_status tr_diverged(const tr_state *s)
{
    return lsc_fail(LSC_ERR_CONFIG,
                    "the loss is not finite after %.2f epochs: training diverged; lower train.lr (now %.4g) or use "
                    "train.warmup_epochs",
                    s->epoch, s->lr);
}

lsc_status tr_step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    tr_step_report r = {0};
    const tr_optimizer *kind = s->epoch < s->beginning.erm ? &tr_optimizer_erm : s->kind;
    const bool head_only = s->epoch < s->beginning.head_only;
    tr_head_oracle head = {o, s->head};
    const tr_oracle of_head = tr_oracle_of_head(&head);

    s->first = head_only ? s->head : 0;
    LSC_TRY(kind->step(s, head_only ? &of_head : o, &r));
    if (!isfinite(r.loss))
        return tr_diverged(s);
    tr_average_theta(s);
    *report = r;
cleanup:
    return st;
}
