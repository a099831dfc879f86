/*
 * Metrics of liveness as JSON and as text (docs/score-format.md says what each is).
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>

/* Its name, or its number where it has none. */
static void name_species(const nn_species_name *names, int n, int k, nn_species_name *out)
{
    if (k < n)
        *out = names[k];
    else
        snprintf(out->s, sizeof out->s, "attack %d", k);
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static void add_operating(lsc_text *out, const char *before, const nn_operating *o, const nn_species_name *names, int n)
{
    const char *comma = "";
    nn_species_name name;

    tr_json_number(out, before, o->threshold);
    tr_json_number(out, ", \"hter\": ", o->hter);
    tr_json_number(out, ", \"far\": ", o->far);
    tr_json_number(out, ", \"frr\": ", o->frr);
    tr_json_number(out, ", \"acer\": ", o->attacks.acer);
    tr_json_number(out, ", \"bpcer\": ", o->attacks.bpcer);
    lsc_text_add(out, ", \"apcer\": {");
    for (int k = 0; k < NN_SPECIES_MAX; k++) {
        if (o->attacks.n[k] == 0)
            continue;
        name_species(names, n, k, &name);
        lsc_text_add(out, "%s", comma);
        lsc_quote_json(out, name.s);
        tr_json_number(out, ": ", (double)o->attacks.accepted[k] / (double)o->attacks.n[k]);
        comma = ", ";
    }
    lsc_text_add(out, "}}");
}

static void add_interval(lsc_text *out, const char *before, nn_interval i)
{
    tr_json_number(out, before, i.lo);
    tr_json_number(out, ", ", i.hi);
    lsc_text_add(out, "]");
}

static void add_intervals(lsc_text *out, const nn_liveness *l)
{
    if (!l->has_intervals) {
        lsc_text_add(out, ", \"intervals\": null, \"no_intervals\": ");
        lsc_quote_json(out, l->no_intervals);
        return;
    }
    lsc_text_add(out, ", \"intervals\": {\"level\": 0.95, \"subjects\": %lld", (long long)l->intervals.subjects);
    add_interval(out, ", \"auc\": [", l->intervals.auc);
    add_interval(out, ", \"eer\": [", l->intervals.eer);
    add_interval(out, ", \"hter_target\": [", l->intervals.hter);
    if (l->has_development)
        add_interval(out, ", \"hter_development\": [", l->intervals.hter_at);
    lsc_text_add(out, "}");
}

static void add_levels(lsc_text *out, const char *before, const double value[NN_LEVELS])
{
    lsc_text_add(out, "%s", before);
    for (int i = 0; i < NN_LEVELS; i++)
        lsc_text_add(out, "%s\"%g\": %.17g", i > 0 ? ", " : "", nn_levels[i], value[i]);
    lsc_text_add(out, "}");
}

void tr_liveness_json(const nn_liveness *l, const nn_species_name *names, int n_names, lsc_text *out)
{
    lsc_text_add(out, "{\"live\": %lld, \"attacks\": %lld", (long long)l->live, (long long)l->attacks);
    tr_json_number(out, ", \"auc\": ", l->auc);
    tr_json_number(out, ", \"eer\": ", l->eer);
    if (l->has_development)
        add_operating(out, ", \"development\": {\"threshold\": ", &l->development, names, n_names);
    add_operating(out, ", \"target\": {\"threshold\": ", &l->target, names, n_names);
    add_levels(out, ", \"tpr_at_fpr\": {", l->tpr);
    add_levels(out, ", \"bpcer_at_apcer\": {", l->bpcer);
    tr_json_number(out, ", \"compat\": {\"threshold\": ", l->compat.threshold);
    tr_json_number(out, ", \"hter\": ", l->compat.hter);
    tr_json_number(out, ", \"auc\": ", l->compat.auc);
    tr_json_number(out, ", \"tpr_at_5\": ", l->compat.tpr_at_5);
    tr_json_number(out, ", \"accuracy\": ", l->compat.accuracy);
    lsc_text_add(out, "}");
    add_intervals(out, l);
    lsc_text_add(out, "}");
}

/* ---- text --------------------------------------------------------------------------------------- */

static void say_operating(lsc_text *out, const char *where, const nn_operating *o, const nn_interval *interval,
                          const nn_species_name *names, int n)
{
    nn_species_name name;

    lsc_text_add(out, "  HTER at %s (%.4g): %.2f %%", where, o->threshold, 100 * o->hter);
    if (interval != NULL)
        lsc_text_add(out, " [%.2f, %.2f]", 100 * interval->lo, 100 * interval->hi);
    lsc_text_add(out, "; FAR %.2f %%, FRR = BPCER %.2f %%, ACER %.2f %%, APCER", 100 * o->far, 100 * o->frr,
                 100 * o->attacks.acer);
    for (int k = 0; k < NN_SPECIES_MAX; k++) {
        if (o->attacks.n[k] == 0)
            continue;
        name_species(names, n, k, &name);
        lsc_text_add(out, " ");
        lsc_quote_terminal(out, name.s);
        lsc_text_add(out, " %.2f %%", 100 * (double)o->attacks.accepted[k] / (double)o->attacks.n[k]);
    }
    lsc_text_add(out, "\n");
}

static void say_levels(lsc_text *out, const char *what, const char *at, const double value[NN_LEVELS])
{
    lsc_text_add(out, "  %s at %s <=", what, at);
    for (int i = 0; i < NN_LEVELS; i++)
        lsc_text_add(out, "%s %g %%: %.2f %%", i > 0 ? "," : "", 100 * nn_levels[i], 100 * value[i]);
    lsc_text_add(out, "\n");
}

void tr_liveness_text(const nn_liveness *l, const nn_species_name *names, int n_names, lsc_text *out)
{
    const nn_bootstrap *i = l->has_intervals ? &l->intervals : NULL;

    lsc_text_add(out, "  %lld live, %lld attacks\n", (long long)l->live, (long long)l->attacks);
    if (l->has_development)
        say_operating(out, "the development threshold", &l->development, i != NULL ? &i->hter_at : NULL, names,
                      n_names);
    say_operating(out, "the target's EER", &l->target, i != NULL ? &i->hter : NULL, names, n_names);
    lsc_text_add(out, "  AUC %.2f %%", 100 * l->auc);
    if (i != NULL)
        lsc_text_add(out, " [%.2f, %.2f]", 100 * i->auc.lo, 100 * i->auc.hi);
    lsc_text_add(out, ", EER %.2f %%", 100 * l->eer);
    if (i != NULL)
        lsc_text_add(out, " [%.2f, %.2f]", 100 * i->eer.lo, 100 * i->eer.hi);
    lsc_text_add(out, "\n");
    say_levels(out, "TPR", "FPR", l->tpr);
    say_levels(out, "BPCER", "APCER", l->bpcer);
    lsc_text_add(out, "  compat (the released rules): HTER %.2f %%, AUC %.2f %%, TPR@5%% %.2f %%, ACC %.2f %%\n",
                 100 * l->compat.hter, 100 * l->compat.auc, 100 * l->compat.tpr_at_5, 100 * l->compat.accuracy);
    if (i != NULL)
        lsc_text_add(out, "  intervals: 95 %%, of %lld subjects\n", (long long)i->subjects);
    else
        lsc_text_add(out, "  no intervals: %s\n", l->no_intervals);
}
