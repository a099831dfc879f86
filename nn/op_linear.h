/*
 * op_linear.h - what ops with a weight [K, F] share (op_linear.c).
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_OP_LINEAR_H
#define NN_OP_LINEAR_H

#include "nn/op.h"

double nn_linear_flops(const nn_node *node);
/* torch.nn.Linear's default: weight and bias uniform in +-1/sqrt(F). */
void nn_linear_init(const nn_node *node, lsc_rng rng, float *const block[NN_MAX_BLOCKS]);

#endif
