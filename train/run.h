/*
 * run.h - a training run: its configuration, the network as an oracle, batches prepared ahead, evaluation, files, loop.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include "app/task.h"
#include "nn/metric.h"
#include "train/train.h"

/* ---- configuration (config.c, config_same.c) --------------------------------------------------- */

typedef struct {
    cfg_text optimizer; /* train.optimizer */
    cfg_text schedule;
    int64_t epochs;
    int64_t batch; /* images a step */
    double lr, momentum, weight_decay;
    bool nesterov;
    double head_lr_scale;
    double warmup_epochs;              /* linear ramp of the learning rate */
    double warming_epochs, erm_epochs; /* tr_beginning */
    cfg_text average;                  /* of theta over steps; none */
    cfg_text feature;                  /* loss.feature; none */
    double feature_weight, feature_temperature;
    cfg_text pretrained;  /* none, imagenet, or a file */
    int64_t augment_crop; /* pixels */
    bool augment_flip;
    bool augment_resized_crop;
    double augment_rotate; /* degrees */
    double augment_cutout; /* probability */
    cfg_text sampler;      /* train.sampler */
    int64_t seed;
    int64_t trajectory_every, eval_every; /* epochs */
    int64_t eval_last;                    /* each of the last epochs is evaluated, and they are summarized */
    cfg_text select;                      /* TR_SELECTS: which epoch's parameters run.bin holds */
    cfg_text aggregate;                   /* NN_AGGREGATES: frames of a video */
    int64_t eval_samples;                 /* images of each set */
    double save_minutes, wait_minutes;
} tr_options;

/* All sections: train, task, and one of each optimizer, schedule and average that has options. */
typedef struct {
    tr_options train;
    app_task task;
    void **kind_options; /* [n_kinds] of optimizers, of schedules, of averages; NULL where a kind has none */
    int n_kinds;
    cfg_section *sections;
    int n_sections;
} tr_config;

#define TR_SELECTS "source_val last target_oracle"
lsc_status tr_config_new(tr_config **out); /* returns new, at the defaults */
void tr_config_free(tr_config *c);
/* The chosen kinds and their options; the names have been checked on reading. */
const tr_optimizer *tr_config_optimizer(const tr_config *c, const void **options);
const tr_schedule *tr_config_schedule(const tr_config *c, const void **options);
const tr_average *tr_config_average(const tr_config *c, const void **options); /* NULL: none */
/* What follows from other keys: a choice by source_val needs a validation set. */
void tr_config_resolve(tr_config *c);
/* Whether this epoch, 1 being the first, is followed by an evaluation. */
bool tr_is_evaluated(const tr_options *t, int64_t epoch);
/* Learning rate of a step, 0 being the run's first: train.lr * schedule * warm-up. */
double tr_config_lr(const tr_config *c, int64_t step, int64_t steps_per_epoch);
/* false: of no consequence for what a run results in. */
bool tr_config_key_matters(const char *key);
/* LSC_ERR_CONFIG listing every key in which a differs from b, which `where` was started with. */
lsc_status tr_config_same(const tr_config *a, const tr_config *b, const char *where);

/* ---- batches, prepared by other threads (loader.c) --------------------------------------------- */

/* With two views of B images n is 2 B: rows 0 .. B-1 are the first view, rows B .. 2B-1 the second view of the same
 * images in the same order, with the same labels and domains. */
typedef struct {
    int64_t n;
    float *images;             /* [n, C, H, W] */
    int32_t *labels, *domains; /* [n] */
} tr_batch;

typedef struct {
    const ds_dataset *data; /* borrowed */
    ds_augment augment;
    uint64_t seed;
    int64_t batch; /* images */
    int views;     /* rows of each image in a batch, augmented differently; 0: 1 */
    int threads;   /* that fill batches; 0: one for each processor. No batch depends on it */
    ds_sampler sampler;
    int64_t first_step, past_step; /* of the whole run; a step's images depend on (seed, step) only */
} tr_loader_options;

