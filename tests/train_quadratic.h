/*
 * train_quadratic.h - an oracle without a network: domain i's loss is (1/n) 1/2 sum_j A_ij (p_j - C_ij)^2, the feature
 * loss is c sum_j p_j. The last element of theta is a buffer that counts updates of statistics.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_QUADRATIC_H
#define TRAIN_QUADRATIC_H

#include "train/train.h"

#define QUADRATIC_DOMAINS 3
#define QUADRATIC_LEARNED 3
#define QUADRATIC_SEEN    16

typedef struct {
    lsc_block blocks[3]; /* [2], [1], and the buffer */
    lsc_layout layout;
    tr_oracle oracle;
    double a[QUADRATIC_DOMAINS][QUADRATIC_LEARNED], c[QUADRATIC_DOMAINS][QUADRATIC_LEARNED];
    double feature;
    bool absent[QUADRATIC_DOMAINS];
    /* what was asked, since the test set it to 0 */
    int n_calls, n_updates;
    float seen[QUADRATIC_SEEN][QUADRATIC_LEARNED + 1]; /* theta of each call */
} quadratic;

/* The problem of three domains whose steps are known (theta (.8, -.6 | .3), blocks "weight" and "bias"). */
void quadratic_init(quadratic *q, const char *first_block, const char *second_block);
/* The same with the first n domains only. */
void quadratic_domains(quadratic *q, int n);
/* Returns new: optimizer `name` with the options "key=value ..." (NULL: defaults), theta at (.8, -.6, .3). */
tr_state *quadratic_state(const quadratic *q, const char *name, const char *settings);
void quadratic_state_free(tr_state *s);
double quadratic_loss(const quadratic *q, const float *theta);

#endif
