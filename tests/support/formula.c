/*
 * Compiled with -ffp-contract=off, see formula.h.
 * SPDX-License-Identifier: MIT
 */
#include "support/formula.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

static double u(int64_t j, int64_t k)
{
    double a = 12.9898 * (double)(j + 1), b = 78.233 * (double)(k + 1);
    double x = 43758.5453 * sin(a + b);
    return 2 * (x - floor(x)) - 1;
}

void formula_u(int64_t n, int64_t k, double *out)
{
    for (int64_t j = 0; j < n; j++)
        out[j] = u(j, k);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void fill_parameter(const lsc_block *b, int64_t k, const char *model, double *w)
{
    int64_t n = lsc_block_elements(b);
    double fan_in = b->rank > 1 ? (double)(n / b->shape[0]) : 1;
    bool residual = !has(model, "_noshort") && !has(model, "densenet");
    double g = has(b->name, "bn2") && residual ? 0.3 : 1;
    for (int64_t j = 0; j < n; j++) {
        double x = u(j, k);
        if (b->rank > 1)
            x = x * sqrt(3 / fan_in) * sqrt(2) * 0.9;
        else if (has(b->name, ".weight"))
            x = g * (1 + 0.2 * x);
        else
            x = 0.1 * x;
        w[j] = (double)(float)x;
    }
}

static void fill_buffer(const lsc_block *b, int64_t k, double *w)
{
    for (int64_t j = 0; j < lsc_block_elements(b); j++) {
        double x = 0;
        if (has(b->name, ".running_mean"))
            x = 0.1 * u(j, 1000 + k);
        else if (has(b->name, ".running_var"))
            x = 1 + 0.5 * u(j, 2000 + k);
        w[j] = (double)(float)x;
    }
}

void formula_theta(const lsc_layout *layout, const char *model, double *theta)
{
    int64_t parameter = 0, buffer = 0;
    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = &layout->blocks[i];
        if (b->role == LSC_BUFFER)
            fill_buffer(b, buffer++, theta + b->offset);
        else
            fill_parameter(b, parameter++, model, theta + b->offset);
    }
}

void formula_images(int64_t n, float *images)
{
    for (int64_t j = 0; j < n; j++)
        images[j] = (float)u(j, 5000);
}

void formula_direction(const lsc_layout *layout, const double *theta, int64_t base, double *v)
{
    for (int k = 0; k < layout->n_blocks && layout->blocks[k].role != LSC_BUFFER; k++) {
        const lsc_block *b = &layout->blocks[k];
        int64_t n = lsc_block_elements(b);
        double squares = 0;
        for (int64_t j = 0; j < n; j++)
            squares += theta[b->offset + j] * theta[b->offset + j];
        for (int64_t j = 0; j < n; j++)
            v[b->offset + j] = u(j, base + k) * sqrt(squares) / sqrt((double)n);
    }
}
