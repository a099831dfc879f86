/*
 * metric.h - how well scores tell live faces from attacks (presentation attack detection).
 *
 * Of P live items (bona fide) and N attacks, an item is accepted where its score >= threshold:
 *     TP accepted live ones, FP accepted attacks
 *     FPR = FAR = FP / N,   TPR = TP / P,   FRR = BPCER = 1 - TP / P,   HTER = (FAR + FRR) / 2
 *     APCER of a species of attacks: the share of it that is accepted;   ACER = (max APCER + BPCER) / 2
 * Counts are whole numbers and are compared as such. Everything is O(n log n).
 * Sources: ISO/IEC 30107-3 (APCER, BPCER); Boulkenafet et al. 2017, OULU-NPU (ACER); Fawcett 2006, "An introduction to
 * ROC analysis".
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_METRIC_H
#define NN_METRIC_H

#include "base/base.h"

#define NN_SPECIES_MAX      64
#define NN_SPECIES_NAME_MAX 32

/* One scored item: a frame, or a video. */
typedef struct {
    double score;    /* the larger, the more it looks live; finite */
    int32_t live;    /* 1 live, 0 an attack */
    int32_t species; /* of an attack, 0 .. NN_SPECIES_MAX - 1; -1: not known, counts as 0 */
    int32_t domain;  /* videos and subjects are numbered in each domain */
    int32_t video;   /* -1: not known */
    int32_t subject; /* -1: not known */
} nn_score;

/* ---- the ROC of scores (metric_roc.c) ------------------------------------------------------------------- */

typedef struct {
    int64_t tp, fp;
    double threshold;
} nn_roc_point;

typedef struct {
    int64_t live, attacks; /* P, N */
    nn_roc_point *points;  /* [n_points] from (0, 0) at +infinity down to (P, N), one for each distinct score */
    int64_t n_points;
} nn_roc;

/* Returns new. LSC_ERR_ARG: a score that is not finite, or live items or attacks are missing. */
lsc_status nn_roc_new(const nn_score *s, int64_t n, nn_roc **out);
void nn_roc_free(nn_roc *r);
double nn_roc_auc(const nn_roc *r); /* trapezoids: ties count half */
double nn_roc_eer(const nn_roc *r); /* FPR = FRR on the line through the points */
/* The point where |FPR - FRR| is least; of equals that of the highest threshold, as in the released evaluation. */
const nn_roc_point *nn_roc_balanced(const nn_roc *r);
/* What a threshold accepts: the last point that is not below it. */
const nn_roc_point *nn_roc_at(const nn_roc *r, double threshold);
/* The largest TPR whose FPR is not above `fpr`. */
double nn_roc_tpr(const nn_roc *r, double fpr);
double nn_roc_far(const nn_roc *r, const nn_roc_point *p);
double nn_roc_frr(const nn_roc *r, const nn_roc_point *p);
double nn_roc_hter(const nn_roc *r, const nn_roc_point *p);

/* The rules of the released evaluation of GAC-FAS (and of SSDG, SAFAS before it), for comparison with published
 * tables: the threshold is that of nn_roc_balanced on the test scores themselves; tpr_at_5 is the TPR of the first
 * point with FPR nearest to 5 %, which may lie above 5 %, and is 0 where (0, 0) is nearest; an attack at the threshold
 * is no error for the accuracy. */
typedef struct {
    double threshold, far, frr, hter, auc, tpr_at_5, accuracy;
} nn_compat;
nn_compat nn_roc_compat(const nn_roc *r);

/* For other metrics. By score, highest first; LSC_ERR_ARG as nn_roc_new. */
lsc_status nn_scores_sort(nn_score *s, int64_t n);
/* The points of sorted scores into r->points [n + 1]. weight: how often each subject's items count; NULL: once. */
void nn_roc_fill(const nn_score *sorted, int64_t n, const int32_t *weight, nn_roc *r);

/* ---- attacks by species (metric_attacks.c) -------------------------------------------------------------- */

