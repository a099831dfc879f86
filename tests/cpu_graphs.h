/*
 * cpu_graphs.h - small graphs that reach every fusion and every fallback of the cpu backend.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CPU_GRAPHS_H
#define LSC_CPU_GRAPHS_H

#include "nn/op.h"

/* A graph by name; row i of the table, NULL past the last. */
typedef struct {
    const char *name;
    nn_shape input;
    void (*build)(nn_graph *g); /* adds nodes after node 0; the last is [F] or [C, H, W] */
} cpu_graph;

const cpu_graph *cpu_graph_at(int i);
/* Finished, with a linear layer of three classes at its end. Fails the test if it cannot be made. */
nn_graph *cpu_graph_new(const cpu_graph *c);

#endif
