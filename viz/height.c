/*
 * The height scale that surfaces looked at together share.
 *     z = tall * (g - lo) / (hi - lo),   g = L - L(0) | L | log10 L
 * A linear scale up to the maximum would turn a steep surface into a needle, so each surface has a top of its own: its
 * maximum, or its 75 % quantile where the maximum is more than four times as high (a round bowl over a square then ends
 * in a round rim). The shared top is the median of these: among sharp and flat runs the middle one fills the box,
 * sharper ones are clipped, flatter ones stay low.
 * SPDX-License-Identifier: MIT
 */
#include "viz/mesh.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double rise(double reference, double loss)
{
    return loss - reference;
}

static double itself(double reference, double loss)
{
    (void)reference;
    return loss;
}

/* A loss of zero and less has no logarithm: it lies at the floor. */
static double logarithm(double reference, double loss)
{
    (void)reference;
    return loss > 0 ? log10(loss) : -DBL_MAX;
}

/* g of each kind. Logarithms are short of range already: their top is the maximum. */
static const struct {
    const char *name;
    double (*g)(double reference, double loss);
    bool clipped;
} kinds[] = {
    [VIZ_RISE] = {"rise", rise, true},
    [VIZ_LOSS] = {"loss", itself, true},
    [VIZ_LOG] = {"log", logarithm, false},
};

const char *viz_height_name(viz_height_kind kind)
{
    return kinds[kind].name;
}

lsc_status viz_height_parse(const char *name, viz_height_kind *out)
{
    char shown[64];

    for (size_t k = 0; k < LSC_COUNT(kinds); k++) {
        if (strcmp(name, kinds[k].name) == 0) {
            *out = (viz_height_kind)k;
            return LSC_OK;
        }
    }
    return lsc_fail(LSC_ERR_ARG, "height: unknown '%s' (known: rise loss log)", lsc_shown(name, shown, sizeof shown));
}

double viz_reference(const viz_grid *g)
{
    const int64_t centre = viz_grid_centre(g);
    double least = INFINITY;

    if (centre >= 0)
        return g->loss[centre];
    for (int64_t i = 0; i < g->points; i++)
        if (viz_grid_shown(g, i))
            least = fmin(least, g->loss[i]);
    return isfinite(least) ? least : 0;
}

double viz_height_at(const viz_height *h, double reference, double loss)
{
    return h->tall * fmax(0, (kinds[h->kind].g(reference, loss) - h->lo) / (h->hi - h->lo));
}

/* Sorted g of the points shown, but for those without a logarithm; returns how many. `values` [points]. */
static int64_t sorted_values(const viz_grid *g, viz_height_kind kind, double *values)
{
    const double reference = viz_reference(g);
    int64_t n = 0;

    for (int64_t i = 0; i < g->points; i++) {
        if (viz_grid_shown(g, i)) {
            values[n] = kinds[kind].g(reference, g->loss[i]);
            n += values[n] > -DBL_MAX;
        }
    }
    lsc_sort(values, n);
    return n;
}

static double own_top(viz_height_kind kind, const double *sorted, int64_t n)
{
    const double lo = sorted[0], max = sorted[n - 1], most = sorted[(n - 1) * 3 / 4];
    return kinds[kind].clipped && max > lo + 4 * (most - lo) ? most : max;
}

/* The median of n tops above lo; of an even number, the geometric mean of the middle two. A plane has no scale: lo + 1.
 */
static double shared_top(double lo, double *tops, int n)
{
    double top = lo;

    lsc_sort(tops, n);
    if (n > 0)
        top = lo + sqrt((tops[(n - 1) / 2] - lo) * (tops[n / 2] - lo));
    return top > lo ? top : lo + 1;
}

static double widest_axis(const viz_grid *g)
{
    double widest = 0;
    for (int a = 0; a < g->rank && a < 2; a++)
        widest = fmax(widest, g->axis[a].max - g->axis[a].min);
    return widest;
}

lsc_status viz_height_shared(const lsc_surface *const *surfaces, int n, viz_height_kind kind, double cut,
                             viz_height *out)
{
    lsc_status st = LSC_OK;
    double *values = NULL, *tops = NULL, lo = INFINITY, widest = 0;
    int n_tops = 0;

    LSC_NEW(tops, n);
    for (int k = 0; k < n; k++) {
        const viz_grid g = viz_grid_of(surfaces[k]);
        lsc_free(values);
        LSC_NEW(values, g.points);
        const int64_t shown = sorted_values(&g, kind, values);
        widest = fmax(widest, widest_axis(&g));
        if (shown > 0) {
            lo = fmin(lo, values[0]);
            tops[n_tops++] = own_top(kind, values, shown);
        }
    }
    if (n_tops == 0)
        lo = 0;
    const double hi = isnan(cut) ? shared_top(lo, tops, n_tops) : cut;
    LSC_CHECK(hi > lo, LSC_ERR_ARG, "height: the cut %g is not above the lowest point, %g", hi, lo);
    *out = (viz_height){.kind = kind, .lo = lo, .hi = hi, .tall = widest > 0 ? widest / 2 : 1};
cleanup:
    lsc_free(values);
    lsc_free(tops);
    return st;
}