typedef struct {
    int64_t n[NN_SPECIES_MAX], accepted[NN_SPECIES_MAX]; /* n 0: the scores have no attack of this species */
    double apcer;                                        /* of the worst species */
    int worst;
    double bpcer, acer;
} nn_attacks;
/* LSC_ERR_ARG: as nn_roc_new, or a species out of range. */
lsc_status nn_attacks_at(const nn_score *s, int64_t n, double threshold, nn_attacks *out);
/* The least BPCER at which no species' APCER is above `apcer`: BPCER20 at 0.05, BPCER100 at 0.01. */
lsc_status nn_bpcer_at_apcer(const nn_score *s, int64_t n, double apcer, double *out);
/* The whole number of items that are at most the share x of n; x is a decimal fraction, so 0.29 of 100 is 29. */
int64_t nn_share_of(double x, int64_t n);

/* ---- from frames to videos (metric_videos.c) ------------------------------------------------------------- */

#define NN_AGGREGATES "none mean median max"
/* One item for each video of each domain, in order of their numbers, its score that of its frames by `how`, a word of
 * NN_AGGREGATES (none: a copy). out [n]. LSC_ERR_ARG: a frame without a video, or frames of one video that disagree on
 * live, species or subject. */
lsc_status nn_scores_by_video(const nn_score *s, int64_t n, const char *how, nn_score *out, int64_t *n_out);

/* ---- how sure it is (metric_bootstrap.c) ----------------------------------------------------------------- */

#define NN_SUBJECTS_MIN 30
typedef struct {
    double lo, hi;
} nn_interval;
typedef struct {
    double level;      /* 0.95 */
    int64_t resamples; /* 1000 */
    uint64_t seed;
    double threshold; /* of hter_at; NaN: none, hter_at is not formed */
} nn_bootstrap_options;
typedef struct {
    int64_t subjects;
    nn_interval auc, eer, hter, hter_at; /* hter: at each resample's own nn_roc_balanced */
} nn_bootstrap;
/* Percentile intervals over resamples of whole subjects, with replacement: frames of one subject are no independent
 * sample. LSC_ERR_ARG: fewer than NN_SUBJECTS_MIN subjects, or items without one. Source: Efron and Tibshirani
 * 1993, 13.3 */
lsc_status nn_scores_bootstrap(const nn_score *s, int64_t n, const nn_bootstrap_options *o, nn_bootstrap *out);

/* ---- all of it (metric_liveness.c) ------------------------------------------------------------------------ */

/* Rates at one threshold. */
typedef struct {
    double threshold, far, frr, hter;
    nn_attacks attacks;
} nn_operating;

#define NN_LEVELS 3
extern const double nn_levels[NN_LEVELS]; /* 0.01, 0.05, 0.1 */

typedef struct {
    int64_t live, attacks;
    double auc, eer;
    nn_operating target; /* at the balanced point of these scores: their labels choose the threshold */
    bool has_development;
    nn_operating development; /* at the balanced point of development scores: the honest one */
    double tpr[NN_LEVELS];    /* at FPR <= nn_levels */
    double bpcer[NN_LEVELS];  /* at APCER <= nn_levels */
    nn_compat compat;
    bool has_intervals;
    nn_bootstrap intervals; /* of 95 % */
    char no_intervals[160]; /* why there are none */
} nn_liveness;
/* development may be NULL. LSC_ERR_ARG: as nn_roc_new, with the side that is at fault. */
lsc_status nn_scores_liveness(const nn_score *s, int64_t n, const nn_score *development, int64_t n_development,
                              uint64_t seed, nn_liveness *out);

/* ---- score files (metric_file.c; docs/score-format.md) ---------------------------------------------------- */

typedef struct {
    char s[NN_SPECIES_NAME_MAX];
} nn_species_name;

typedef struct {
    nn_score *rows;
    int64_t n;
    nn_species_name *species; /* [n_species] */
    int n_species;
} nn_score_set;
/* Returns new into *out (nn_score_set_fini). LSC_ERR_IO, LSC_ERR_FORMAT: path, line, what would be right. */
lsc_status nn_scores_read(const char *path, nn_score_set *out);
lsc_status nn_scores_write(const char *path, const nn_score_set *s);
void nn_score_set_fini(nn_score_set *s);

#endif
