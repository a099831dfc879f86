/*
 * The list of schedules.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#define SCHEDULE(id, file, name, text) extern const tr_schedule tr_schedule_##id;
#include "train/schedules.def"
#undef SCHEDULE

typedef struct {
    const char *name, *text;
    const tr_schedule *kind;
} row;

static const row rows[] = {
#define SCHEDULE(id, file, name, text) {name, text, &tr_schedule_##id},
#include "train/schedules.def"
#undef SCHEDULE
};

const tr_schedule *tr_schedule_at(int i, const char **name, const char **text)
{
    if (i < 0 || i >= (int)LSC_COUNT(rows))
        return NULL;
    *name = rows[i].name;
    *text = rows[i].text;
    return rows[i].kind;
}
