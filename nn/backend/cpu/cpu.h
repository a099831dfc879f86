/*
 * cpu.h - the inside of the cpu backend. In the order of a plan's life:
 *
 *   steps.c     the graph becomes steps: convolution (conv.h), join (sums of up to two tensors, each perhaps
 *               normalized, and the rectifier), pooling, others; what can be fused is
 *   buffers.c   every tensor gets its place in a section of memory, shared by tensors that never live together
 *   program.c   the steps of a pass in phases; all threads meet between two phases
 *   team.c      the threads
 *   rop.c       the R-operator, in memory that its first use takes
 *
 * Images come in blocks of at most 16. A thread takes a whole block through a phase, step by step, so that tensors stay
 * in its cache; only batch statistics, which need all images, end a phase. What a pass sums over images (batch
 * statistics, gradients of parameters) is summed in double or image by image inside a unit - some neighbouring
 * blocks, chosen by the number of images alone - and then over the units in order. So the bits of a result do not
 * depend on the number of threads.
 *
 * Tensors are oneDNN's nChw8c or nChw16c: [N, C/lanes, H, W, lanes], channels padded with zeros to whole lanes. A
 * vector [F] is [F, 1, 1]. Every step keeps the padding zero.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_H
#define CPU_H

#include "nn/backend/backend.h"
#include "nn/backend/cpu/dnn.h"

#define CPU_BLOCK_IMAGES 16
#define CPU_MAX_UNITS    16 /* partial sums that are kept of every gradient */

typedef struct cpu_plan cpu_plan;
typedef struct cpu_step cpu_step;

/* Whose gradients a pass back writes: a backward pass forgets those of a value as soon as they are handed on; the
 * R-operator keeps all those of the first backward pass, and forgets its own. */
typedef enum { CPU_PASSING, CPU_KEPT, CPU_R, CPU_N_GRADIENTS } cpu_gradients;

/* ---- threads (team.c) -------------------------------------------------------------------------- */

typedef struct cpu_team cpu_team;
typedef lsc_status (*cpu_job)(void *context, int member);

/* Returns new: threads that sleep until there is a job. */
lsc_status cpu_team_new(int threads, cpu_team **out);
void cpu_team_free(cpu_team *t);
/* job(context, 0 .. threads-1), each on its own thread; returns when all have, with the first failure. */
lsc_status cpu_team_run(cpu_team *t, cpu_job job, void *context);
/* Inside a job: wait for all members; the last to come calls once(context), if there is one, before any goes on. */
void cpu_team_meet(cpu_team *t, void (*once)(void *context), void *context);

/* ---- tensors (tensor.c, buffers.c) --------------------------------------------------------------- */

/* Memory in a section, or in one of the R-operator's: one block of images of a tensor. Times are steps: forward
 * 0 .. n-1, backward n .. 2n-1. */
typedef struct {
    int64_t floats; /* of one image */
    int born, dies; /* first and last time of use */
    int64_t offset; /* floats, in the section */
} cpu_buffer;

/* The output of a node. */
typedef struct {
    int64_t channels, padded, pixels; /* of one image */
    nn_shape shape;
    bool plain;   /* [C, H, W] row-major, not padded: the images */
    bool learned; /* depends on a parameter: has a gradient */
    int buffer;   /* -1: fused away */
    int rbuffer;  /* of its derivative by the R-operator; -1: it is zero */
    /* Buffers that hold the parts of its gradient, one for each use, to be added; the first then holds the sum. */
    int *parts[CPU_N_GRADIENTS];
    int n_parts;
} cpu_value;

/* A block of images on its way through a phase. */
typedef struct {
    float *section, *rsection; /* rsection: NULL without the R-operator */
    int64_t first;             /* image */
    int64_t n;                 /* images */
    int unit;
    bool begins; /* the first block of its unit */
    struct cpu_worker *worker;
} cpu_block;

/* [n] images of value v, blocked -> row-major floats, and back with the padding zero. */
void cpu_unpack(const cpu_plan *p, const cpu_value *v, int64_t n, const float *from, float *to);
void cpu_pack(const cpu_plan *p, const cpu_value *v, int64_t n, const float *from, float *to);

/* ---- steps (steps.c, and a file for each kind) ------------------------------------------------------ */

