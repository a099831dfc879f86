/*
 * Whether runs can be compared: rises and basins mean the same only over the same axes, directions of the same kind and
 * size, the same samples and the same loss. What differs is said in one line a run; the comparison goes on.
 * Why: Li et al. 2018, section 4 (filter normalization); Dinh et al. 2017 (what scale does to sharpness).
 * SPDX-License-Identifier: MIT
 */
#include "viz/runs.h"

#include <string.h>

/* Not objective.model: networks of different shape are what filter normalization makes comparable. */
static const struct {
    const char *key, *what;
} must_agree[] = {
    {"directions", "kind of directions"},
    {"normalization", "normalization"},
    {"seed", "seed of the directions"},
    {"move", "parameters that move"},
    {"objective.loss", "loss"},
    {"objective.data_sha256", "data"},
    {"objective.samples_sha256", "samples"},
    {"objective.batch_norm", "batch norm"},
    {"objective.batch_norm_batch", "batches of batch norm"},
    {"objective.batch_norm_sha256", "images of batch norm"},
};

static bool same_axes(const lsc_surface *a, const lsc_surface *b)
{
    lsc_axis of_a[3], of_b[3];
    const int n = lsc_surface_axes(a, of_a);

    if (lsc_surface_axes(b, of_b) != n)
        return false;
    for (int i = 0; i < n; i++)
        if (of_a[i].min != of_b[i].min || of_a[i].max != of_b[i].max || of_a[i].n != of_b[i].n)
            return false;
    return true;
}

/* A surface that says nothing of a setting differs from none: files of other tools have no settings. */
static bool agree(const lsc_surface *a, const lsc_surface *b, const char *key)
{
    const char *of_a = lsc_surface_get(a, key), *of_b = lsc_surface_get(b, key);
    return of_a == NULL || of_b == NULL || strcmp(of_a, of_b) == 0;
}

static lsc_status warn_of(const viz_run *run, const viz_run *first)
{
    lsc_status st = LSC_OK;
    lsc_text t = {0};

    if (!same_axes(run->surface, first->surface))
        lsc_text_add(&t, ", range or number of points");
    for (size_t i = 0; i < sizeof must_agree / sizeof must_agree[0]; i++)
        if (!agree(run->surface, first->surface, must_agree[i].key))
            lsc_text_add(&t, ", %s", must_agree[i].what);
    LSC_CHECK(!t.failed, LSC_ERR_NOMEM, "no memory for a warning");
    if (t.length > 0)
        lsc_log_warn("%s and %s differ in %s: their numbers cannot be compared", run->name, first->name, t.text + 2);
cleanup:
    lsc_text_free(&t);
    return st;
}

lsc_status viz_runs_warn(const viz_runs *r)
{
    lsc_status st = LSC_OK;

    for (int k = 1; k < r->n; k++)
        LSC_TRY(warn_of(&r->runs[k], &r->runs[0]));
cleanup:
    return st;
}
