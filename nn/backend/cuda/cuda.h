/*
 * cuda.h - the inside of the cuda backend, which knows a device only by the table of device.h:
 *
 *   steps.c      the graph becomes steps: what can be fused into a convolution is
 *   rows.c       how parameters become weights on the device
 *   frame.c      center, directions and points on a device
 *   net.c        a graph compiled for a device: memory, launches
 *   plans.c      in which of several ways a convolution is computed (plans.h)
 *   kinds.c      what each kind of step launches
 *   norms.c      batch norm by the statistics of the batch
 *   cuda.c       the backend: plans whose images come from the host
 *   worker.c     one device at work on points, data and all; crew.c: several; evaluator.c: what they are asked for
 *
 * Activations are [N, H, W, C] of the net's real; vectors [N, F] are float whatever the real is, so that heads and
 * logits are float throughout.
 *
 * Networks up to the first vector are positively homogeneous in their images and shifts together: with both scaled by a
 * power of two, every activation is, exactly. In half, 2^-8 moves what overflows to 256 times as far away; what gets
 * smaller than 2^-24 is lost. Where no activations are added or put side by side, each convolution may have a power of
 * its own, which its weights and the next one's carry.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_BACKEND_H
#define CUDA_BACKEND_H

#include "nn/backend/backend.h"
#include "nn/backend/cuda/kernels.h"

typedef struct cuda_net cuda_net;
typedef struct cuda_step cuda_step;
typedef struct cuda_plans cuda_plans; /* plans.h */

/* ---- an open device ---------------------------------------------------------------------------- */

typedef struct {
    const cuda_api *api; /* NULL: not open */
    cuda_device *device;
    int number;
    cuda_device_info info;
    cuda_plans *plans; /* shared by all devices */
} cuda_context;

/* plans: borrowed. */
lsc_status cuda_context_open(const cuda_api *api, int number, cuda_plans *plans, cuda_context *out);
void cuda_context_close(cuda_context *c); /* takes one that is not open */
/* A cuda_result as a status, with the device's words and its number. */
lsc_status cuda_said(const cuda_context *c, int result);
/* Device memory; *out is written on success only. */
lsc_status cuda_new(const cuda_context *c, size_t bytes, void *out);
lsc_status cuda_upload_new(const cuda_context *c, const void *from, size_t bytes, void *out);
/* What `ask` asks of the device is recorded instead of done. *out is written on success only. */
lsc_status cuda_record(const cuda_context *c, lsc_status (*ask)(void *what), void *what, cuda_graph **out);

/* ---- a frame and points (frame.c) -------------------------------------------------------------------- */

/* What the nets on a device form their weights from; pointers are of the device. */
typedef struct {
    const cuda_context *context; /* borrowed; NULL: there is none */
    int64_t n;                   /* parameters */
    float *center, *dirs[CUDA_MAX_DIRS];
    int n_dirs;
    double *coords;
    int64_t coords_capacity;
    cuda_state *state;
} cuda_frame;

/* On failure, too, fini is due, which takes one that is {0}. */
lsc_status cuda_frame_init(const cuda_context *c, int64_t n, cuda_frame *f);
void cuda_frame_fini(cuda_frame *f);
/* Memory for so many points at once, and for all directions: recorded graphs stay valid while no more are set. */
lsc_status cuda_frame_reserve(cuda_frame *f, int64_t n);
/* center [n], dirs [n_dirs][n] are copied to the device. */
lsc_status cuda_frame_set(cuda_frame *f, const float *center, const float *const *dirs, int n_dirs);
/* coords [n, n_dirs]: the points to come; the state is at the first. */
lsc_status cuda_frame_set_points(cuda_frame *f, const double *coords, int64_t n);

/* ---- steps (steps.c) ------------------------------------------------------------------------------ */

/* The output of a node. */
typedef struct {
    int64_t channels, height, width; /* a vector: F, 1, 1 */
    bool vector;
    int exponent; /* which: it is kept times two to the power of it; -1: as it is */
    int slot;     /* memory; -1: not written, fused away */
    int last;     /* step that reads it last */
} cuda_value;

typedef struct {
    const char *name;
    /* REQUIRED */
    lsc_status (*run)(const cuda_net *net, const cuda_step *s);
    /* OPTIONAL (default: nothing) */
    lsc_status (*make)(cuda_net *net, cuda_step *s);
    void (*free)(const cuda_net *net, cuda_step *s);
} cuda_kind;

