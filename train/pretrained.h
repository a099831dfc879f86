/*
 * pretrained.h - initial weights from a file (train.pretrained).
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_PRETRAINED_H
#define TRAIN_PRETRAINED_H

#include "nn/nn.h"
#include "train/train.h"

/* The file that "imagenet" stands for with this model, or the file that is named. Returns new. LSC_ERR_IO: it is not
 * there, with the folder that is looked in; LSC_ERR_CONFIG: no such weights are known. */
lsc_status tr_pretrained_find(const char *pretrained, const char *model, char **path);
/* theta [n] but the head, and the head too where the file has the same. Every tensor of the rest must be there with its
 * shape: LSC_ERR_FORMAT, LSC_ERR_SHAPE with both shapes. A failure may leave theta half filled. */
lsc_status tr_pretrained_fill(const char *path, const lsc_layout *layout, float *theta, bool *with_head);

#endif
