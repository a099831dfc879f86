/*
 * The loop over steps and epochs. What an epoch leaves, in this order: a row of history, its parameters (trajectory),
 * run.state, history.csv; the last one run.bin. Everything but run.state can be made anew from run.state, so a
 * run that is killed anywhere in between ends with the same files.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>

/* ---- time --------------------------------------------------------------------------------------- */

typedef struct {
    double seconds, processor_seconds;
} clock_reading;

static clock_reading read_clock(void)
{
    return (clock_reading){lsc_seconds(), lsc_processor_seconds()};
}

static void add_time(tr_sums *sums, clock_reading since)
{
    const clock_reading now = read_clock();
    sums->seconds += now.seconds - since.seconds;
    sums->processor_seconds += now.processor_seconds - since.processor_seconds;
}

/* ---- epochs ------------------------------------------------------------------------------------- */

/* theta itself, of which there are no metrics where the result is another. */
static lsc_status save_trajectory(const tr_session *s, const tr_paths *p, int64_t epoch, const tr_metrics *metrics)
{
    lsc_status st = LSC_OK;
    char *path = NULL;

    if (s->config->train.trajectory_every == 0 || epoch % s->config->train.trajectory_every != 0)
        return LSC_OK;
    path = tr_trajectory_path(p, epoch);
    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", p->trajectory);
    LSC_TRY(lsc_mkdirs(p->trajectory));
    const tr_parameters parameters = {
        .theta = s->state->theta, .epoch = epoch, .metrics = s->state->n_averaged > 0 ? NULL : metrics};
    LSC_TRY(tr_save_parameters(path, s->config, s->state, &s->record, &parameters));
cleanup:
    lsc_free(path);
    return st;
}

static void report_epoch(const tr_session *s, int64_t epoch, const tr_metrics *m)
{
    const tr_sums *sums = &s->record.sums;
    char time[32], evaluated[256] = "", rates[64] = "", validation[64] = "";

    lsc_duration(sums->seconds, time, sizeof time);
    if (m != NULL && !isnan(m->held_rates.auc))
        snprintf(rates, sizeof rates, " AUC %.2f %% HTER %.2f %%", 100 * m->held_rates.auc,
                 100 * (isnan(m->held_rates.hter_at) ? m->held_rates.hter : m->held_rates.hter_at));
    if (m != NULL && s->validation != NULL)
        snprintf(validation, sizeof validation, "validation %.4f %.2f %%, ", m->validation.loss,
                 100 * m->validation.accuracy);
    if (m != NULL)
        snprintf(evaluated, sizeof evaluated, "train %.4f %.2f %%, %sheld out %.4f %.2f %%%s, ", m->train.loss,
                 100 * m->train.accuracy, validation, m->held.loss, 100 * m->held.accuracy, rates);
    lsc_log_info("epoch %lld/%lld: lr %.4g, batches %.4f %.2f %%, %s|eps| %.4g, %s", (long long)epoch,
                 (long long)s->config->train.epochs, s->state->lr, sums->loss / sums->steps,
                 100 * sums->correct / sums->images, evaluated, sums->perturbation / sums->steps, time);
}

static lsc_status end_epoch(tr_session *s, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    tr_record *r = &s->record;
    const clock_reading started = read_clock();
    const int64_t epoch = r->step / s->steps_per_epoch;
    const bool evaluated = tr_is_evaluated(&s->config->train, epoch);
    const tr_metrics *metrics = evaluated ? &r->metrics : NULL;

    if (evaluated) {
        LSC_TRY(tr_session_evaluate(s));
        LSC_TRY(tr_session_select(s, epoch));
    }
    add_time(&r->sums, started);
    tr_history_add(&r->history, &(tr_history_row){.epoch = epoch,
                                                  .lr = s->state->lr,
                                                  .sums = &r->sums,
                                                  .metrics = metrics,
                                                  .validation = s->validation != NULL,
                                                  .rates = tr_evaluator_has_scores(s->evaluator)});
    LSC_CHECK(!r->history.failed, LSC_ERR_NOMEM, "no memory for %s", p->history);
    report_epoch(s, epoch, metrics);
    r->sums = (tr_sums){0};
    LSC_TRY(save_trajectory(s, p, epoch, metrics));
    LSC_TRY(tr_save_state(p->state, s->config, s->state, r));
    LSC_TRY(tr_save_history(p, &r->history));
cleanup:
    return st;
}

static void show_progress(const tr_session *s, lsc_progress *progress)
{
    const tr_sums *sums = &s->record.sums;
    char note[128];

    if (sums->steps == 0)
        return;
    snprintf(note, sizeof note, "epoch %lld/%lld, loss %.4f, accuracy %.2f %%, lr %.4g",
             (long long)((s->record.step - 1) / s->steps_per_epoch + 1), (long long)s->config->train.epochs,
             sums->loss / sums->steps, 100 * sums->correct / sums->images, s->state->lr);
    lsc_progress_update(progress, s->record.step * s->config->train.batch, note);
}

/* Steps up to the end or a request to stop. */
static lsc_status steps(tr_session *s, const tr_paths *p, tr_loader *loader, lsc_progress *progress)
{
    lsc_status st = LSC_OK;
    tr_record *r = &s->record;
    double saved = lsc_seconds();

    while (r->step < s->n_steps) {
        const clock_reading started = read_clock();
        LSC_TRY(tr_session_advance(s, loader));
        add_time(&r->sums, started);
        show_progress(s, progress);
        const bool stop = lsc_stop_requested(), epoch_ends = r->step % s->steps_per_epoch == 0;
        if (epoch_ends)
            LSC_TRY(end_epoch(s, p));
        else if (stop || lsc_seconds() - saved >= 60 * s->config->train.save_minutes)
            LSC_TRY(tr_save_state(p->state, s->config, s->state, r));
        else
            continue;
        saved = lsc_seconds();
        LSC_CHECK(!stop || r->step == s->n_steps, LSC_ERR_STOPPED,
                  "stopped after step %lld of %lld: the same command with --resume goes on", (long long)r->step,
                  (long long)s->n_steps);
    }
cleanup:
    return st;
}

lsc_status tr_loop(tr_session *s, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;
    tr_loader *loader = NULL;
    lsc_progress progress;
    tr_parameters result;

    if (s->record.step == 0)
        LSC_TRY(save_trajectory(s, p, 0, NULL));
    if (s->record.step < s->n_steps) {
        LSC_TRY(tr_session_loader(s, &loader));
        lsc_progress_start(&progress, "images", s->record.step * t->batch, s->n_steps * t->batch);
        st = steps(s, p, loader, &progress);
        lsc_progress_end(&progress);
        LSC_TRY(st);
    }
    LSC_TRY(tr_session_chosen(s, &result));
    LSC_TRY(tr_save_parameters(p->bin, s->config, s->state, &s->record, &result));
cleanup:
    tr_loader_free(loader);
    return st;
}
