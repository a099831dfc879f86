/*
 * cpu_fixture.h - inputs of a graph, and what a plan of a backend makes of them.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CPU_FIXTURE_H
#define LSC_CPU_FIXTURE_H

#include "nn/op.h"

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
