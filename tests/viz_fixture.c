/*
 * SPDX-License-Identifier: MIT
 */
#include "viz_fixture.h"

#include <math.h>

#include "support/support.h"

const double fixture_absent = -1e9;

double fixture_bowl(const double c[3])
{
    return 0.5 + c[0] * c[0] + 2 * c[1] * c[1] + c[2] * c[2];
}

double fixture_steep(const double c[3])
{
    const double r2 = c[0] * c[0] + c[1] * c[1];
    return 0.01 + 200 * r2 * r2;
}

double fixture_holes(const double c[3])
{
    if (fabs(c[0] - 0.5) < 0.05 && fabs(c[1] - 0.5) < 0.05)
        return NAN;
    if (fabs(c[0] + 0.5) < 0.05 && fabs(c[1] - 0.5) < 0.05)
        return INFINITY;
    if (fabs(c[0] + 0.5) < 0.05 && fabs(c[1] + 0.5) < 0.05)
        return fixture_absent;
    return fixture_bowl(c);
}

double fixture_never(const double c[3])
{
    (void)c;
    return fixture_absent;
}

lsc_surface *fixture_surface(const lsc_axis *axes, int n_axes, double (*loss)(const double c[3]))
{
    static const char *const fields[] = {"loss", "accuracy"};
    lsc_surface *s;

    CHECK_OK(lsc_surface_new(axes, n_axes, fields, 2, &s));
    for (int64_t p = 0; p < lsc_surface_points(s); p++) {
        double c[3] = {0};
        int64_t rest = p;
        for (int a = 0; a < n_axes; a++) {
            c[a] = lsc_axis_at(&axes[a], (int)(rest % axes[a].n));
            rest /= axes[a].n;
        }
        const double value = loss(c);
        if (value != fixture_absent)
            lsc_surface_put(s, p, (const double[]){value, 1 / (1 + value)});
    }
    return s;
}

lsc_surface *fixture_square(int nx, int ny, double (*loss)(const double c[3]))
{
    return fixture_surface((const lsc_axis[]){{-1, 1, nx}, {-1, 1, ny}}, 2, loss);
}
