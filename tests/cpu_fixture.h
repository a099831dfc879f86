/*
 * cpu_fixture.h - small graphs that reach every fusion and every fallback of the cpu backend, and what a plan makes of
 * them.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CPU_FIXTURE_H
#define LSC_CPU_FIXTURE_H

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

/* A node of an op that is unknown to the backend and has no R-operator. */
int cpu_graph_square_alone(nn_graph *g, int x, const char *name);

/* theta [n], v [n_learned], images [batch, ...], dlogits and rdlogits [batch, classes] of a graph, every number a
 * float. A block of theta depends on its name alone. */
typedef struct {
    double *theta, *v, *dlogits, *rdlogits;
    float *theta32, *v32, *images;
} cpu_inputs;
void cpu_inputs_make(cpu_inputs *in, const nn_graph *g, int64_t batch);
void cpu_inputs_free(cpu_inputs *in);

/* What a plan answers: logits and rlogits [n, classes], gradient and hv [n_learned], theta [n] with its statistics
 * updated. What the options have not is zero, theta as it was. All in double. */
typedef struct {
    double *logits, *gradient, *theta, *rlogits, *hv;
} cpu_answer;
/* Forward, backward and a product with v of the first n images. Fails the test if a call fails. */
void cpu_answer_make(cpu_answer *a, const char *backend, const nn_graph *g, const nn_plan_options *o,
                     const cpu_inputs *in, int64_t n);
void cpu_answer_free(cpu_answer *a);

#endif
