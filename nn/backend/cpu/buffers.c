/*
 * Where buffers lie in a section: first fit, in order of birth, above and between those that are alive.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/steps.h"

/* Buffers begin on a page less or more a line: at equal distances modulo 4096 they would compete for few cache sets. */
#define ALIGNMENT 16
#define SKEW      272

static int64_t rounded(int64_t floats)
{
    return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + SKEW;
}

static bool live_together(const cpu_buffer *a, const cpu_buffer *b)
{
    return a->born <= b->dies && b->born <= a->dies;
}

/* The lowest offset for buffer i that overlaps no placed buffer of its time. */
static int64_t lowest(const cpu_buffer *buffers, const bool *placed, int n, int i, int64_t images)
{
    int64_t offset = 0, size = rounded(buffers[i].floats * images);
    for (bool moved = true; moved;) {
        moved = false;
        for (int j = 0; j < n; j++) {
            int64_t end = buffers[j].offset + rounded(buffers[j].floats * images);
            if (placed[j] && live_together(&buffers[i], &buffers[j]) && offset < end &&
                buffers[j].offset < offset + size) {
                offset = end;
                moved = true;
            }
        }
    }
    return offset;
}

static int next_born(const cpu_buffer *buffers, const bool *placed, int n)
{
    int next = -1;
    for (int j = 0; j < n; j++)
        if (!placed[j] && (next < 0 || buffers[j].born < buffers[next].born))
            next = j;
    return next;
}

lsc_status cpu_buffers_place(cpu_buffer *buffers, int n, int64_t images, int64_t *section)
{
    lsc_status st = LSC_OK;
    bool *placed = NULL;

    LSC_NEW(placed, n);
    *section = 0;
    for (int i = next_born(buffers, placed, n); i >= 0; i = next_born(buffers, placed, n)) {
        buffers[i].offset = lowest(buffers, placed, n, i, images);
        placed[i] = true;
        int64_t end = buffers[i].offset + rounded(buffers[i].floats * images);
        *section = end > *section ? end : *section;
    }
cleanup:
    lsc_free(placed);
    return st;
}
