/*
 * engine.h - what the files of liblosscope share beyond losscope.h: the direction kinds, the surface from
 * inside, and the settings a resume must agree with.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_ENGINE_H
#define LSC_ENGINE_H

#include "base/base.h"
#include "losscope.h"

/* ---- layout, axes, objective -------------------------------------------------------------- */

/* Same blocks: number, names and elements. LSC_ERR_SHAPE names the first that differs. */
lsc_status lsc_layout_same(const lsc_layout *a, const lsc_layout *b);
/* LSC_ERR_ARG says what is wrong with which axis. */
lsc_status lsc_axes_check(const lsc_axis *axes, int n_axes);
int64_t lsc_axes_points(const lsc_axis *axes, int n_axes);
/* Names present, different, and of letters, digits and "_.-" only: safe as a column, an array and a data set. */
lsc_status lsc_fields_check(const char *const *fields, int n_fields);
/* What the objective has to say about its last failure; never NULL. */
const char *lsc_objective_error(const lsc_objective *obj);

/* ---- directions --------------------------------------------------------------------------- */

#define LSC_DIRS_MAX 3

/* A kind is a const struct at the foot of its file and a row in directions.def. */
typedef struct {
    bool finished; /* taken as it comes: neither normalized nor restricted to the roles in `move` */
    /* Fill d [n], all zeros, with direction `number` (0..). Elements from n_learned on are ignored. */
    lsc_status (*fill)(const lsc_layout *layout, int number, const lsc_direction_options *o, float *d);
} lsc_direction_kind;

/* LSC_ERR_ARG lists the known kinds. */
lsc_status lsc_direction_find(const char *name, const lsc_direction_kind **kind, const char **canonical);

/* d <- d scaled to theta over the blocks whose role is in `move`; all other elements become 0. */
void lsc_normalize(lsc_normalization how, const lsc_layout *layout, unsigned move, const float *theta, float *d);

/* ---- surface ------------------------------------------------------------------------------ */

/* 2 GiB of doubles; more in a file is taken for damage. */
#define LSC_SURFACE_VALUES_MAX (INT64_C(1) << 28)
#define LSC_SURFACE_FIELDS_MAX 1024

typedef struct {
    char *key, *value;
    bool note; /* does not take part in a resume */
} lsc_entry;

struct lsc_surface {
    lsc_axis axes[3];
    int n_axes;
    int64_t points, n_done;
    int n_fields;
    char **fields;  /* [n_fields] */
    double *values; /* [n_fields, points] */
    uint8_t *done;  /* [points] */
    lsc_entry *entries;
    int n_entries, capacity;
};

/* As lsc_surface_set, for what a resume must agree with. */
lsc_status lsc_surface_set_setting(lsc_surface *s, const char *key, const char *value);

/* ---- measures of a surface ---------------------------------------------------------------- */

double lsc_axis_step(const lsc_axis *axis); /* 0 if it has one point */
/* L(0) of a 2-D surface; LSC_ERR_ARG as lsc_surface_rise. */
lsc_status lsc_surface_center_loss(const lsc_surface *s, double *loss);

/* ---- settings (settings.c) ---------------------------------------------------------------- */

/* Calls `each` with the members of a flat JSON object, in order: strings unescaped, other values as they
 * are written. LSC_ERR_ARG: not a flat JSON object, with the offset. */
typedef lsc_status (*lsc_member_fn)(void *context, const char *key, const char *value);
lsc_status lsc_flat_json(const char *json, lsc_member_fn each, void *context);

/* ---- resume (resume.c) -------------------------------------------------------------------- */

/* Store everything that decides the values: frame, objective's settings, the caller's. */
lsc_status lsc_settings_store(lsc_surface *s, const lsc_objective *obj, const lsc_frame *frame,
                              const lsc_setting *settings, int n_settings);
/* Copy points and notes of `old` into `fresh`. LSC_ERR_CONFIG lists what differs, a line each. */
lsc_status lsc_surface_resume(lsc_surface *fresh, const lsc_surface *old, const char *path);

#endif