struct cuda_step {
    const cuda_kind *kind;
    const nn_node *node;    /* the one it begins with */
    int in[2], n_in, out;   /* values; of a convolution in[1] is added to it */
    const nn_node *norm[2]; /* of in[i]; of a convolution or linear layer norm[0] is folded into it */
    int row[2];             /* first row of norm[i], or of the layer */
    bool relu;
    float factor;
    cuda_conv *conv;
};

extern const cuda_kind cuda_kind_conv, cuda_kind_linear, cuda_kind_join, cuda_kind_maxpool, cuda_kind_avgpool,
    cuda_kind_concat, cuda_kind_flatten, cuda_kind_l2norm;

/* ---- batch norm on batch statistics (norms.c) ---------------------------------------------------------- */

/* Memory of a net for it, on the device; on frozen statistics there is none. */
typedef struct {
    double *statistics;   /* [n - n_learned] of theta: sums of means and of unbiased variances over batches */
    cuda_moment *partial; /* of the layer under way */
    float *scale, *shift; /* [n_rows] */
} cuda_batch_norms;

lsc_status cuda_norms_make(cuda_net *net);
void cuda_norms_free(cuda_net *net);
/* Ask for the statistics of in[i] of a step, which are norm[i]'s, and for the scale and shift that they make. */
lsc_status cuda_norms_run(const cuda_net *net, const cuda_step *s, int i);

/* ---- a net (net.c) ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t batch;
    cuda_real real;
    bool strict;   /* float that is not rounded to TF32 */
    int exponent;  /* activations are kept times 2^exponent, exactly but for what underflows; see cuda_net_measure */
    bool measures; /* it will */
    nn_statistics statistics;
} cuda_net_options;

struct cuda_net {
    const cuda_context *context;
    const cuda_frame *frame;
    const nn_graph *g;
    cuda_net_options o;
    cuda_value *values; /* [nodes] */
    int *alias;         /* [nodes]: the node whose value it is */
    cuda_step *steps;
    int n_steps;

    cuda_row *rows; /* on the host */
    int n_rows, rows_capacity;
    int64_t weight_bytes;
    int64_t *slot_bytes; /* of one image */
    void **slots;        /* on the device, like all below */
    int n_slots;
    size_t workspace_bytes;
    void *workspace;

    cuda_weights weights; /* its pointers are the net's memory, but those of the frame, which are not set */
    int n_exponents;      /* 1 where values are added or put side by side; otherwise one more for each convolution */
    int32_t *exponents;
    float *peaks;   /* [n_exponents, CUDA_PEAK_BLOCKS] if the net measures */
    double *logits; /* [batch, K] */
    cuda_batch_norms norms;
};

/* Compile for the device of the frame, which is borrowed. LSC_ERR_ABSENT: an op or a convolution that the device has
 * nothing for. */
lsc_status cuda_net_new(const cuda_frame *frame, const nn_graph *g, const cuda_net_options *o, cuda_net **out);
void cuda_net_free(cuda_net *net);
/* From now on the running statistics of `net` are the means of those that `from`, a net on batch statistics, has had in
 * so many batches since state->first was 0. */
void cuda_net_take_statistics(cuda_net *net, const cuda_net *from, int64_t batches);
/* Ask for the weights of the state's point, and for a pass of what lies in the input. */
lsc_status cuda_net_set_weights(const cuda_net *net);
lsc_status cuda_net_forward(const cuda_net *net);
/* Ask for a pass of what lies in the input, and for the exponents of `of`, another net of the same graph, with which it
 * holds what the first `images` come to. */
lsc_status cuda_net_measure(const cuda_net *net, int64_t images, const cuda_net *of);
/* Where images go: [batch, H, W, C] of the real. */
void *cuda_net_input(const cuda_net *net);

/* For the files of a net. */
lsc_status cuda_steps_make(cuda_net *net);
lsc_status cuda_rows_make(cuda_net *net);
cuda_conv_shape cuda_step_shape(const cuda_net *net, const cuda_step *s); /* of a convolution */
cuda_real cuda_value_real(const cuda_net *net, int value);
size_t cuda_real_size(cuda_real real);
/* 2^exponent as made, or 1 for vectors, which are not scaled. */
double cuda_value_factor(const cuda_net *net, int value);
lsc_status cuda_launch(const cuda_net *net, int kernel, const void *args);

static inline void *cuda_data(const cuda_net *net, int value)
{
    return net->slots[net->values[value].slot];
}

/* Elements of a batch of a value. */
static inline int64_t cuda_elements(const cuda_net *net, int value)
{
    const cuda_value *v = &net->values[value];
    return net->o.batch * v->channels * v->height * v->width;
}

#endif