typedef struct tr_loader tr_loader;
lsc_status tr_loader_new(const tr_loader_options *o, tr_loader **out); /* returns new; needs a full batch of data */
void tr_loader_free(tr_loader *l);
/* The next step's batch, valid until the next call; waits for it. NULL past the last step. */
lsc_status tr_loader_next(tr_loader *l, const tr_batch **out);
int64_t tr_loader_steps_per_epoch(const tr_loader_options *o); /* of data, batch, sampler: what is left is dropped */

/* ---- a network as an oracle (oracle_nn.c) ------------------------------------------------------ */

typedef struct {
    const nn_graph *graph; /* borrowed */
    const nn_loss *loss;
    const char *backend;
    int threads;   /* 0: all cores */
    int64_t batch; /* rows */
    int n_domains;
    /* OPTIONAL, for training: a loss of the features, which the graph then has behind its logits. Rows of one domain
     * and one label belong together. */
    const nn_feature_loss *feature;
    double feature_weight, feature_temperature;
} tr_network_options;

typedef struct tr_network tr_network;
lsc_status tr_network_new(const tr_network_options *o, tr_network **out); /* returns new */
void tr_network_free(tr_network *n);
const tr_oracle *tr_network_oracle(const tr_network *n);
void tr_network_set_batch(tr_network *n, const tr_batch *batch); /* borrowed until the next call */
/* Images whose class was right in the last forward that updated statistics. */
int64_t tr_network_correct(const tr_network *n);
const char *tr_network_backend(const tr_network *n);
int tr_network_threads(const tr_network *n);

/* ---- evaluation (evaluate.c) ------------------------------------------------------------------- */

typedef struct {
    double loss;     /* nats per sample */
    double accuracy; /* fraction */
} tr_value;

/* Of the scores of a set; all NaN where the task has not two classes, or the set only one of them. */
typedef struct {
    double auc, eer;
    double hter;      /* at the set's own balanced threshold */
    double threshold; /* that one */
    double hter_at;   /* at the threshold of the validation set; NaN without one */
} tr_rates;

typedef struct tr_evaluator tr_evaluator;
/* Returns new. Of the options, n_domains and the feature loss do not matter; the graph has no features. */
lsc_status tr_evaluator_new(const tr_network_options *o, tr_evaluator **out);
void tr_evaluator_free(tr_evaluator *e);
/* Mean over the n images of `index`, not augmented, with frozen statistics. LSC_ERR_STOPPED on request. */
lsc_status tr_evaluate(tr_evaluator *e, const float *theta, const ds_dataset *data, const int64_t *index, int64_t n,
                       tr_value *out);

/* The same; rows [n] get scores and what the data set knows of each image. Of two classes, 1 is live; the score is the
 * logit, or the difference of two. */
lsc_status tr_evaluate_scores(tr_evaluator *e, const float *theta, const ds_dataset *data, const int64_t *index,
                              int64_t n, nn_score *rows, tr_value *out);
bool tr_evaluator_has_scores(const tr_evaluator *e); /* two classes */

/* ---- what a run has done so far, and its files (history.c, state_file.c, output.c, summary.c) ---- */

/* Sums over the steps of the current epoch. */
typedef struct {
    double steps, images, loss, correct, perturbation, squares[3];
    double seconds, processor_seconds; /* with waiting for data and with evaluation */
} tr_sums;

/* validation: NaN where there is none. */
typedef struct {
    tr_value train, held, validation;
    tr_rates validation_rates, held_rates;
} tr_metrics;

/* Parameters of one epoch among those evaluated: the best so far, by some set. */
typedef struct {
    double epoch; /* 0: none yet */
    double merit;
    double n_averaged; /* tr_parameters */
    tr_metrics metrics;
} tr_choice;
/* AUC - HTER, as the released trainer chooses; accuracy where there are no such rates. */
double tr_merit(const tr_value *value, const tr_rates *rates);

typedef struct {
    int64_t step;       /* steps done */
    tr_sums sums;       /* of the current epoch */
    tr_metrics metrics; /* of the last evaluation */
    tr_choice chosen;   /* by train.select; last: the last */
    tr_choice oracle;   /* by the held-out data, whatever train.select says */
    float *best;        /* [n] parameters of `chosen`; NULL: the last */
    int64_t n_best;     /* n, or 0 */
    lsc_text history;   /* history.csv */
    char *command;      /* that started the run */
    char *backend;
    int64_t threads;
    char *data_hash;                   /* of the training images */
    char *validation_hash, *held_hash; /* of what is evaluated; "" if there is none */
} tr_record;
void tr_record_fini(tr_record *r);

