/*
 * cpu_unknown_ops.h - ops that the cpu backend does not know. Each adds a node to a graph and returns it.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CPU_UNKNOWN_OPS_H
#define LSC_CPU_UNKNOWN_OPS_H

#include "nn/op.h"

/* out = weight[c] in^2 on [C, H, W] */
int cpu_square(nn_graph *g, int x, const char *name);
/* The same without R-operator. */
int cpu_square_alone(nn_graph *g, int x, const char *name);
/* out = in - m, m the mean of all elements: kept in a buffer, or that of the batch. An image depends on the others. */
int cpu_center(nn_graph *g, int x, const char *name);

#endif
