/*
 * The comparison as a table for people and as JSON for programs.
 * SPDX-License-Identifier: MIT
 */
#include "viz/viz.h"

#include <math.h>
#include <string.h>

#define CELL_MAX 40 /* bytes; a longer name is cut */

typedef struct {
    char text[CELL_MAX];
} cell;

static cell percent(double fraction)
{
    cell c = {"-"};
    if (isfinite(fraction))
        snprintf(c.text, sizeof c.text, "%.2f %%", 100 * fraction);
    return c;
}

static cell number(double value, const char *before)
{
    cell c = {"-"};
    if (isfinite(value))
        snprintf(c.text, sizeof c.text, "%s%.4g", before, value);
    return c;
}

enum { COLUMNS = 7 };

static void head(cell row[COLUMNS])
{
    static const char *const names[] = {"run", "train acc", "held-out acc", "loss at 0"};

    for (size_t i = 0; i < LSC_COUNT(names); i++)
        snprintf(row[i].text, sizeof row[i].text, "%s", names[i]);
    for (int i = 0; i < 2; i++)
        snprintf(row[4 + i].text, sizeof row[4 + i].text, "rise at %g", viz_radii[i]);
    snprintf(row[6].text, sizeof row[6].text, "area of rise <= %g", VIZ_BASIN_RISE);
}

static void fill(const viz_run *run, cell row[COLUMNS])
{
    const viz_summary s = viz_summary_of(run->surface);

    lsc_shown(run->name, row[0].text, sizeof row[0].text);
    row[1] = percent(s.train_accuracy);
    row[2] = percent(s.held_accuracy);
    row[3] = number(s.centre_loss, "");
    row[4] = number(s.rise[0], "");
    row[5] = number(s.rise[1], "");
    row[6] = number(s.basin, s.basin_open ? ">= " : "");
}

/* Columns on the screen: continuation bytes of UTF-8 take none. */
static int width_of(const char *s)
{
    int width = 0;
    for (; *s != '\0'; s++)
        width += ((unsigned char)*s & 0xc0) != 0x80;
    return width;
}

static void pad(lsc_text *t, int n)
{
    for (int i = 0; i < n; i++)
        lsc_text_add(t, " ");
}

/* Names to the left, numbers to the right. */
static void add_row(lsc_text *t, cell row[COLUMNS], const int widths[COLUMNS])
{
    lsc_text_add(t, "%s", row[0].text);
    pad(t, widths[0] - width_of(row[0].text));
    for (int c = 1; c < COLUMNS; c++) {
        pad(t, 2 + widths[c] - width_of(row[c].text));
        lsc_text_add(t, "%s", row[c].text);
    }
    lsc_text_add(t, "\n");
}

void viz_table_text(const viz_run *runs, int n, lsc_text *t)
{
    int widths[COLUMNS] = {0};
    cell row[COLUMNS];

    for (int k = -1; k < n; k++) {
        k < 0 ? head(row) : fill(&runs[k], row);
        for (int c = 0; c < COLUMNS; c++)
            widths[c] = width_of(row[c].text) > widths[c] ? width_of(row[c].text) : widths[c];
    }
    for (int k = -1; k < n; k++) {
        k < 0 ? head(row) : fill(&runs[k], row);
        add_row(t, row, widths);
    }
}

static void add_json(lsc_text *t, const char *key, double value)
{
    lsc_text_add(t, ", \"%s\": ", key);
    lsc_json_number(t, value);
}

void viz_table_json(const viz_run *runs, int n, lsc_text *t)
{
    char key[32];

    lsc_text_add(t, "{\"runs\": [");
    for (int k = 0; k < n; k++) {
        const viz_summary s = viz_summary_of(runs[k].surface);
        lsc_text_add(t, "%s\n  {\"name\": ", k > 0 ? "," : "");
        lsc_quote_json(t, runs[k].name);
        add_json(t, "train_accuracy", s.train_accuracy);
        add_json(t, "held_accuracy", s.held_accuracy);
        add_json(t, "loss_at_0", s.centre_loss);
        for (int i = 0; i < 2; i++) {
            snprintf(key, sizeof key, "rise_at_%g", viz_radii[i]);
            add_json(t, key, s.rise[i]);
        }
        snprintf(key, sizeof key, "area_of_rise_%g", VIZ_BASIN_RISE);
        add_json(t, key, s.basin);
        lsc_text_add(t, ", \"area_is_lower_bound\": %s}", s.basin_open ? "true" : "false");
    }
    lsc_text_add(t, "\n]}\n");
}
