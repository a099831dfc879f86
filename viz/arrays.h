/*
 * arrays.h - the named arrays that go into a file for ParaView.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_ARRAYS_H
#define LSC_VIZ_ARRAYS_H

#include "viz/mesh.h"

typedef struct {
    char *name; /* safe in XML and in ParaView's lists: letters, digits, blanks and _.- */
    double *values;
} viz_array;

typedef struct {
    viz_array *list; /* [n] */
    int n, capacity;
    const char *active; /* what ParaView colours by: a name of the list, or NULL */
} viz_arrays;

/* Append values [any length], taken also on failure. */
lsc_status viz_arrays_take(viz_arrays *a, const char *name, double *values);
/* Append every field of a surface and log10_loss, at the points of a mesh, or of the grid where mesh is NULL, and
 * choose the active one: the first field, or log10_loss where max/min > 30. */
lsc_status viz_arrays_fields(viz_arrays *a, const lsc_surface *s, const viz_mesh *mesh);
void viz_arrays_free(viz_arrays *a); /* leaves an empty list */

/* A name with every other byte than those above as _; returns new or NULL. */
char *viz_safe_name(const char *name);

#endif
