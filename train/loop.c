/*
 * The loop over steps and epochs. What an epoch leaves, in this order: a row of history, its parameters (trajectory),
 * run.state, history.csv; the last one run.bin. Everything but run.state can be made anew from run.state, so a
 * run that is killed anywhere in between ends with the same files.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <time.h>

#define TRY_SECONDS 2 /* between tries to write what a run ends with */

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

/* ---- saving ------------------------------------------------------------------------------------- */

typedef struct {
    tr_session *s;
    const tr_paths *p;
    lsc_progress progress;
    double saved; /* when it was last tried */
    bool unsaved; /* and failed */
} loop;

/* A full disk, or one that is away, does not end a run that has hours behind it. */
static lsc_status go_on(const loop *l, lsc_status st, const char *how)
{
    if (st != LSC_ERR_IO || lsc_stop_requested())
        return st;
    if (!l->unsaved)
        lsc_log_warn("%s; %s", lsc_last_error(), how);
    return LSC_OK;
}

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

static lsc_status try_to_save(const loop *l, bool epoch_ends)
{
    lsc_status st = LSC_OK;
    const tr_record *r = &l->s->record;

    LSC_TRY(tr_save_state(l->p->state, l->s->config, l->s->state, r));
    if ((epoch_ends || l->unsaved) && r->history.length > 0)
        LSC_TRY(tr_save_history(l->p, &r->history));
cleanup:
    return st;
}

static lsc_status save(loop *l, bool epoch_ends)
{
    const lsc_status tried = try_to_save(l, epoch_ends);
    const lsc_status st = go_on(l, tried, "going on in memory, and trying again");

    if (tried == LSC_OK && l->unsaved)
        lsc_log_info("saved again: %s", l->p->state);
    l->unsaved = tried != LSC_OK;
    l->saved = lsc_seconds();
    return st;
}

/* ---- epochs ------------------------------------------------------------------------------------- */

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

/* An evaluation that is stopped is made when the run goes on: until then history lacks the epoch's row. */
static lsc_status evaluate(tr_session *s, int64_t epoch)
{
    lsc_status st = LSC_OK;
    const clock_reading started = read_clock();

    if (!tr_is_evaluated(&s->config->train, epoch))
        return LSC_OK;
    LSC_TRY(tr_session_evaluate(s));
    if (!tr_session_is_finite(s, &s->record.metrics))
        lsc_log_warn("epoch %lld: the loss of what was evaluated is not finite", (long long)epoch);
    LSC_TRY(tr_session_select(s, epoch));
    add_time(&s->record.sums, started);
cleanup:
    return st;
}

static bool lacks_row(const tr_session *s)
{
    int64_t lines = 0;
    for (size_t i = 0; i < s->record.history.length; i++)
        lines += s->record.history.text[i] == '\n';
    return s->record.step % s->steps_per_epoch == 0 &&
           s->record.step / s->steps_per_epoch > (lines > 0 ? lines - 1 : 0);
}

