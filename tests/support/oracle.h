/*
 * oracle.h - a network with the values PyTorch gives for it: tests/golden/models/NAME.json.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_ORACLE_H
#define LSC_TEST_ORACLE_H

#include <cjson/cJSON.h>

#include "nn/nn.h"

typedef struct {
    cJSON *json;
    nn_graph *graph;
    const lsc_layout *layout;
    int64_t batch, classes;
    double *theta; /* [n], every element a float */
    float *theta32;
    float *images; /* [batch, C, H, W] */
    int32_t *labels;
    double *weight; /* [batch]: 1 / batch each, so that the loss is a mean */
    double *v;      /* [n_learned] */
} oracle;

/* Norm, first and last element of one parameter's part of a vector. */
typedef struct {
    double norm, first, last;
} oracle_part;

/* Builds the graph and checks its names and shapes against the file; fails the test if they differ. */
void oracle_open(oracle *o, const char *name);
void oracle_close(oracle *o);
/* What PyTorch says on these statistics. key: "loss", "grad_norm", "hvp_norm", "vHv". */
double oracle_value(const oracle *o, nn_statistics statistics, const char *key);
double oracle_logit(const oracle *o, nn_statistics statistics, int64_t image, int64_t k);
/* key: "grad", "hvp" */
oracle_part oracle_want(const oracle *o, nn_statistics statistics, const char *key, int parameter);
/* The same of a vector [n_learned] of ours. */
oracle_part oracle_got(const oracle *o, const double *vector, int parameter);
int oracle_parameters(const oracle *o);
/* Mean loss of logits [batch, classes], and its gradient by the logits if dlogits is not NULL. */
double oracle_loss(const oracle *o, const double *logits, double *dlogits);

/* Logits [batch, classes]: each within tolerance times the largest. */
void oracle_check_logits(const oracle *o, nn_statistics statistics, const double *logits, double tolerance);

#endif
