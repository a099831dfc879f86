/*
 * head.h - the head of a network: which elements of theta it is, and an oracle for which the rest stands still.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_HEAD_H
#define TRAIN_HEAD_H

#include "train/train.h"

/* First element of the head, which goes to the end of the learned ones: of the module whose weight is the last. */
int64_t tr_head(const lsc_layout *layout);

typedef struct {
    const tr_oracle *whole; /* borrowed */
    int64_t head;
} tr_head_oracle;
/* The oracle with gradients of the head alone. Borrows h. */
tr_oracle tr_oracle_of_head(tr_head_oracle *h);

#endif
