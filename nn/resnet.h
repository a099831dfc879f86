/*
 * resnet.h - residual networks up to their features: what the families model_resnet.c, model_torchvision.c and
 * model_face.c share.
 *
 *     stem     conv1, bn1, relu; with a wide stem 7 x 7 in steps of 2, and 3 x 3 max pooling in steps of 2 behind it
 *     layer1.. stages of blocks; the channels double and the map halves from stage to stage
 *     features the mean of each channel
 *
 *     block      relu(branch(x) + shortcut(x))
 *     basic      branch = bn2(conv2(relu(bn1(conv1(x))))), 3 x 3
 *     bottleneck branch = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))), 1 x 1, 3 x 3, 1 x 1 to 4 times the
 * channels shortcut   x, or a 1 x 1 convolution with batch norm where the shape changes A stage's first block makes its
 * steps in conv1, of a bottleneck in conv2. Source: He et al. 2015, arXiv:1512.03385. SPDX-License-Identifier: MIT
 */
#ifndef NN_RESNET_H
#define NN_RESNET_H

#include "nn/op.h"

#define NN_RESNET_STAGES 4

typedef struct {
    int blocks[NN_RESNET_STAGES]; /* of each stage; 0: there is none */
    int64_t width;                /* channels of the first stage */
    bool bottleneck;
    bool wide_stem;
    bool no_shortcuts; /* a block is relu(branch(x)), a bottleneck the branch alone */
    const char
        *projection;    /* module name of the shortcut where the shape changes; its convolution is .0, its norm .1 */
    const char *prefix; /* in front of all names */
} nn_resnet;

/* From the images (node 0) to the features [F], which are marked; returns their node. */
int nn_resnet_features(nn_graph *g, const nn_resnet *r);

#endif
