/*
 * viz_reader.h - files read back by VTK's own readers.
 * SPDX-License-Identifier: MIT
 */
#ifndef VIZ_READER_H
#define VIZ_READER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { READ_POINTS, READ_CELLS, READ_FIELD } read_where;
typedef struct read_data read_data;

/* A .vtp, .vti or .vtm file; NULL: VTK's reader reports an error. Returns new. */
read_data *read_vtk(const char *path);
void read_free(read_data *d);
int read_blocks(const read_data *d); /* of a .vtm; 1 for others */
int64_t read_points(const read_data *d);
int64_t read_cells(const read_data *d);
void read_point(const read_data *d, int64_t i, double xyz[3]);
int read_corners(const read_data *d, int64_t cell, int64_t corner[8]); /* returns how many */
void read_bounds(const read_data *d, double bounds[6]);
const char *read_active(const read_data *d); /* the name of the active point array; "" if none */
bool read_has_normals(const read_data *d);
/* Borrows: the values of an array of doubles, and how many; NULL: no such array, or not of doubles. */
const double *read_array(const read_data *d, read_where where, const char *name, int64_t *n);
const char *read_text(const read_data *d, const char *name); /* of the field data; NULL: none */

/* The pixels [height, width, 3] of a .png, top row first. NULL: not readable. Returns new (free). */
unsigned char *read_png(const char *path, int *width, int *height);

#ifdef __cplusplus
}
#endif
#endif