/* history.csv as JSON lines: an object a row, null for empty cells. */
void tr_history_json(const lsc_text *history, lsc_text *out);
/* Mean and standard deviation (population, as np.std) of a column over its last rows that are not empty. */
typedef struct {
    int64_t n;
    double mean, deviation;
} tr_spread;
#define TR_SPREAD_MAX 1000 /* of so many at most */
tr_spread tr_history_last(const lsc_text *history, const char *column, int64_t last);
tr_spread tr_spread_of(const double *values, int64_t n);
/* Sum of a column over its rows that are not empty. */
double tr_history_sum(const lsc_text *history, const char *column);
typedef struct {
    int64_t epoch;
    double lr;
    const tr_sums *sums;
    const tr_metrics *metrics; /* NULL: not evaluated */
    bool validation, rates;    /* of the run: whether there is a validation set, whether there are two classes */
} tr_history_row;
/* Append the row of a finished epoch, under a head if it is the first. */
void tr_history_add(lsc_text *history, const tr_history_row *row);

/* Paths in the output folder. */
typedef struct {
    char *folder, *bin, *state, *history, *history_json, *result, *scores_held, *scores_validation, *trajectory, *lock;
} tr_paths;
lsc_status tr_paths_init(const char *folder, tr_paths *out);
void tr_paths_fini(tr_paths *p);
lsc_status tr_save_history(const tr_paths *p, const lsc_text *history); /* both files */

/* run.state: what a state carries from step to step, record and configuration; all that --resume needs. */
lsc_status tr_save_state(const char *path, const tr_config *c, const tr_state *s, const tr_record *r);
/* The configuration alone; then the rest into a state and a fresh record of that configuration. */
lsc_status tr_load_config(const char *path, tr_config *out);
lsc_status tr_load_state(const char *path, tr_state *s, tr_record *r);
/* run.bin and trajectory/epoch_N.safetensors: the model and what it belongs to. docs/checkpoint-format.md
 * metrics NULL: not evaluated at these parameters. */
typedef struct {
    const float *theta; /* [n] */
    int64_t n_averaged; /* theta is the average of so many, with statistics of its own; 0: it is no average */
    int64_t epoch;
    const tr_metrics *metrics;
} tr_parameters;
lsc_status tr_save_parameters(const char *path, const tr_config *c, const tr_state *s, const tr_record *r,
                              const tr_parameters *parameters);
void tr_metrics_json(const tr_metrics *m, lsc_text *out);
void tr_json_number(lsc_text *out, const char *before, double value); /* null where it is not finite */
char *tr_trajectory_path(const tr_paths *p, int64_t epoch);           /* returns new or NULL */
/* Remove what an earlier run left beside run.state: run.bin, history.*, result.json, scores_*,
 * trajectory/epoch_*. */
lsc_status tr_remove_outputs(const tr_paths *p);

/* ---- the run (session.c, result.c, select.c, report.c, loop.c, run.c, dry_run.c)
 * ---------------------------------------------- */

typedef struct {
    cli_common common;
    const char *out; /* folder; NULL: outputs/NAME of the configuration file */
    bool resume, overwrite;
    const char *command; /* for provenance */
} tr_run_options;

/* Everything that a run works with. */
typedef struct {
    const tr_run_options *options;
    tr_config *config;
    ds_dataset *train, *held, *validation;                /* validation: NULL where nothing is held back */
    int64_t *train_index, *held_index, *validation_index; /* what is evaluated */
    int64_t n_train, n_held, n_validation;
    nn_graph *graph;
    nn_graph *feature_graph; /* the same with features behind the logits; NULL where there is no loss of them */
    tr_network *network;
    tr_evaluator *evaluator;
    tr_state *state;
    float *result;       /* [n]; NULL where no average is kept */
    int64_t result_step; /* for which it was made; -1: none yet */
    int64_t steps_per_epoch, n_steps;
    tr_record record;
} tr_session;

