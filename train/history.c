/*
 * history.csv: a row for each epoch. Accuracies and rates are fractions; a cell is empty where the epoch was not
 * evaluated, or a value is not finite. batch_loss and batch_accuracy are means over the epoch's (augmented) batches
 * while the parameters moved; perturbation is |eps| of the ascending points, mean over the epoch, and its shares are of
 * |eps|^2. Runs with a validation set, and of two classes, have further columns before the times. history.jsonl is the
 * same, an object a row.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "epoch,lr,train_loss,train_accuracy,held_loss,held_accuracy,batch_loss,batch_accuracy,"
                           "perturbation,perturbation_weight,perturbation_bias,perturbation_norm";
static const char validation_head[] = ",validation_loss,validation_accuracy";
static const char rates_head[] = ",held_auc,held_eer,held_hter_target";
static const char both_head[] = ",validation_auc,validation_hter,held_hter_validation";

static void add_head(lsc_text *t, const tr_history_row *row)
{
    lsc_text_add(t, "%s%s%s%s,seconds,processor_seconds\n", head, row->validation ? validation_head : "",
                 row->rates ? rates_head : "", row->validation && row->rates ? both_head : "");
}

/* A cell with the comma before it. */
static void add_cell(lsc_text *t, const tr_history_row *row, double value)
{
    lsc_text_add(t, ",");
    if (row->metrics != NULL && isfinite(value))
        lsc_text_add(t, "%.9g", value);
}

static void add_further(lsc_text *t, const tr_history_row *row)
{
    const tr_metrics none = {.train = {0, 0}}, *m = row->metrics != NULL ? row->metrics : &none;

    if (row->validation) {
        add_cell(t, row, m->validation.loss);
        add_cell(t, row, m->validation.accuracy);
    }
    if (row->rates) {
        add_cell(t, row, m->held_rates.auc);
        add_cell(t, row, m->held_rates.eer);
        add_cell(t, row, m->held_rates.hter);
    }
    if (row->validation && row->rates) {
        add_cell(t, row, m->validation_rates.auc);
        add_cell(t, row, m->validation_rates.hter);
        add_cell(t, row, m->held_rates.hter_at);
    }
}

void tr_history_add(lsc_text *history, const tr_history_row *row)
{
    const tr_sums *sums = row->sums;
    const tr_metrics *m = row->metrics;
    const double all = sums->squares[0] + sums->squares[1] + sums->squares[2];

    if (history->length == 0)
        add_head(history, row);
    lsc_text_add(history, "%lld,%.9g", (long long)row->epoch, row->lr);
    add_cell(history, row, m != NULL ? m->train.loss : NAN);
    add_cell(history, row, m != NULL ? m->train.accuracy : NAN);
    add_cell(history, row, m != NULL ? m->held.loss : NAN);
    add_cell(history, row, m != NULL ? m->held.accuracy : NAN);
    lsc_text_add(history, ",%.9g,%.9g,%.6g", sums->loss / sums->steps, sums->correct / sums->images,
                 sums->perturbation / sums->steps);
    for (int role = 0; role < 3; role++)
        lsc_text_add(history, ",%.6g", all > 0 ? sums->squares[role] / all : 0);
    add_further(history, row);
    lsc_text_add(history, ",%.3f,%.3f\n", sums->seconds, sums->processor_seconds);
}

/* ---- reading it --------------------------------------------------------------------------------- */

/* The cell or line that begins at *at, up to `end`; *at moves behind it. */
static size_t next(const char **at, const char *ends)
{
    const size_t n = strcspn(*at, ends);
    *at += n;
    return n;
}

/* One row as an object; both point to the start of their line. */
static void add_object(lsc_text *out, const char *names, const char *cells)
{
    lsc_text_add(out, "{");
    for (bool first = true;; first = false) {
        const char *name = names, *cell = cells;
        const int n_name = (int)next(&names, ",\n"), n_cell = (int)next(&cells, ",\n");
        lsc_text_add(out, "%s\"%.*s\": %.*s", first ? "" : ", ", n_name, name, n_cell > 0 ? n_cell : 4,
                     n_cell > 0 ? cell : "null");
        if (*names != ',' || *cells != ',')
            break;
        names++;
        cells++;
    }
    lsc_text_add(out, "}\n");
}

void tr_history_json(const lsc_text *history, lsc_text *out)
{
    const char *row = history->length > 0 ? strchr(history->text, '\n') : NULL;
    for (; row != NULL && row[1] != '\0'; row = strchr(row + 1, '\n'))
        add_object(out, history->text, row + 1);
}

/* Which column has this name; -1: none. */
static int column_of(const char *names, const char *wanted)
{
    for (int i = 0;; i++) {
        const char *name = names;
        const size_t n = next(&names, ",\n");
        if (n == strlen(wanted) && strncmp(name, wanted, n) == 0)
            return i;
        if (*names != ',')
            return -1;
        names++;
    }
}

/* Cell i of a row as a number; NaN where it is empty. */
static double cell_of(const char *row, int i)
{
    char text[32];
    for (; i > 0; i--) {
        next(&row, ",\n");
        row += *row == ',';
    }
    const char *cell = row;
    const size_t n = next(&row, ",\n");
    snprintf(text, sizeof text, "%.*s", (int)n, cell);
    return n > 0 ? strtod(text, NULL) : NAN;
}

tr_spread tr_spread_of(const double *values, int64_t n)
{
    tr_spread s = {.n = n, .mean = NAN, .deviation = NAN};
    double squares = 0;

    if (n == 0)
        return s;
    s.mean = lsc_sum(values, n) / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    s.deviation = sqrt(squares / (double)n);
    return s;
}

tr_spread tr_history_last(const lsc_text *history, const char *column, int64_t last)
{
    double values[TR_SPREAD_MAX];
    int64_t n = 0;
    const int i = history->length > 0 ? column_of(history->text, column) : -1;
    const char *end = history->length > 0 ? history->text + history->length - 1 : NULL;

    /* From the last row back to the head. */
    while (i >= 0 && n < last && n < TR_SPREAD_MAX) {
        const char *row = end;
        while (row > history->text && row[-1] != '\n')
            row--;
        if (row == history->text)
            break;
        const double value = cell_of(row, i);
        if (!isnan(value))
            values[n++] = value;
        end = row - 1;
    }
    return tr_spread_of(values, n);
}

double tr_history_sum(const lsc_text *history, const char *column)
{
    double sum = 0;
    const int i = history->length > 0 ? column_of(history->text, column) : -1;
    const char *row = i >= 0 ? strchr(history->text, '\n') : NULL;

    for (; row != NULL && row[1] != '\0'; row = strchr(row + 1, '\n')) {
        const double value = cell_of(row + 1, i);
        sum += isnan(value) ? 0 : value;
    }
    return sum;
}
