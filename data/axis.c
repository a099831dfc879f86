/*
 * Taps of resampling.
 * SPDX-License-Identifier: MIT
 */
#include "data/axis.h"

#include <math.h>

static double triangle(double x)
{
    return fmax(0, 1 - fabs(x));
}

static double cubic(double x)
{
    const double a = -.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const ds_kernel ds_triangle = {1, triangle};
const ds_kernel ds_cubic = {2, cubic};

/* The taps of output i. */
static void find_taps(ds_axis *a, const ds_kernel *k, int row, int i, int n_in, int n_out, int bits)
{
    double scale = (double)n_in / n_out, s = fmax(1, scale), center = (i + 0.5) * scale, sum = 0;
    int first = (int)fmax(0, ceil(center - k->support * s - 0.5));
    int last = (int)fmin(n_in - 1, floor(center + k->support * s - 0.5));

    for (int j = first; j <= last; j++)
        sum += k->at((j + 0.5 - center) / s);
    for (int j = first; j <= last; j++)
        a->weight[(int64_t)row * a->most + j - first] =
            (int32_t)lrint(k->at((j + 0.5 - center) / s) / sum * (1 << bits));
    a->first[row] = first;
    a->count[row] = last - first + 1;
}

lsc_status ds_axis_new(const ds_kernel *kernel, int n_in, int n_out, int first, int n, int bits, ds_axis *out)
{
    lsc_status st = LSC_OK;
    ds_axis a = {.n = n, .most = 2 * (int)ceil(kernel->support * fmax(1, (double)n_in / n_out)) + 1};
    LSC_NEW(a.first, n);
    LSC_NEW(a.count, n);
    LSC_NEW(a.weight, (int64_t)n * a.most);
    for (int i = 0; i < n; i++)
        find_taps(&a, kernel, i, first + i, n_in, n_out, bits);
    *out = a;
    a = (ds_axis){0};
cleanup:
    ds_axis_free(&a);
    return st;
}

void ds_axis_free(ds_axis *a)
{
    lsc_free(a->first);
    lsc_free(a->count);
    lsc_free(a->weight);
    *a = (ds_axis){0};
}