static lsc_status end_epoch(loop *l)
{
    lsc_status st = LSC_OK;
    tr_session *s = l->s;
    tr_record *r = &s->record;
    const int64_t epoch = r->step / s->steps_per_epoch;
    const tr_metrics *metrics = tr_is_evaluated(&s->config->train, epoch) ? &r->metrics : NULL;

    s->state->lr = tr_config_lr(s->config, r->step - 1, s->steps_per_epoch); /* a run that goes on has made no step */
    LSC_TRY(evaluate(s, epoch));
    tr_history_add(&r->history, &(tr_history_row){.epoch = epoch,
                                                  .lr = s->state->lr,
                                                  .sums = &r->sums,
                                                  .metrics = metrics,
                                                  .validation = s->validation != NULL,
                                                  .rates = tr_evaluator_has_scores(s->evaluator)});
    LSC_CHECK(!r->history.failed, LSC_ERR_NOMEM, "no memory for %s", l->p->history);
    report_epoch(s, epoch, metrics);
    r->sums = (tr_sums){0};
    LSC_TRY(go_on(l, save_trajectory(s, l->p, epoch, metrics), "going on without it"));
    LSC_TRY(save(l, true));
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

static bool is_done(const tr_session *s)
{
    return s->record.step == s->n_steps && !lacks_row(s);
}

/* What is due after a step. */
static lsc_status after_step(loop *l)
{
    lsc_status st = LSC_OK;
    const tr_session *s = l->s;
    bool saved = false;

    if (lacks_row(s)) {
        st = end_epoch(l);
        saved = st == LSC_OK;
        if (st != LSC_OK && st != LSC_ERR_STOPPED)
            return st;
    }
    const bool stop = lsc_stop_requested();
    if (!saved && (stop || lsc_seconds() - l->saved >= 60 * s->config->train.save_minutes))
        LSC_TRY(save(l, false));
    LSC_CHECK(!stop || is_done(s), LSC_ERR_STOPPED,
              "stopped after step %lld of %lld: the same command with --resume goes on", (long long)s->record.step,
              (long long)s->n_steps);
cleanup:
    return st;
}

/* Steps up to the end or a request to stop. */
static lsc_status steps(loop *l)
{
    lsc_status st = LSC_OK;
    tr_session *s = l->s;
    tr_loader *loader = NULL;

    if (lacks_row(s))
        LSC_TRY(after_step(l));
    if (s->record.step < s->n_steps)
        LSC_TRY(tr_session_loader(s, &loader));
    while (s->record.step < s->n_steps) {
        const clock_reading started = read_clock();
        LSC_TRY(tr_session_advance(s, loader));
        add_time(&s->record.sums, started);
        show_progress(s, &l->progress);
        LSC_TRY(after_step(l));
    }
cleanup:
    tr_loader_free(loader);
    return st;
}

/* ---- the end ------------------------------------------------------------------------------------ */

/* The batch before the last step may have had a loss where what came of it has none: no run ends with that. */
static lsc_status check_chosen(tr_session *s)
{
    lsc_status st = LSC_OK;
    tr_parameters chosen;

    LSC_TRY(tr_session_chosen(s, &chosen));
    if (!tr_session_is_finite(s, chosen.metrics))
        return tr_diverged(s->state);
cleanup:
    return st;
}

static lsc_status try_to_finish(const loop *l)
{
    lsc_status st = LSC_OK;
    tr_session *s = l->s;
    tr_parameters result;

    if (l->unsaved)
        LSC_TRY(try_to_save(l, true));
    LSC_TRY(tr_session_chosen(s, &result));
    LSC_TRY(tr_save_parameters(l->p->bin, s->config, s->state, &s->record, &result));
cleanup:
    return st;
}

/* What is in memory only is waited for: somebody may make room. */
static lsc_status finish(loop *l)
{
    const double minutes = l->s->config->train.wait_minutes, until = lsc_seconds() + 60 * minutes;
    lsc_status st = try_to_finish(l);

    if (st == LSC_ERR_IO && minutes > 0)
        lsc_log_warn("%s; the run is done, and trying again for %g minutes: make room, or give up by Ctrl-C",
                     lsc_last_error(), minutes);
    while (st == LSC_ERR_IO && lsc_seconds() < until && !lsc_stop_requested()) {
        nanosleep(&(struct timespec){.tv_sec = TRY_SECONDS}, NULL);
        st = try_to_finish(l);
    }
    return st;
}

lsc_status tr_loop(tr_session *s, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;
    loop l = {.s = s, .p = p, .saved = lsc_seconds()};

    if (s->record.step == 0)
        LSC_TRY(save_trajectory(s, p, 0, NULL));
    lsc_progress_start(&l.progress, "images", s->record.step * t->batch, s->n_steps * t->batch);
    st = steps(&l);
    lsc_progress_end(&l.progress);
    LSC_TRY(st);
    LSC_TRY(check_chosen(s));
    LSC_TRY(finish(&l));
cleanup:
    return st;
}
