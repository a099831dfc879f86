/*
 * Which images of which split make a data set, and in which domains: the source domains are consecutive
 * runs of the training split from its start, the held-out domains the runs behind them.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <math.h>

/* So that no product of counts overflows. */
#define CUT_DOMAINS_MAX 1000
#define CUT_IMAGES_MAX  DS_MAX_PIXELS

static bool of_test_split(const ds_options *o)
{
    return o->split == DS_TEST || (o->split == DS_HELD && o->n_held == 0);
}

bool ds_splits_sources(const ds_options *o)
{
    return o->validation > 0 && (o->split == DS_TRAIN || o->split == DS_VALIDATION);
}

lsc_status ds_check_validation(const ds_options *o)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(o->validation >= 0 && o->validation < 1, LSC_ERR_ARG, "data: validation is %g, must be 0 to below 1",
              o->validation);
    LSC_CHECK(o->split != DS_VALIDATION || o->validation > 0, LSC_ERR_ARG,
              "data: there is no validation set where validation is 0");
cleanup:
    return st;
}

static int n_sources(const ds_options *o)
{
    return o->n_rotations > 0 ? o->n_rotations : 1;
}

static lsc_status check_degrees(const char *name, const double *degrees, int n)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(n >= 0 && n <= CUT_DOMAINS_MAX, LSC_ERR_ARG, "data: %d %s, must be 0 to %d", n, name, CUT_DOMAINS_MAX);
    for (int i = 0; i < n; i++)
        LSC_CHECK(isfinite(degrees[i]), LSC_ERR_ARG, "data: %s: number %d is not finite", name, i);
cleanup:
    return st;
}

lsc_status ds_cut_request(const ds_options *o, ds_request *out)
{
    lsc_status st = LSC_OK;
    bool one_domain = o->n_rotations == 0 && o->n_held == 0;

    LSC_TRY(check_degrees("rotations", o->rotations, o->n_rotations));
    LSC_TRY(check_degrees("held-out rotations", o->held_rotations, o->n_held));
    LSC_CHECK(o->per_domain >= 0 && o->per_domain <= CUT_IMAGES_MAX, LSC_ERR_ARG,
              "data: %lld images of each domain, must be 0 (all) to %lld", (long long)o->per_domain,
              (long long)CUT_IMAGES_MAX);
    LSC_CHECK(o->limit >= 0, LSC_ERR_ARG, "data: limit is %lld, must be 0 (all) or more", (long long)o->limit);
    LSC_CHECK(o->limit == 0 || (one_domain && o->per_domain == 0), LSC_ERR_ARG,
              "data: a limit is for data without domains, the images of each domain are counted by per_domain");
    out->folder = o->path;
    out->test = of_test_split(o);
    out->pad = o->pad;
    LSC_TRY(ds_check_validation(o));
    out->copied = o->pad > 0 || !one_domain || o->per_domain > 0 || ds_splits_sources(o);
    out->most = o->limit;
    if (!out->test && o->per_domain > 0)
        out->most = o->per_domain * (n_sources(o) + (o->split == DS_HELD ? o->n_held : 0));
cleanup:
    return st;
}

static void cut_test(const ds_options *o, int64_t available, ds_cut *out)
{
    *out = (ds_cut){
        .n_domains = n_sources(o),
        .degrees = o->n_rotations > 0 ? o->rotations : NULL,
        .n = available,
    };
}

static lsc_status cut_train(const ds_options *o, int64_t available, ds_cut *out)
{
    lsc_status st = LSC_OK;
    bool held = o->split == DS_HELD;
    int sources = n_sources(o), all = sources + o->n_held;
    int64_t per_domain = o->per_domain > 0 ? o->per_domain : available / all;
    ds_cut cut = {
        .n_domains = held ? o->n_held : sources,
        .degrees = held                 ? o->held_rotations
                   : o->n_rotations > 0 ? o->rotations
                                        : NULL,
        .first = held ? sources * per_domain : 0,
        .per_domain = per_domain,
    };
    cut.n = cut.n_domains * per_domain;
    LSC_CHECK(per_domain > 0 && cut.first + cut.n <= available, LSC_ERR_ARG,
              "data: %s holds %lld images, %d source and %d held-out domains of %lld need %lld", o->path,
              (long long)available, sources, o->n_held, (long long)per_domain, (long long)(all * per_domain));
    *out = cut;
cleanup:
    return st;
}

lsc_status ds_cut_make(const ds_options *o, int64_t available, ds_cut *out)
{
    lsc_status st = LSC_OK;
    if (of_test_split(o)) {
        LSC_CHECK(available >= n_sources(o), LSC_ERR_ARG, "data: %s holds %lld test images for %d domains", o->path,
                  (long long)available, n_sources(o));
        cut_test(o, available, out);
    } else {
        LSC_TRY(cut_train(o, available, out));
    }
cleanup:
    return st;
}

int ds_cut_domain(const ds_cut *cut, int64_t i)
{
    return (int)(cut->per_domain > 0 ? i / cut->per_domain : i % cut->n_domains);
}