/* Data, network, optimizer for a configuration; theta at its initial values. Takes the configuration. */
lsc_status tr_session_new(const tr_run_options *o, tr_config *config, tr_session **out); /* returns new */
void tr_session_free(tr_session *s);
/* Initial weights from the file that train.pretrained names, for a run that begins. */
lsc_status tr_session_pretrain(tr_session *s);
/* Of its images; "" if there are none. d: NULL or borrowed. */
const char *tr_hash_of(const ds_dataset *d);
/* Batches from the record's step on, to the end or so many, also past the end. Returns new. */
lsc_status tr_session_loader(const tr_session *s, tr_loader **out);
lsc_status tr_session_loader_for(const tr_session *s, int64_t n_steps, tr_loader **out);
/* One step on a batch; its sums go into the record. */
lsc_status tr_session_step(tr_session *s, const tr_batch *batch);
lsc_status tr_session_advance(tr_session *s, tr_loader *loader); /* on the loader's next batch */
/* What the run results in at this step: theta, or the average of theta, once there is one, with batch-norm statistics
 * from a pass over the training data. The session's own, valid until the next step. */
lsc_status tr_session_result(tr_session *s, tr_parameters *out);
/* Running statistics of theta, which is overwritten behind its learned part, from so many batches of training. */
lsc_status tr_session_recalculate(tr_session *s, int64_t steps, float *theta);
/* Loss and accuracy of the result, and its rates, into the record. */
lsc_status tr_session_evaluate(tr_session *s);
/* Scores of a set that is evaluated: of frames, and of videos as train.aggregate says. Without two classes, or without
 * such a set, there are none; a diverged network's frames have no videos. */
typedef enum { TR_SET_VALIDATION, TR_SET_HELD } tr_set;
typedef struct {
    nn_score *frames, *videos;
    int64_t n_frames, n_videos;
    tr_value value;
} tr_scores;
lsc_status tr_session_scores(tr_session *s, const float *theta, tr_set which, tr_scores *out); /* tr_scores_fini */
void tr_scores_fini(tr_scores *s);
/* Whether all that was evaluated has a loss. */
bool tr_session_is_finite(const tr_session *s, const tr_metrics *m);
/* After an evaluation: is this epoch the best so far? Its parameters are kept then (select.c). */
lsc_status tr_session_select(tr_session *s, int64_t epoch);
/* What run.bin shall hold: the result of the epoch that train.select chose. */
lsc_status tr_session_chosen(tr_session *s, tr_parameters *out);

/* Everything about the chosen parameters (report.c): their scores on the held-out data, and on the validation set. */
typedef struct {
    bool has_liveness;
    nn_liveness liveness;                    /* of videos, as train.aggregate says */
    nn_species_name species[NN_SPECIES_MAX]; /* [n_species], where known */
    int n_species;
} tr_report;
/* Writes the score files, where there are scores. */
lsc_status tr_report_make(tr_session *s, const tr_paths *paths, tr_report *out);
/* result.json, and for people. */
void tr_report_json(const tr_session *s, const tr_paths *p, const tr_report *r, lsc_text *out);
void tr_liveness_json(const nn_liveness *l, const nn_species_name *species, int n_species, lsc_text *out);
void tr_liveness_text(const nn_liveness *l, const nn_species_name *species, int n_species, lsc_text *out);
void tr_report_text(const tr_session *s, const tr_paths *p, const tr_report *r, lsc_text *out);
/* Train to the end or to a request to stop (LSC_ERR_STOPPED), saving into `paths`. */
lsc_status tr_loop(tr_session *s, const tr_paths *paths);
/* Steps, parameters, memory and time of what tr_run would do, to stdout; writes no file. */
lsc_status tr_dry_run(tr_session *s);
/* The program: check, lock, start or resume, train, say what came out. */
lsc_status tr_run(const tr_run_options *o);
/* --list FAMILY, with texts and sources; "" for all. */
lsc_status tr_list(const char *family, FILE *out);

#endif
