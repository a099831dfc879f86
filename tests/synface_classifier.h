/*
 * synface_classifier.h - how well a simple classifier tells live synthetic faces from attacks: 36 features of colour
 * and spectrum, logistic regression.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_SYNFACE_CLASSIFIER_H
#define TESTS_SYNFACE_CLASSIFIER_H

#include "data/synface.h"

/* Areas under the ROC curve. */
typedef struct {
    double within[DS_SYNFACE_DOMAINS]; /* half of a domain's subjects trained on, the others tested, and vice versa */
    double across[DS_SYNFACE_DOMAINS]; /* trained on the other domains */
} synface_auc;

/* Of frame 0 of every video; size must be a power of 2. Fails the test if anything fails. */
void synface_classify(const ds_synfaces *o, synface_auc *out);
double synface_mean(const double *of_domains);

#endif
