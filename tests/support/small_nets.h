/*
 * small_nets.h - small networks in which every op occurs, for difference tests and for every backend's contract.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_SMALL_NETS_H
#define LSC_TEST_SMALL_NETS_H

#include "nn/op.h"

#define SMALL_CLASSES 3
#define SMALL_BATCH   3

/* A network with its data. */
typedef struct {
    const char *name;
    nn_graph *graph;
    const lsc_layout *layout;
    int64_t batch, classes;
    double *theta, *v; /* [n], [n_learned]; every element of theta a float */
    float *theta32, *v32;
    float *images;
    int32_t *labels;
    double *weight; /* 1 / batch each */
} small_net;

/* Net i; false past the last. Fails the test if it cannot be built. */
bool small_net_open(small_net *s, int i);
/* A model of the table on images of 8 x 8, which is quick. */
void small_model_open(small_net *s, const char *model);
void small_net_close(small_net *s);
/* Mean cross-entropy of logits; its gradient by them; and the derivative of that along rlogits. */
double small_loss(const small_net *s, const double *logits);
void small_dlogits(const small_net *s, const double *logits, double *dlogits);
void small_rdlogits(const small_net *s, const double *logits, const double *rlogits, double *rdlogits);

#endif
