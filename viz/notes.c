/*
 * The settings of a surface and its height scale as field data.
 * SPDX-License-Identifier: MIT
 */
#include "viz/notes.h"

lsc_status viz_notes_init(viz_notes *notes, const lsc_surface *s, const viz_height *h)
{
    lsc_status st = LSC_OK;

    *notes = (viz_notes){0};
    LSC_NEW(notes->texts, lsc_surface_n_settings(s));
    notes->n_texts = lsc_surface_n_settings(s);
    for (int i = 0; i < notes->n_texts; i++)
        notes->texts[i] = lsc_surface_setting(s, i);
    if (h != NULL) {
        notes->numbers[notes->n_numbers++] = (viz_number_note){"height_kind", h->kind};
        notes->numbers[notes->n_numbers++] = (viz_number_note){"height_lo", h->lo};
        notes->numbers[notes->n_numbers++] = (viz_number_note){"height_hi", h->hi};
        notes->numbers[notes->n_numbers++] = (viz_number_note){"height_tall", h->tall};
    }
cleanup:
    return st;
}

void viz_notes_fini(viz_notes *notes)
{
    lsc_free(notes->texts);
    *notes = (viz_notes){0};
}
