/*
 * --dry-run: what a run would be. Time is measured on a few steps and images and scaled up; memory is the peak of
 * this process while it did so.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

#define MEASURE_SECONDS 2.0
#define MEASURE_STEPS   20
#define MEASURE_IMAGES  512
#define AVERAGE_STEPS   3

typedef struct {
    double begin, step; /* seconds of a training step: while the run begins (tr_beginning), and afterwards */
    double image;       /* seconds of an evaluated image */
    double average;     /* seconds of a batch by which statistics of an average are recalculated */
    double mebibytes;
} measured;

/* Steps before the optimizer trains the whole network. */
static int64_t beginning(const tr_session *s)
{
    const tr_options *t = &s->config->train;
    const double epochs = fmax(t->warming_epochs, t->erm_epochs);
    const int64_t steps = (int64_t)ceil(epochs * (double)s->steps_per_epoch);
    return steps < s->n_steps ? steps : s->n_steps;
}

/* Of steps from `first` on; the first is not timed, if there are others: libraries set themselves up in it. */
static lsc_status time_steps(tr_session *s, int64_t first, double *seconds)
{
    lsc_status st = LSC_OK;
    tr_loader *loader = NULL;
    const int64_t left = s->n_steps - first, past = first + (left < 1 + MEASURE_STEPS ? left : 1 + MEASURE_STEPS);
    double started;
    int64_t timed = 0;

    s->record.step = first;
    LSC_TRY(tr_session_loader(s, &loader));
    if (left > 1)
        LSC_TRY(tr_session_advance(s, loader));
    started = lsc_seconds();
    while (s->record.step < past && (timed == 0 || lsc_seconds() - started < MEASURE_SECONDS)) {
        LSC_TRY(tr_session_advance(s, loader));
        timed++;
    }
    *seconds = (lsc_seconds() - started) / (double)timed;
cleanup:
    tr_loader_free(loader);
    return st;
}

static int64_t evaluations(const tr_options *t)
{
    int64_t n = 0;
    for (int64_t epoch = 1; epoch <= t->epochs; epoch++)
        n += tr_is_evaluated(t, epoch);
    return n;
}

/* Of them, those that find an average. */
static int64_t evaluations_of_averages(const tr_session *s)
{
    const tr_options *t = &s->config->train;
    const tr_state *state = s->state;
    tr_moment m = {.epochs = (double)t->epochs};
    int64_t n = 0;

    for (int64_t epoch = 1; state->average != NULL && epoch <= t->epochs; epoch++) {
        m.after = (double)epoch;
        m.before = m.after - 1 / (double)s->steps_per_epoch;
        m.n_averaged += state->average->weight(state->average_options, &m) != 0;
        n += m.n_averaged > 0 && tr_is_evaluated(t, epoch);
    }
    return n;
}

static lsc_status time_average(tr_session *s, double *seconds)
{
    lsc_status st = LSC_OK;
    const int64_t steps = s->steps_per_epoch < AVERAGE_STEPS ? s->steps_per_epoch : AVERAGE_STEPS;
    const double started = lsc_seconds();

    *seconds = 0;
    if (s->result == NULL)
        return LSC_OK;
    memcpy(s->result, s->state->theta, (size_t)s->state->layout->n * sizeof *s->result);
    LSC_TRY(tr_session_recalculate(s, steps, s->result));
    s->result_step = s->record.step; /* or select would do the whole of it */
    *seconds = (lsc_seconds() - started) / (double)steps;
cleanup:
    return st;
}

static lsc_status measure(tr_session *s, measured *out)
{
    lsc_status st = LSC_OK;
    const int64_t n = s->n_train < MEASURE_IMAGES ? s->n_train : MEASURE_IMAGES;
    struct rusage usage;
    tr_value value;

    const int64_t begins = beginning(s);
    out->begin = 0;
    if (begins > 0)
        LSC_TRY(time_steps(s, 0, &out->begin));
    out->step = out->begin;
    if (begins < s->n_steps)
        LSC_TRY(time_steps(s, begins, &out->step));
    const double started = lsc_seconds();
    LSC_TRY(tr_evaluate(s->evaluator, s->state->theta, s->train, s->train_index, n, &value));
    out->image = (lsc_seconds() - started) / (double)n;
    LSC_TRY(time_average(s, &out->average));
    LSC_TRY(tr_session_select(s, 1)); /* what a run keeps of its best epoch counts, too */
    getrusage(RUSAGE_SELF, &usage);
    out->mebibytes = (double)usage.ru_maxrss / 1024;
cleanup:
    return st;
}

lsc_status tr_dry_run(tr_session *s)
{
    lsc_status st = LSC_OK;
    const tr_options *t = &s->config->train;
    const lsc_layout *layout = s->state->layout;
    measured m;
    char epoch_text[32], run_text[32], validation[48] = "", beginning_text[48] = "";

    LSC_TRY(measure(s, &m));
    const int64_t begins = beginning(s);
    const double evaluation = m.image * (double)(s->n_train + s->n_validation + s->n_held);
    const double epoch = m.step * (double)s->steps_per_epoch + evaluation / (double)t->eval_every;
    const double average = m.average * (double)s->steps_per_epoch * (double)evaluations_of_averages(s);
    const double run = m.begin * (double)begins + m.step * (double)(s->n_steps - begins) +
                       evaluation * (double)evaluations(t) + average;
    const double at_first = begins > 0 ? m.begin : m.step;
    if (begins > 0)
        snprintf(beginning_text, sizeof beginning_text, " (%.3g s in the first %lld)", m.begin, (long long)begins);
    if (s->validation != NULL)
        snprintf(validation, sizeof validation, "%lld for validation, ", (long long)ds_count(s->validation));
    lsc_duration(epoch, epoch_text, sizeof epoch_text);
    lsc_duration(run, run_text, sizeof run_text);
    if (s->options->common.json)
        printf("{\"steps\": %lld, \"steps_per_epoch\": %lld, \"parameters\": %lld, \"domains\": %d, "
               "\"training_images\": %lld, \"held_images\": %lld, \"memory_mib\": %.0f, \"seconds_per_step\": %.6g, "
               "\"seconds_per_step_at_first\": %.6g, "
               "\"seconds_per_epoch\": %.6g, \"seconds\": %.6g}\n",
               (long long)s->n_steps, (long long)s->steps_per_epoch, (long long)layout->n_learned, s->state->n_domains,
               (long long)ds_count(s->train), (long long)ds_count(s->held), m.mebibytes, m.step, at_first, epoch, run);
    else
        printf("steps       %lld (%lld epochs of %lld steps of %lld images)\n"
               "data        %lld training images in %d domains, %s%lld held out\n"
               "parameters  %lld\n"
               "backend     %s, %d threads\n"
               "memory      %.0f MiB (peak of this measurement)\n"
               "time        %.3g s a step%s, %s an epoch with its evaluation, %s in all\n",
               (long long)s->n_steps, (long long)t->epochs, (long long)s->steps_per_epoch, (long long)t->batch,
               (long long)ds_count(s->train), s->state->n_domains, validation, (long long)ds_count(s->held),
               (long long)layout->n_learned, tr_network_backend(s->network), tr_network_threads(s->network),
               m.mebibytes, m.step, beginning_text, epoch_text, run_text);
cleanup:
    return st;
}
