/*
 * surface_file.h - the names in a surface file, shared by its writer and its readers; docs/surface-format.md.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_SURFACE_FILE_H
#define LSC_SURFACE_FILE_H

#include "landscape/engine.h"
#include "landscape/h5.h"

#define LSC_SURFACE_VERSION 1

/* What axis i is called at the root, as in tomgoldstein/loss-landscape, whose names end at y. */
typedef struct {
    const char *coordinates, *direction;
} lsc_axis_names;
extern const lsc_axis_names lsc_root_axes[3];

/* Fields that have a name of theirs at the root. There -1 stands for "not done". */
typedef struct {
    const char *field, *root;
    double scale;           /* root = scale * field */
    const char *complement; /* a second root array, scale - root; or NULL */
} lsc_root_field;
#define LSC_ROOT_FIELDS 4
extern const lsc_root_field lsc_root_fields[LSC_ROOT_FIELDS];
/* NULL: the field stands at the root under its own name. */
const lsc_root_field *lsc_root_field_named(const char *field);

/* A file without our group, as the other tool writes it. Returns new. */
lsc_status lsc_surface_load_foreign(hid_t file, lsc_surface **out);

#endif
