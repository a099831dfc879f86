/*
 * --list: the kinds that a configuration can name.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

static app_kind optimizer(int i)
{
    app_kind e = {0};
    const tr_optimizer *k = tr_optimizer_at(i, &e.name, &e.text);
    e.source = k != NULL ? k->source : NULL;
    return e;
}

static app_kind schedule(int i)
{
    app_kind e = {0};
    const tr_schedule *k = tr_schedule_at(i, &e.name, &e.text);
    e.source = k != NULL ? k->source : NULL;
    return e;
}

static app_kind average(int i)
{
    app_kind e = {0};
    const tr_average *k = tr_average_at(i, &e.name, &e.text);
    e.source = k != NULL ? k->source : NULL;
    return e;
}

lsc_status tr_list(const char *family, FILE *out)
{
    static const app_family own[] = {{"optimizers", optimizer}, {"schedules", schedule}, {"averages", average}};
    return app_list(out, own, LSC_COUNT(own), family);
}
