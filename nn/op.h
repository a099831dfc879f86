/*
 * op.h - for those who write ops or backends: nodes of a graph and the vtable of an op.
 *
 * An op is nn/op_NAME.c and a row of ops.def. Its kernels are plain loops, the oracle that other backends
 * are tested against; a backend that has no kernel of its own for an op may call these.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "nn/nn.h"

#define NN_MAX_IN     4
#define NN_MAX_BLOCKS 5

typedef struct nn_node nn_node;

/* What a kernel sees: pointers are of the scalar `real`; N is the batch. in[i] [N, in_shape...],
 * block[i]: parameter or buffer i of the node in theta, NULL if absent. */
typedef struct {
    nn_real real;
    nn_statistics statistics;
    int64_t n;
    const nn_node *node;
    const void *in[NN_MAX_IN];
    const void *block[NN_MAX_BLOCKS];
    void *out;
    void *saved; /* the op's own, saved_size bytes: what forward leaves for backward (batch norm's mean and 1/std, max
                    pool's choice) */
    /* backward: dout is read; din[i] and dblock[i] are added to (NULL: not needed) */
    const void *dout;
    void *din[NN_MAX_IN];
    void *dblock[NN_MAX_BLOCKS];
    /* R-operator: directional derivatives of the above along v; rin[i], rblock[i] NULL: zero; rout, rdin, rdblock
     * are written as out, din, dblock. backward_r reads in, out, dout, saved of the passes before it. */
    const void *rin[NN_MAX_IN];
    const void *rblock[NN_MAX_BLOCKS];
    void *rout;
    void *rsaved;
    const void *rdout;
    void *rdin[NN_MAX_IN];
    void *rdblock[NN_MAX_BLOCKS];
} nn_op_args;

typedef struct {
    const char *name, *text;
    /* REQUIRED */
    void (*forward)(const nn_op_args *a);
    void (*backward)(const nn_op_args *a);
    /* OPTIONAL (default: none) */
    size_t (*saved_size)(const nn_node *node, int64_t n, nn_real real);                /* bytes; [0] */
    double (*flops)(const nn_node *node);                                              /* of one image; [0] */
    void (*init)(const nn_node *node, lsc_rng rng, float *const block[NN_MAX_BLOCKS]); /* [zeros] */
    /* running statistics after a forward on batch statistics; block[] of theta is written; [none] */
    void (*update_statistics)(const nn_op_args *a, void *const block[NN_MAX_BLOCKS]);
    /* Whether there is a value at these parameters (real, statistics, block are given); [always] */
    bool (*defined)(const nn_op_args *a);
    /* Whether the node is in training what it is here; [always] */
    bool (*trains)(const nn_node *node);
    /* OPTIONAL (absent -> LSC_ERR_ABSENT) */
    void (*forward_r)(const nn_op_args *a);
    void (*backward_r)(const nn_op_args *a);
} nn_op;

struct nn_node {
    const nn_op *op; /* NULL: the input */
    char *name;      /* module name; "" if it has no parameters */
    int n_in;
    int in[NN_MAX_IN];
    nn_shape in_shape; /* of in[0] */
    nn_shape shape;    /* of the output */
    int n_blocks;
    int block[NN_MAX_BLOCKS]; /* indices in the layout; -1: absent. Order: the op's own (weight, bias, mean, var, count)
                               */
    int kernel, stride, pad;  /* convolution, pooling */
    double eps, momentum;     /* normalization */
    double factor, p;         /* scale; dropout */
};

struct nn_graph {
    nn_node *nodes;
    int n_nodes, capacity;
    lsc_block *blocks;
    lsc_layout layout;
    int features;     /* the node that is marked; 0: none */
    int64_t appended; /* features behind the logits */
    bool finished;
    lsc_status status; /* the first error of a builder */
    char message[512];
    int blocks_capacity;
};

/* Rows of ops.def: by name here, as pointers by number, NULL past the last; by name, NULL if unknown. */
#define OP(name, file) extern const nn_op nn_op_##name;
#include "nn/ops.def"
#undef OP
const nn_op *nn_op_at(int i);
const nn_op *nn_op_find(const char *name);

/* ---- for builders (the public face of an op, at the foot of its file) ------------------------- */

/* A new node over the nodes in[n_in] with the shape of in[0]; NULL after an error or for a bad input. Valid until
 * the next nn_graph_add. */
nn_node *nn_graph_add(nn_graph *g, const nn_op *op, const char *name, const int *in, int n_in);
/* The next parameter or buffer of the node, "name.suffix"; shape [rank]. */
void nn_graph_block(nn_graph *g, nn_node *node, const char *suffix, lsc_role role, int rank, const int64_t *shape);
/* Skip one: the node's next block is absent. */
void nn_graph_no_block(nn_node *node);
/* Keep the first error for nn_graph_finish. */
void nn_graph_fail(nn_graph *g, lsc_status code, const char *format, ...) LSC_PRINTF(3, 4);
/* The number of the newest node, or -1 after an error: what a builder returns. */
int nn_graph_last(const nn_graph *g);
/* Output rows (or columns) of a window sliding over n; 0 if it does not fit. */
int64_t nn_window_count(int64_t n, int kernel, int stride, int pad);
/* "[3, 32, 32]"; returns out. */
const char *nn_shape_text(const nn_shape *s, char *out, size_t n);

#endif