/* What a step does in each pass. Functions without a comment get a block of images. */
typedef struct {
    const char *name;
    /* REQUIRED */
    lsc_status (*make)(cpu_step *s); /* primitives and memory of the step; half-built on failure, for free */
    void (*free)(cpu_step *s);
    lsc_status (*forward)(const cpu_step *s, const cpu_block *b);
    /* OPTIONAL (default: nothing) */
    lsc_status (*connect)(cpu_step *s, struct cpu_worker *w);         /* a thread's own objects */
    lsc_status (*set_theta)(const cpu_step *s, struct cpu_worker *w); /* after plan->theta has changed */
    /* Where the step needs all images (s->meets): before the threads meet, then by one of them. */
    lsc_status (*gather_forward)(const cpu_step *s, const cpu_block *b);
    void (*combine_forward)(const cpu_step *s);
    /* The gradient: gather is always called before backward, combine as above. */
    lsc_status (*gather_backward)(const cpu_step *s, const cpu_block *b);
    void (*combine_backward)(const cpu_step *s);
    lsc_status (*backward)(const cpu_step *s, const cpu_block *b);
    lsc_status (*gradient)(const cpu_step *s, struct cpu_worker *w); /* of parameters, the sum over units */
    void (*update_statistics)(const cpu_step *s, float *theta);
    /* The R-operator: its memory, made once (LSC_ERR_ABSENT: there is none), and its passes, as above. backward_r comes
     * after a backward pass whose gradients are kept. */
    lsc_status (*make_r)(cpu_step *s);
    void (*free_r)(cpu_step *s);
    lsc_status (*set_v)(const cpu_step *s, struct cpu_worker *w); /* after plan->v has changed */
    lsc_status (*gather_forward_r)(const cpu_step *s, const cpu_block *b);
    void (*combine_forward_r)(const cpu_step *s);
    lsc_status (*forward_r)(const cpu_step *s, const cpu_block *b);
    lsc_status (*gather_backward_r)(const cpu_step *s, const cpu_block *b);
    void (*combine_backward_r)(const cpu_step *s);
    lsc_status (*backward_r)(const cpu_step *s, const cpu_block *b);
    lsc_status (*gradient_r)(const cpu_step *s, struct cpu_worker *w);
} cpu_kind;

extern const cpu_kind cpu_conv, cpu_join, cpu_maxpool, cpu_avgpool, cpu_other, cpu_input, cpu_import, cpu_output;

struct cpu_step {
    const cpu_kind *kind;
    cpu_plan *plan;
    const nn_node *node;          /* join: the last of those it stands for */
    int n_in, in[NN_MAX_IN], out; /* values */
    const nn_node *norm[2];       /* join: batch norm of operand i, or NULL; convolution: norm[0], folded into it */
    int sum;                      /* convolution: the value that is added to it, -1: none */
    bool relu;                    /* convolution, join */
    bool meets;                   /* needs all images before it can go on */
    bool active;                  /* a gradient reaches it */
    void *self;                   /* the kind's own */
    /* Buffers for the gradients of in[]; -1: not needed. */
    int din[CPU_N_GRADIENTS][NN_MAX_IN];
};

/* Fill plan->values, steps and buffers from the graph. */
lsc_status cpu_steps_make(cpu_plan *p);

/* ---- passes (program.c) ------------------------------------------------------------------------------- */

typedef struct {
    lsc_status (*run)(const cpu_step *s, const cpu_block *b);
    const cpu_step *step;
} cpu_task;

typedef struct {
    int end;                            /* tasks before this one belong to it */
    void (*combine)(const cpu_step *s); /* at the meeting that begins it; NULL: there is none */
    const cpu_step *step;
    int next; /* unit to be taken, atomic */
} cpu_phase;

typedef struct {
    cpu_task *tasks;
    cpu_phase *phases;
    int n_tasks, n_phases;
} cpu_program;

lsc_status cpu_program_forward(const cpu_plan *p, cpu_program *out);
lsc_status cpu_program_backward(const cpu_plan *p, cpu_program *out);
lsc_status cpu_program_forward_r(const cpu_plan *p, cpu_program *out);
lsc_status cpu_program_backward_r(const cpu_plan *p, cpu_program *out);
void cpu_program_free(cpu_program *program);
lsc_status cpu_program_run(cpu_plan *p, cpu_program *program);
/* f(step, worker) for every step, which the threads share out among them. */
lsc_status cpu_each_step(cpu_plan *p, lsc_status (*f)(const cpu_step *s, struct cpu_worker *w));

/* ---- the plan (cpu.c) ----------------------------------------------------------------------------------- */

/* What a thread has of its own. */
typedef struct cpu_worker {
    int number;
    dnnl_stream_t stream;
    void *scratch; /* of oneDNN's kernels: plan->scratch_bytes */
    float *temp;   /* plan->temp_floats */
    float *rtemp;  /* of the R-operator: plan->rtemp_floats */
} cpu_worker;

/* What the R-operator has; all NULL and false until its first use. */
typedef struct {
    float *v;        /* [n_learned], a copy */
    float *sections; /* one beside each of the plan's */
    cpu_program forward, backward;
    double *dlogits; /* [batch, outputs]: of the gradients that are kept */
    bool kept;       /* they are there, of the last forward */
} cpu_rop;

struct cpu_plan {
    const nn_graph *g;
    nn_plan_options o;
    int64_t block; /* images of a block */
    int lanes;     /* 8 or 16 */
    dnnl_engine_t engine;

