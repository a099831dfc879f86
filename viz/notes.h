/*
 * notes.h - what a file for ParaView says about itself: the provenance of the surface and the scale of its heights.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_NOTES_H
#define LSC_VIZ_NOTES_H

#include "viz/viz.h"

typedef struct {
    const char *name;
    double value;
} viz_number_note;

/* Borrows the surface: a value may hold any bytes. */
typedef struct {
    lsc_setting *texts;
    int n_texts;
    viz_number_note numbers[4];
    int n_numbers;
} viz_notes;

/* h NULL: nothing is said about heights. */
lsc_status viz_notes_init(viz_notes *notes, const lsc_surface *s, const viz_height *h);
void viz_notes_fini(viz_notes *notes);

#endif
