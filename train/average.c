/*
 * The list of averages of theta, and how a step enters one: mean <- mean + w (theta - mean), in double, since with a w
 * of 1e-4 a float would stop to move when theta differs from it in the third place. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#define AVERAGE(id, file, name, text) extern const tr_average tr_average_##id;
#include "train/averages.def"
#undef AVERAGE

typedef struct {
    const char *name, *text;
    const tr_average *kind;
} row;

static const row rows[] = {
#define AVERAGE(id, file, name, text) {name, text, &tr_average_##id},
#include "train/averages.def"
#undef AVERAGE
};

const tr_average *tr_average_at(int i, const char **name, const char **text)
{
    if (i < 0 || i >= (int)LSC_COUNT(rows))
        return NULL;
    *name = rows[i].name;
    *text = rows[i].text;
    return rows[i].kind;
}

void tr_average_theta(tr_state *s)
{
    if (s->average == NULL)
        return;
    const tr_moment moment = {
        .before = s->epoch, .after = s->epoch_after, .epochs = s->epochs, .n_averaged = s->n_averaged};
    const double w = s->average->weight(s->average_options, &moment);
    if (w == 0)
        return;
    for (int64_t j = 0; j < s->layout->n_learned; j++)
        s->mean[j] += w * ((double)s->theta[j] - s->mean[j]);
    s->n_averaged++;
}
