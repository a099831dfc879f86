/*
 * ref_memory.h - memory of one tensor for each node of a graph, shared by tensors that never live together.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_REF_MEMORY_H
#define NN_REF_MEMORY_H

#include "nn/op.h"

typedef enum {
    REF_KEEP,    /* each node's output, all to the end */
    REF_FORWARD, /* each node's output, from its computation to its last use */
    REF_BACKWARD /* gradients with respect to outputs: from the last use of the output down to its computation */
} ref_life;

typedef struct {
    void **of; /* [nodes]; NULL: the node's output leads nowhere (gradients) */
    void **slots;
    int n_slots;
} ref_memory;

/* Of the nodes that lead to the logits, the one that uses each output last, [nodes]: where its gradient begins. The
 * last node has itself, and -1 is an output that leads nowhere. */
void ref_last_gradient(const nn_graph *g, int *last);
/* n images of scalars of `size` bytes. Initialise with {0}; free takes a half-built one. */
lsc_status ref_memory_init(ref_memory *m, const nn_graph *g, ref_life life, int64_t n, size_t size);
void ref_memory_free(ref_memory *m);

#endif
