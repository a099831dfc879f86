/*
 * Normalization: make the length of a direction comparable with the weights it displaces.
 *     filter    d_ij <- d_ij |theta_ij| / (|d_ij| + 1e-10)    i: block, j: filter (first dimension)
 *     layer     d_i  <- d_i  |theta_i|  / (|d_i|  + 1e-10)    over the whole block
 *     weight    d_ik <- d_ik |theta_ik|                       over single elements
 *     none      d as it was drawn
 * Norms are Euclidean and summed in double; each product is rounded to float once.
 * Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", section 4, arXiv:1712.09913;
 * 1e-10 as in their code.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "landscape/engine.h"

static const char *const names[] = {
    [LSC_NORMALIZE_FILTER] = "filter",
    [LSC_NORMALIZE_LAYER] = "layer",
    [LSC_NORMALIZE_WEIGHT] = "weight",
    [LSC_NORMALIZE_NONE] = "none",
};

const char *lsc_normalization_name(lsc_normalization n)
{
    return (size_t)n < LSC_COUNT(names) ? names[n] : "unknown";
}

lsc_status lsc_normalization_parse(const char *name, lsc_normalization *out)
{
    char shown[96];

    for (size_t i = 0; i < LSC_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (lsc_normalization)i;
            return LSC_OK;
        }
    return lsc_fail(LSC_ERR_ARG, "normalization: unknown '%s' (known: filter layer weight none)",
                    lsc_shown(name, shown, sizeof shown));
}

/* Give each of `pieces` equal parts of d [n] the norm of its twin in theta. */
static void match_norms(const float *theta, float *d, int64_t n, int64_t pieces)
{
    const int64_t size = n / pieces;

    for (int64_t i = 0; i < pieces; i++)
        lsc_scale(d + i * size, lsc_norm2(theta + i * size, size) / (lsc_norm2(d + i * size, size) + 1e-10), size);
}

static void filters(const lsc_block *b, const float *theta, float *d, int64_t n)
{
    match_norms(theta, d, n, b->filters > 0 ? b->filters : b->rank > 0 ? b->shape[0] : 1);
}

static void layer(const lsc_block *b, const float *theta, float *d, int64_t n)
{
    (void)b;
    match_norms(theta, d, n, 1);
}

static void weights(const lsc_block *b, const float *theta, float *d, int64_t n)
{
    (void)b;
    for (int64_t i = 0; i < n; i++)
        d[i] = (float)((double)d[i] * fabs((double)theta[i]));
}

static void none(const lsc_block *b, const float *theta, float *d, int64_t n)
{
    (void)b, (void)theta, (void)d, (void)n;
}

void lsc_normalize(lsc_normalization how, const lsc_layout *layout, unsigned move, const float *theta, float *d)
{
    static void (*const scale[])(const lsc_block *, const float *, float *, int64_t) = {
        [LSC_NORMALIZE_FILTER] = filters,
        [LSC_NORMALIZE_LAYER] = layer,
        [LSC_NORMALIZE_WEIGHT] = weights,
        [LSC_NORMALIZE_NONE] = none,
    };

    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = lsc_layout_block(layout, i);
        const int64_t n = lsc_block_elements(b);

        if (move & (1u << b->role))
            scale[how](b, theta + b->offset, d + b->offset, n);
        else
            memset(d + b->offset, 0, (size_t)n * sizeof *d);
    }
}
