/*
 * The numbers by which runs are compared, from a surface alone.
 * SPDX-License-Identifier: MIT
 */
#include "viz/mesh.h"

#include <math.h>
#include <stdlib.h>

const double viz_radii[2] = {0.25, 0.5};

/* A setting that is one number and nothing else; NaN if it is not. */
static double number_of(const lsc_surface *s, const char *key)
{
    const char *text = lsc_surface_get(s, key);
    char *end;

    if (text == NULL || text[0] == '\0')
        return NAN;
    const double value = strtod(text, &end);
    return *end == '\0' ? value : NAN;
}

viz_summary viz_summary_of(const lsc_surface *s)
{
    const viz_grid g = viz_grid_of(s);
    const int64_t centre = viz_grid_centre(&g);
    viz_summary out = {.train_accuracy = number_of(s, "train_accuracy"),
                       .held_accuracy = number_of(s, "held_accuracy"),
                       .centre_loss = centre >= 0 ? g.loss[centre] : NAN,
                       .basin = NAN};

    for (int i = 0; i < 2; i++)
        if (lsc_surface_rise(s, viz_radii[i], &out.rise[i]) != LSC_OK)
            out.rise[i] = NAN;
    if (lsc_surface_basin(s, VIZ_BASIN_RISE, &out.basin, &out.basin_open) != LSC_OK)
        out.basin = NAN;
    return out;
}