    cpu_value *values; /* [nodes + 1]: of nodes; the last is the blocked copy of the images, if a step wants one */
    int *parts;        /* what their `parts` point into */
    cpu_step *steps;
    cpu_buffer *buffers; /* from first_rbuffer on: of the R-operator */
    int n_steps, n_buffers, first_rbuffer;
    cpu_program forward, backward;
    cpu_rop rop;

    float *theta;                /* [n], a copy */
    float *sections;             /* a section for each block of the batch if tensors must outlive it, or each thread */
    int64_t section, n_sections; /* floats of one */
    int64_t rsection;            /* floats of one of the R-operator's */
    size_t scratch_bytes;
    int64_t temp_floats, rtemp_floats;
    cpu_team *team;
    cpu_worker *workers; /* [o.threads] */

    /* The pass under way, and the last one. */
    int64_t n; /* images */
    int units; /* in use */
    const float *images;
    double *logits;
    const double *dlogits;
    float *gradient;
    cpu_gradients gradients;
    bool failed; /* atomic */
};

/* Tensors outlive the block's way through a phase: sections belong to blocks, not to threads. */
static inline bool cpu_keeps(const cpu_plan *p)
{
    return p->o.backward || p->o.statistics == NN_BATCH;
}

static inline float *cpu_at(const cpu_plan *p, const cpu_block *b, int buffer)
{
    return (buffer < p->first_rbuffer ? b->section : b->rsection) + p->buffers[buffer].offset;
}

static inline float *cpu_data(const cpu_plan *p, const cpu_block *b, int value)
{
    return cpu_at(p, b, p->values[value].buffer);
}

/* Its derivative along v; NULL: zero. */
static inline float *cpu_rdata(const cpu_plan *p, const cpu_block *b, int value)
{
    int buffer = p->values[value].rbuffer;
    return buffer < 0 ? NULL : cpu_at(p, b, buffer);
}

/* The gradient of input j of a step is wanted. */
static inline bool cpu_has_gradient(const cpu_step *s, int j)
{
    return s->din[CPU_PASSING][j] >= 0;
}

/* Where the pass under way writes it; NULL: nowhere. */
static inline float *cpu_gradient(const cpu_plan *p, const cpu_block *b, const cpu_step *s, int j)
{
    int buffer = s->din[p->gradients][j];
    return buffer < 0 ? NULL : cpu_at(p, b, buffer);
}

/* Part i of the gradient of a value in the pass under way. */
static inline float *cpu_part(const cpu_plan *p, const cpu_block *b, int value, int i)
{
    return cpu_at(p, b, p->values[value].parts[p->gradients][i]);
}

/* The gradient of a value in the first backward pass. */
static inline float *cpu_kept(const cpu_plan *p, const cpu_block *b, int value)
{
    return cpu_at(p, b, p->values[value].parts[CPU_KEPT][0]);
}

/* The pass under way is after the gradients of parameters, too. */
static inline bool cpu_wants_parameters(const cpu_plan *p)
{
    return p->gradients != CPU_KEPT;
}

/* Add up the parts of the gradient of a value; returns where the sum is: in the first. */
float *cpu_sum_parts(const cpu_plan *p, const cpu_block *b, int value);

/* Floats of one image of a value. */
static inline int64_t cpu_image(const cpu_value *v)
{
    return v->padded * v->pixels;
}

/* Block i of a node in theta or in a vector of parameters; NULL if it is absent. */
static inline float *cpu_block_of(const cpu_plan *p, float *vector, const nn_node *node, int i)
{
    return node->block[i] < 0 ? NULL : vector + p->g->blocks[node->block[i]].offset;
}

/* A step needs so many floats of a thread's temp, and the scratch memory of a kernel. */
static inline void cpu_want_temp(cpu_plan *p, int64_t floats)
{
    if (p->temp_floats < floats)
        p->temp_floats = floats;
}

static inline void cpu_want_rtemp(cpu_plan *p, int64_t floats)
{
    if (p->rtemp_floats < floats)
        p->rtemp_floats = floats;
}

static inline void cpu_want_scratch(cpu_plan *p, const dnn_kernel *k)
{
    size_t bytes = dnn_kernel_bytes(k, DNNL_ARG_SCRATCHPAD);
    if (p->scratch_bytes < bytes)
        p->scratch_bytes = bytes;
}

/* ---- the R-operator (rop.c) ------------------------------------------------------------------------------- */

lsc_status cpu_forward_r(void *plan, const void *v, double *rlogits);
/* The first backward pass is left out if it was the last with these dlogits, as for several v. */
lsc_status cpu_backward_r(void *plan, const double *dlogits, const double *rdlogits, void *hv);
/* Takes a plan that has none. */
void cpu_rop_free(cpu_plan *p);

/* ---- units --------------------------------------------------------------------------------------------------- */

/* Units of so many images: as many as blocks where nothing is summed over images. */
int cpu_units(const cpu_plan *p, int64_t images);
/* How many there can be. */
int cpu_max_units(const cpu_plan *p);

#endif
