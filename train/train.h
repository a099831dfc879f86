/*
 * train.h - optimizers over an oracle, and schedules. Nothing here knows a network or data: run.h joins them.
 *
 *   tr_oracle     losses and gradients of parts of one batch at any theta: the seam between optimizers and networks
 *   tr_optimizer  a kind: optimizer_NAME.c and a row of optimizers.def
 *   tr_schedule   a kind: schedule_NAME.c and a row of schedules.def
 *
 * theta [n]: all parameters and buffers, flat; the leading n_learned elements are learned. Gradients [n_learned].
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_H
#define TRAIN_H

#include "app/app.h"

/* ---- oracle --------------------------------------------------------------------------------- */

/* Parts of the loss of a batch. A number >= 0 is a source domain: its loss is (1 / n_domains) * the mean over
 * that domain's samples in the batch, so that the domains' losses add up to TR_DOMAINS. */
enum {
    TR_TOTAL = -1,   /* everything that is trained on */
    TR_DOMAINS = -2, /* the sum over all domains, without the feature loss */
    TR_FEATURE = -3, /* the loss of features beside the classification, where there is one */
};

typedef struct {
    int what;    /* a domain, or TR_... */
    float *g;    /* [n_learned], overwritten; NULL: the loss alone */
    double loss; /* out */
    bool absent; /* out: the batch has no sample of this domain; then loss is 0 and g all zero */
} tr_part;

typedef struct {
    tr_part *parts;
    int n_parts;
    bool update_statistics; /* move the running statistics in theta towards those of this forward */
} tr_request;

/* One forward at theta [n] over the current batch, then one backward for each part that has a g. */
typedef struct {
    const lsc_layout *layout;
    int n_domains;
    bool has_feature_loss;
    void *self;
    lsc_status (*eval)(void *self, float *theta, const tr_request *request);
} tr_oracle;

/* ---- optimizers (optimizer.c, optimizers.def) ------------------------------------------------ */

/* What one step did; perturbations are those of the ascending points (none: all zero). */
typedef struct {
    double loss;         /* TR_TOTAL at theta, before the step */
    double perturbation; /* |eps|: Euclidean norm, mean over the ascending points */
    double squares[3];   /* sum of squares of eps over LSC_WEIGHT, LSC_BIAS, LSC_NORM blocks, mean over the points */
} tr_step_report;

typedef struct {
    double momentum, weight_decay;
    bool nesterov;
} tr_sgd_options;

typedef struct tr_optimizer tr_optimizer;

/* An optimizer at work. The caller sets lr and epoch before each step. */
typedef struct {
    const tr_optimizer *kind;
    const void *options; /* borrowed: of the kind */
    tr_sgd_options sgd;
    const lsc_layout *layout; /* borrowed */
    int n_domains;
    double lr;
    double epoch;    /* epochs done, with their fraction */
    float *theta;    /* [n] */
    float *momentum; /* [n_learned]: momentum buffer, zero before the first step */
    float **arrays;  /* [n_arrays][n]: scratch of the kind */
    int n_arrays;
    tr_part *parts; /* [n_domains + 1]: scratch of the kind */
} tr_state;

struct tr_optimizer {
    const char *source; /* citation */
    const cfg_field *fields;
    int n_fields;
    size_t options_size; /* bytes of the struct that fields describe */
    /* REQUIRED. One step from s->theta; buffers move by the oracle's statistics alone. */
    lsc_status (*step)(tr_state *s, const tr_oracle *o, tr_step_report *report);
    int (*n_arrays)(int n_domains); /* scratch arrays that step needs */
    /* OPTIONAL (default: none) */
    /* What a user should know about these settings before the run, or NULL. */
    const char *(*advice)(const void *options, int n_domains);
};

extern const tr_optimizer tr_optimizer_erm; /* for optimizers that begin as ERM */
/* Kind i with its name and one-line text; NULL past the last. */
const tr_optimizer *tr_optimizer_at(int i, const char **name, const char **text);

typedef struct {
    const tr_optimizer *kind;
    const void *options; /* borrowed */
    tr_sgd_options sgd;
    const lsc_layout *layout; /* borrowed */
    int n_domains;
} tr_state_options;
lsc_status tr_state_new(const tr_state_options *o, tr_state **out); /* returns new; theta and momentum are zero */
void tr_state_free(tr_state *s);
/* One step; LSC_ERR_CONFIG if the loss is not finite, with what to change. */
lsc_status tr_step(tr_state *s, const tr_oracle *o, tr_step_report *report);

/* For optimizers (sgd.c, perturbation.c). */
/* One past the last element of block b of a layout, which has no gaps. */
static inline int64_t tr_block_past(const lsc_layout *layout, int b)
{
    return b + 1 < layout->n_blocks ? layout->blocks[b + 1].offset : layout->n;
}
/* theta, momentum <- one SGD step along g [n_learned]. */
void tr_sgd(tr_state *s, const float *g);
/* point [n] = theta + eps over the learned elements, buffers copied; adds |eps|, squares / n_points to the report. */
void tr_point(const tr_state *s, const float *eps, int n_points, float *point, tr_step_report *report);

/* ---- schedules (schedule.c, schedules.def) --------------------------------------------------- */

typedef struct {
    const char *source; /* citation; NULL: none is needed */
    const cfg_field *fields;
    int n_fields;
    size_t options_size;
    /* Factor on train.lr after `epoch` of `epochs` epochs; epoch has a fraction within an epoch. */
    double (*factor)(const void *options, double epoch, double epochs);
} tr_schedule;

const tr_schedule *tr_schedule_at(int i, const char **name, const char **text); /* NULL past the last */

#endif
