/*
 * Evaluation of a session, and which epoch's parameters its run.bin will hold. Of equals the later is taken, as the
 * released trainer does. The best epoch by the held-out data is noted beside it, as an oracle: nobody has it in use.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <string.h>

#define NO_VALUE ((tr_value){NAN, NAN})
#define NO_RATES ((tr_rates){NAN, NAN, NAN, NAN, NAN})

/* Scores that no metric can be formed from: one class only, or not finite, which a diverging network gives. */
static bool has_rates(const nn_score *rows, int64_t n)
{
    int64_t live = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(rows[i].score))
            return false;
        live += rows[i].live;
    }
    return live > 0 && live < n;
}

/* threshold: NaN if there is none from a validation set. */
static lsc_status rates_of(const nn_score *rows, int64_t n, double threshold, tr_rates *out)
{
    lsc_status st = LSC_OK;
    nn_roc *roc = NULL;

    *out = NO_RATES;
    if (!has_rates(rows, n))
        return LSC_OK;
    LSC_TRY(nn_roc_new(rows, n, &roc));
    const nn_roc_point *balanced = nn_roc_balanced(roc);
    *out = (tr_rates){
        .auc = nn_roc_auc(roc),
        .eer = nn_roc_eer(roc),
        .hter = nn_roc_hter(roc, balanced),
        .threshold = balanced->threshold,
        .hter_at = isnan(threshold) ? NAN : nn_roc_hter(roc, nn_roc_at(roc, threshold)),
    };
cleanup:
    nn_roc_free(roc);
    return st;
}

lsc_status tr_session_scores(tr_session *s, const float *theta, tr_set which, tr_scores *out)
{
    lsc_status st = LSC_OK;
    const bool held = which == TR_SET_HELD;
    const ds_dataset *data = held ? s->held : s->validation;
    const int64_t *index = held ? s->held_index : s->validation_index;
    tr_scores scores = {.n_frames = held ? s->n_held : s->n_validation, .value = NO_VALUE};

    if (data == NULL) {
        *out = (tr_scores){.value = NO_VALUE};
        return LSC_OK;
    }
    if (tr_evaluator_has_scores(s->evaluator)) {
        LSC_NEW(scores.frames, scores.n_frames);
        LSC_NEW(scores.videos, scores.n_frames);
    }
    LSC_TRY(tr_evaluate_scores(s->evaluator, theta, data, index, scores.n_frames, scores.frames, &scores.value));
    if (scores.frames != NULL && has_rates(scores.frames, scores.n_frames))
        LSC_TRY(nn_scores_by_video(scores.frames, scores.n_frames,
                                   ds_videos(data) != NULL ? s->config->train.aggregate.s : "none", scores.videos,
                                   &scores.n_videos));
    *out = scores;
    scores = (tr_scores){0};
cleanup:
    tr_scores_fini(&scores);
    return st;
}

void tr_scores_fini(tr_scores *s)
{
    lsc_free(s->frames);
    lsc_free(s->videos);
    *s = (tr_scores){0};
}

lsc_status tr_session_evaluate(tr_session *s)
{
    lsc_status st = LSC_OK;
    tr_metrics m = {.validation = NO_VALUE, .validation_rates = NO_RATES, .held_rates = NO_RATES};
    tr_scores validation = {0}, held = {0};
    tr_parameters result;

    LSC_TRY(tr_session_result(s, &result));
    LSC_TRY(tr_evaluate(s->evaluator, result.theta, s->train, s->train_index, s->n_train, &m.train));
    LSC_TRY(tr_session_scores(s, result.theta, TR_SET_VALIDATION, &validation));
    LSC_TRY(tr_session_scores(s, result.theta, TR_SET_HELD, &held));
    LSC_TRY(rates_of(validation.videos, validation.n_videos, NAN, &m.validation_rates));
    LSC_TRY(rates_of(held.videos, held.n_videos, m.validation_rates.threshold, &m.held_rates));
    m.validation = validation.value;
    m.held = held.value;
    s->record.metrics = m;
cleanup:
    tr_scores_fini(&validation);
    tr_scores_fini(&held);
    return st;
}

static bool is_finite_of(int64_t n, const tr_value *value)
{
    return n == 0 || isfinite(value->loss);
}

bool tr_session_is_finite(const tr_session *s, const tr_metrics *m)
{
    return is_finite_of(s->n_train, &m->train) && is_finite_of(s->n_validation, &m->validation) &&
           is_finite_of(s->n_held, &m->held);
}

double tr_merit(const tr_value *value, const tr_rates *rates)
{
    return isnan(rates->auc) ? value->accuracy : rates->auc - rates->hter;
}

static bool is_better(double merit, const tr_choice *than)
{
    return than->epoch == 0 || isnan(than->merit) || merit >= than->merit;
}

lsc_status tr_session_select(tr_session *s, int64_t epoch)
{
    lsc_status st = LSC_OK;
    tr_record *r = &s->record;
    const tr_metrics *m = &r->metrics;
    const char *select = s->config->train.select.s;
    tr_choice here = {.epoch = (double)epoch, .merit = tr_merit(&m->held, &m->held_rates), .metrics = *m};
    tr_parameters result;

    LSC_TRY(tr_session_result(s, &result));
    here.n_averaged = (double)result.n_averaged;
    if (is_better(here.merit, &r->oracle))
        r->oracle = here;
    if (strcmp(select, "source_val") == 0)
        here.merit = tr_merit(&m->validation, &m->validation_rates);
    if (r->best != NULL && !is_better(here.merit, &r->chosen))
        return LSC_OK;
    r->chosen = here;
    if (r->best != NULL)
        memcpy(r->best, result.theta, (size_t)r->n_best * sizeof *r->best);
cleanup:
    return st;
}

lsc_status tr_session_chosen(tr_session *s, tr_parameters *out)
{
    lsc_status st = LSC_OK;
    const tr_record *r = &s->record;
    tr_parameters chosen = {.theta = r->best, .n_averaged = (int64_t)r->chosen.n_averaged};

    if (r->best == NULL)
        LSC_TRY(tr_session_result(s, &chosen));
    chosen.epoch = (int64_t)r->chosen.epoch;
    chosen.metrics = &r->chosen.metrics;
    *out = chosen;
cleanup:
    return st;
}
