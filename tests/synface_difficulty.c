/*
 * The difficulty of synthetic faces as tests/long/faces.sh reports it: KEY=AREA for its settings of delta and kappa.
 * SPDX-License-Identifier: MIT
 */
#include "synface_classifier.h"

#include <stdio.h>

int main(void)
{
    static const struct {
        const char *name;
        double delta, kappa;
    } rows[] = {{"d1_k1", 1, 1},     {"d1_k0", 1, 0},     {"d05_k1", .5, 1}, {"d05_k0", .5, 0},
                {"d025_k1", .25, 1}, {"d025_k0", .25, 0}, {"d0_k1", 0, 1},   {"d0_k0", 0, 0}};
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        const ds_synfaces o = {.seed = 1,
                               .delta = rows[i].delta,
                               .kappa = rows[i].kappa,
                               .size = 64,
                               .subjects = 40,
                               .videos = 4,
                               .frames = 3,
                               .spoofs = 1};
        synface_auc auc;
        synface_classify(&o, &auc);
        printf("%s_within=%.3f\n%s_across=%.3f\n%s_domain3=%.3f\n", rows[i].name, synface_mean(auc.within),
               rows[i].name, synface_mean(auc.across), rows[i].name, auc.across[3]);
    }
    return 0;
}
