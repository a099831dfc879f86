/*
 * Ranges, levels of the series 1-2-5, their text, and the colour map.
 * Colours: van der Walt and Smith 2015, "viridis", at 11 points, linear between them.
 * SPDX-License-Identifier: MIT
 */
#include "viz/scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool viz_loss_range(const viz_grid *g, double *least, double *largest)
{
    double lo = INFINITY, hi = -INFINITY;

    for (int64_t i = 0; i < g->points; i++) {
        if (viz_grid_shown(g, i)) {
            lo = fmin(lo, g->loss[i]);
            hi = fmax(hi, g->loss[i]);
        }
    }
    if (lo > hi)
        return false;
    *least = lo;
    *largest = hi;
    return true;
}

bool viz_wants_log(double least, double largest)
{
    return least > 0 && largest / least > VIZ_LOG_RATIO;
}

static const double series[] = {1, 2, 5};

/* The smallest step of the series that leaves at most `want` multiples in the span. */
static double round_step(double span, int want)
{
    const double least = span / want, decade = pow(10, floor(log10(least)));

    for (size_t k = 0; k < LSC_COUNT(series); k++)
        if (series[k] * decade >= least)
            return series[k] * decade;
    return 10 * decade;
}

static int linear_levels(double lo, double hi, int want, double *out)
{
    const double step = round_step(hi - lo, want), slack = 1e-9 * step;
    int n = 0;

    for (double k = ceil((lo - slack) / step); k * step <= hi + slack && n < want; k++)
        out[n++] = k * step + 0.0; /* not -0 */
    return n;
}

/* Every `decades`-th decade; within each, the whole series or 1 alone. */
static int log_levels(double lo, double hi, bool whole, int decades, int want, double *out)
{
    const int first = (int)floor(log10(lo)), last = (int)ceil(log10(hi));
    int n = 0;

    for (int e = first; e <= last; e++) {
        for (size_t k = 0; k < (whole ? LSC_COUNT(series) : 1); k++) {
            const double v = series[k] * pow(10, e);
            if (v < lo * (1 - 1e-9) || v > hi * (1 + 1e-9) || e % decades != 0)
                continue;
            if (n == want)
                return want + 1;
            out[n++] = v;
        }
    }
    return n;
}

int viz_levels(double lo, double hi, bool log, int want, double *out)
{
    if (!(hi > lo) || want < 1 || !isfinite(hi - lo))
        return 0;
    if (!log)
        return linear_levels(lo, hi, want, out);
    int n = log_levels(lo, hi, true, 1, want, out);
    for (int decades = 1; n > want; decades++)
        n = log_levels(lo, hi, false, decades, want, out);
    return n;
}

/* "1.5e-05" -> "1.5e-5" */
static void shorten_exponent(char *text, size_t n)
{
    char *e = strchr(text, 'e');
    if (e != NULL)
        snprintf(e, n - (size_t)(e - text), "e%ld", strtol(e + 1, NULL, 10));
}

/* In exponent form with as few digits as give the value back to ten. */
static void exponent_form(double value, char *out, size_t n)
{
    for (int digits = 0; digits < 10; digits++) {
        snprintf(out, n, "%.*e", digits, value);
        if (fabs(strtod(out, NULL) - value) <= 1e-10 * fabs(value))
            break;
    }
    shorten_exponent(out, n);
}

const char *viz_number(double value, char *out, size_t n)
{
    char exponent[32];

    snprintf(out, n, "%.10g", value);
    shorten_exponent(out, n);
    exponent_form(value, exponent, sizeof exponent);
    if (value != 0 && strlen(exponent) + 1 < strlen(out))
        snprintf(out, n, "%s", exponent);
    return out;
}

static const double viridis[][3] = {
    {68, 1, 84},    {72, 36, 117},  {65, 68, 135},  {53, 95, 141},  {42, 120, 142}, {33, 145, 140},
    {34, 168, 132}, {68, 191, 112}, {122, 209, 81}, {189, 223, 38}, {253, 231, 37},
};

void viz_colors(double rgb[VIZ_COLORS][3])
{
    const int last = (int)LSC_COUNT(viridis) - 1;

    for (int i = 0; i < VIZ_COLORS; i++) {
        const double at = (double)last * i / (VIZ_COLORS - 1);
        const int k = at < last ? (int)at : last - 1;
        for (int c = 0; c < 3; c++)
            rgb[i][c] = (viridis[k][c] + (at - k) * (viridis[k + 1][c] - viridis[k][c])) / 255;
    }
}
