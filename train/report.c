/*
 * What came out of a run: result.json, score files, and text for people. Numbers are of the chosen parameters; what was
 * chosen by the held-out labels is called an oracle.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <string.h>

/* ---- scores ------------------------------------------------------------------------------------- */

static void species_names(const ds_dataset *data, nn_species_name names[NN_SPECIES_MAX], int *n)
{
    const char *name;
    for (*n = 0; *n < NN_SPECIES_MAX && (name = ds_species_name(data, *n)) != NULL; ++*n)
        snprintf(names[*n].s, sizeof names[*n].s, "%s", name);
}

static lsc_status write_scores(const char *path, const ds_dataset *data, const tr_scores *scores)
{
    nn_species_name names[NN_SPECIES_MAX];
    nn_score_set set = {.rows = scores->frames, .n = scores->n_frames, .species = names};

    if (scores->frames == NULL)
        return LSC_OK;
    species_names(data, names, &set.n_species);
    return nn_scores_write(path, &set);
}

lsc_status tr_report_make(tr_session *s, const tr_paths *p, tr_report *out)
{
    lsc_status st = LSC_OK;
    tr_parameters chosen;
    tr_scores held = {0}, validation = {0};
    tr_report report = {0};

    if (tr_evaluator_has_scores(s->evaluator)) {
        LSC_TRY(tr_session_chosen(s, &chosen));
        LSC_TRY(tr_session_scores(s, chosen.theta, TR_SET_HELD, &held));
        LSC_TRY(tr_session_scores(s, chosen.theta, TR_SET_VALIDATION, &validation));
        LSC_TRY(write_scores(p->scores_held, s->held, &held));
        if (s->validation != NULL)
            LSC_TRY(write_scores(p->scores_validation, s->validation, &validation));
    }
    report.has_liveness = held.n_videos > 0;
    if (report.has_liveness) {
        species_names(s->held, report.species, &report.n_species);
        LSC_TRY(nn_scores_liveness(held.videos, held.n_videos, validation.n_videos > 0 ? validation.videos : NULL,
                                   validation.n_videos, (uint64_t)s->config->train.seed, &report.liveness));
    }
    *out = report;
cleanup:
    tr_scores_fini(&held);
    tr_scores_fini(&validation);
    return st;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static void add_choice(lsc_text *out, const char *before, const tr_choice *c)
{
    lsc_text_add(out, "%s{\"epoch\": %.0f, \"metrics\": ", before, c->epoch);
    tr_metrics_json(&c->metrics, out);
    lsc_text_add(out, "}");
}

static const char *const summarized[] = {"held_accuracy", "held_auc", "held_hter_target", "held_hter_validation"};

static void add_last(const tr_session *s, lsc_text *out)
{
    lsc_text_add(out, ", \"last\": {\"epochs\": %lld", (long long)s->config->train.eval_last);
    for (size_t i = 0; i < LSC_COUNT(summarized); i++) {
        const tr_spread spread = tr_history_last(&s->record.history, summarized[i], s->config->train.eval_last);
        if (spread.n == 0)
            continue;
        lsc_text_add(out, ", \"%s\": {\"mean\": %.17g, \"std\": %.17g}", summarized[i], spread.mean, spread.deviation);
    }
    lsc_text_add(out, "}");
}

void tr_report_json(const tr_session *s, const tr_paths *p, const tr_report *r, lsc_text *out)
{
    const tr_options *t = &s->config->train;

    lsc_text_add(out, "{\"run\": ");
    lsc_quote_json(out, p->bin);
    lsc_text_add(out, ", \"epochs\": %lld, \"metrics\": ", (long long)t->epochs);
    tr_metrics_json(&s->record.chosen.metrics, out);
    lsc_text_add(out, ", \"optimizer\": \"%s\", \"seed\": %lld, \"select\": \"%s\", \"epoch\": %.0f", t->optimizer.s,
                 (long long)t->seed, t->select.s, s->record.chosen.epoch);
    lsc_text_add(out, ", \"seconds\": %.3f, \"processor_seconds\": %.3f", tr_history_sum(&s->record.history, "seconds"),
                 tr_history_sum(&s->record.history, "processor_seconds"));
    add_last(s, out);
    add_choice(out, ", \"target_oracle\": ", &s->record.oracle);
    if (r->has_liveness) {
        lsc_text_add(out, ", \"liveness\": ");
        tr_liveness_json(&r->liveness, r->species, r->n_species, out);
    }
    char *settings = cfg_to_json(s->config->sections, s->config->n_sections);
    if (settings != NULL)
        lsc_text_add(out, ", \"settings\": %s", settings);
    else
        out->failed = true;
    lsc_free(settings);
    lsc_text_add(out, "}\n");
}

/* ---- text --------------------------------------------------------------------------------------- */

static void add_values(lsc_text *out, const tr_metrics *m)
{
    lsc_text_add(out, "training loss %.4f, accuracy %.2f %%; held-out loss %.4f, accuracy %.2f %%", m->train.loss,
                 100 * m->train.accuracy, m->held.loss, 100 * m->held.accuracy);
}

void tr_report_text(const tr_session *s, const tr_paths *p, const tr_report *r, lsc_text *out)
{
    const tr_options *t = &s->config->train;
    const tr_record *record = &s->record;

    lsc_quote_terminal(out, p->bin);
    lsc_text_add(out, ": ");
    add_values(out, &record->chosen.metrics);
    lsc_text_add(out, "\n");
    if (record->best != NULL)
        lsc_text_add(out, "  epoch %.0f of %lld, chosen by %s\n", record->chosen.epoch, (long long)t->epochs,
                     t->select.s);
    if (r->has_liveness)
        tr_liveness_text(&r->liveness, r->species, r->n_species, out);
    for (size_t i = 0; t->eval_last > 1 && i < LSC_COUNT(summarized); i++) {
        const tr_spread spread = tr_history_last(&record->history, summarized[i], t->eval_last);
        if (spread.n > 1)
            lsc_text_add(out, "  %s over the last %lld evaluations: %.2f +- %.2f %%\n", summarized[i],
                         (long long)spread.n, 100 * spread.mean, 100 * spread.deviation);
    }
    if (record->best != NULL) {
        lsc_text_add(out, "  oracle (epoch %.0f, chosen by the held-out labels): ", record->oracle.epoch);
        add_values(out, &record->oracle.metrics);
        if (!isnan(record->oracle.metrics.held_rates.auc))
            lsc_text_add(out, ", HTER at the target's EER %.2f %%, AUC %.2f %%",
                         100 * record->oracle.metrics.held_rates.hter, 100 * record->oracle.metrics.held_rates.auc);
        lsc_text_add(out, "\n");
    }
}
