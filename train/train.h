/*
 * train.h - optimizers over an oracle, and schedules. Nothing here knows a network or data: run.h joins them.
 *
 *   tr_oracle     losses and gradients of parts of one batch at any theta: the seam between optimizers and networks
 *   tr_optimizer  a kind: optimizer_NAME.c and a row of optimizers.def
 *   tr_average    a kind of average over the steps' theta: average_NAME.c and a row of averages.def
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
    /* OPTIONAL (default in brackets), for TR_TOTAL and TR_DOMAINS */
    /* The weight of each domain's loss in loss and g, formed from the domains' losses of this forward; [1]. An absent
     * domain's loss is 0. All [n_domains]. */
    void (*weigh)(void *self, const double *losses, const bool *absent, double *weights);
    void *weigher; /* its self */
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
    double head_lr_scale; /* times lr, for the head (head.h); 0: 1 */
} tr_sgd_options;

/* How a run begins, in epochs; both may be 0. */
typedef struct {
    double head_only; /* only the head learns */
    double erm;       /* plain ERM instead of the optimizer */
} tr_beginning;

typedef struct tr_optimizer tr_optimizer;
typedef struct tr_average tr_average;

/* An optimizer at work. The caller sets lr, epoch and epoch_after before each step. From step to step it carries theta,
 * momentum, kept, mean and n_averaged; all but theta begin at zero. */
typedef struct {
    const tr_optimizer *kind;
    const void *options; /* borrowed: of the kind */
    tr_sgd_options sgd;
    tr_beginning beginning;
    int64_t head, first;      /* of the learned elements: the head's first, the first that learns in this step */
    const lsc_layout *layout; /* borrowed */
    int n_domains;
    const tr_average *average;   /* NULL: none is kept */
    const void *average_options; /* borrowed: of that kind */
    double epochs;               /* of the whole run */
    double lr;
    double epoch, epoch_after; /* epochs done before the step and after it, with their fraction */
    float *theta;              /* [n] */
    float *momentum;           /* [n_learned]: momentum buffer */
    double *kept;              /* [n_kept]: what the kind makes of it */
    int n_kept;
    double *mean;       /* [n_learned]: average of theta; NULL where none is kept */
    int64_t n_averaged; /* how many theta are in it */
    float **arrays;     /* [n_arrays][n]: scratch of the kind */
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
    /* OPTIONAL (default: none) */
    int n_arrays, n_arrays_each; /* scratch arrays that step needs: in all, and further ones for each domain */
    int n_kept, n_kept_each;     /* numbers that the kind keeps from step to step, likewise */
    /* What a user should know about these settings before the run, or NULL. */
    const char *(*advice)(const void *options, int n_domains);
};

extern const tr_optimizer tr_optimizer_erm; /* for runs that begin as ERM; needs one array */
/* Kind i with its name and one-line text; NULL past the last. */
const tr_optimizer *tr_optimizer_at(int i, const char **name, const char **text);

typedef struct {
    const tr_optimizer *kind;
    const void *options; /* borrowed */
    tr_sgd_options sgd;
    tr_beginning beginning;
    const lsc_layout *layout; /* borrowed */
    int n_domains;
    const tr_average *average;   /* NULL: none is kept */
    const void *average_options; /* borrowed */
    double epochs;               /* of the whole run */
} tr_state_options;
lsc_status tr_state_new(const tr_state_options *o, tr_state **out); /* returns new; theta is zero */
void tr_state_free(tr_state *s);
/* LSC_ERR_CONFIG: the loss is not finite, and what to change. */
lsc_status tr_diverged(const tr_state *s);
/* One step; fails with tr_diverged if the loss is not finite. */
lsc_status tr_step(tr_state *s, const tr_oracle *o, tr_step_report *report);

/* ---- what optimizers share (sgd.c, perturbation.c, ascent.c, weighted.c) ------------------------ */

/* theta, momentum <- one SGD step along g [n_learned]. */
void tr_sgd(tr_state *s, const float *g);

/* What an ascent is scaled by: t = |theta| + eta in all learned tensors, in those whose name contains "weight", or in
 * none; 1 elsewhere. The words of a configuration key: TR_SCOPES. */
#define TR_SCOPES "none weights all"
typedef enum { TR_SCOPE_NONE, TR_SCOPE_WEIGHTS, TR_SCOPE_ALL } tr_scope;
tr_scope tr_scope_of(const cfg_text *word);

typedef struct {
    double rho;
    tr_scope scope;
    double eta;
    double alpha;
} tr_perturbation;
/* eps = rho t^2 g / |t g| - alpha `align`, over the learned elements. eps may be g; align may be NULL if alpha is 0. */
void tr_perturb(const tr_state *s, const tr_perturbation *p, const float *g, const float *align, float *eps);
/* point [n] = theta + eps over the learned elements, buffers copied; adds |eps|, squares / n_points to the report. */
void tr_point(const tr_state *s, const float *eps, int n_points, float *point, tr_step_report *report);

/* A step of the kind of SAM: with g = dL(theta), eps of g along itself, g' = dL(theta + eps) on the same batch, SGD
 * along keep g + (1 - keep) g'. Needs TR_ASCENT_ARRAYS arrays. */
#define TR_ASCENT_ARRAYS 4
typedef struct {
    tr_perturbation perturbation;
    double keep;
    /* total, or cls: L is the classification loss in both passes, and the gradient of the feature loss at theta is
     * added at the end. */
    cfg_text loss;
} tr_ascent;
#define TR_ASCENT_LOSS(S, member, key)                                                                                 \
    CFG_CHOICE(S, member, key, "total", "total cls",                                                                   \
               "what is perturbed: total, or cls: the feature loss is taken at theta alone")
lsc_status tr_ascent_step(tr_state *s, const tr_oracle *o, const tr_ascent *a, tr_step_report *report);

/* SGD along the gradient of the domains' losses as `weigh` (tr_part) weighs them, with `s` as its self, and of the
 * feature loss. Needs one array. */
lsc_status tr_weighted_step(tr_state *s, const tr_oracle *o,
                            void (*weigh)(void *s, const double *losses, const bool *absent, double *weights),
                            tr_step_report *report);

/* ---- averages of theta over steps (average.c, averages.def) -------------------------------------- */

/* Where a run is after a step. */
typedef struct {
    double before, after; /* epochs done before and after the step, with their fraction */
    double epochs;        /* of the whole run */
    int64_t n_averaged;
} tr_moment;

struct tr_average {
    const char *source; /* citation */
    const cfg_field *fields;
    int n_fields;
    size_t options_size;
    /* REQUIRED. w in mean <- mean + w (theta - mean); 0: this theta does not count; 1 for the first that does. */
    double (*weight)(const void *options, const tr_moment *m);
};

const tr_average *tr_average_at(int i, const char **name, const char **text); /* NULL past the last */
/* After a step, in tr_step: its theta into s->mean as s->average says; nothing where none is kept. */
void tr_average_theta(tr_state *s);

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
