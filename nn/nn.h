/*
 * nn.h - networks: graphs of ops over one flat theta, plans that run them, losses, models, checkpoints.
 *
 *   nn_graph     what is computed; its lsc_layout says where each parameter lies in theta
 *   nn_plan      a graph compiled by a backend for (batch, statistics, precision); it owns all memory it
 *                will ever need: set_theta, forward and backward allocate nothing
 *   nn_loss      per-sample losses of logits and their gradient
 *   nn_feature_loss  losses of the features of a whole batch
 *   nn_tensors   named tensors in a file (safetensors, torch.save)
 *
 * N images, C channels, H rows, W columns, F features, K classes. Images are [N, C, H, W] float.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_H
#define NN_H

#include "base/base.h"

/* ---- graph (graph.c) ----------------------------------------------------------------------- */

/* Of one image: [C, H, W] (rank 3) or [F] (rank 1). */
typedef struct {
    int rank;
    int64_t dim[3];
} nn_shape;
int64_t nn_shape_elements(const nn_shape *s);

typedef struct nn_graph nn_graph; /* nodes: nn/op.h */

/* Returns new: a graph whose node 0 is the input. */
lsc_status nn_graph_new(const nn_shape *input, nn_graph **out);
void nn_graph_free(nn_graph *g);
/* After the last node: fixes the layout. Fails with the first error that a builder met. */
lsc_status nn_graph_finish(nn_graph *g);
const lsc_layout *nn_graph_layout(const nn_graph *g);
const nn_shape *nn_graph_input(const nn_graph *g);
/* Of one image the last node has K logits and, in graphs made for a feature loss, F features behind them. */
int64_t nn_graph_outputs(const nn_graph *g);  /* K + F: the width of a row in plans */
int64_t nn_graph_classes(const nn_graph *g);  /* K */
int64_t nn_graph_features(const nn_graph *g); /* F, 0 without */
double nn_graph_flops(const nn_graph *g); /* of one image, forward; 2 per multiply-add, taps in the padding counted */
/* LSC_ERR_ABSENT if the graph can be evaluated but not trained: dropout with p > 0. */
lsc_status nn_graph_check_training(const nn_graph *g);
/* He-normal (fan out) convolutions, PyTorch's uniform linear, norms 1 and 0, running statistics 0 and 1. theta [n]. */
void nn_graph_init(const nn_graph *g, uint64_t seed, float *theta);

/* Builders return the new node's number. After an error they do nothing and return -1; nn_graph_finish
 * reports it. `name` is the module's name in the PyTorch state_dict. */
int nn_conv2d(nn_graph *g, int x, const char *name, int64_t channels, int kernel, int stride, int pad, bool bias);
int nn_linear(nn_graph *g, int x, const char *name, int64_t features, bool bias);
int nn_batchnorm(nn_graph *g, int x, const char *name); /* eps 1e-5, momentum 0.1: torch.nn.BatchNorm2d's defaults */
#define NN_NORM_MOMENTUM 0.1                            /* of all of them: what nn_plan_update_statistics moves by */
int nn_cosine(nn_graph *g, int x, const char *name, int64_t features); /* of x and each row of the weight; no bias */
int nn_relu(nn_graph *g, int x);
int nn_add(nn_graph *g, int x, int y);
int nn_maxpool(nn_graph *g, int x, int kernel, int stride, int pad);
int nn_avgpool(nn_graph *g, int x, int kernel, int stride, int pad); /* padding counted, as in PyTorch */
int nn_mapmean(nn_graph *g, int x);                                  /* mean of each channel, [C]; of square maps */
int nn_flatten(nn_graph *g, int x);
int nn_concat(nn_graph *g, int x, int y);        /* along the channels */
int nn_l2norm(nn_graph *g, int x);               /* x / max(|x|, 1e-12) of each image */
int nn_scale(nn_graph *g, int x, double factor); /* factor * x */
int nn_dropout(nn_graph *g, int x, double p);    /* the identity, as in evaluation */
int nn_mark_features(nn_graph *g, int x);        /* returns x: what a feature loss sees of this network, [F] */
/* The last node's outputs become the logits; behind them come the marked features at unit length. */
int nn_append_features(nn_graph *g);

/* ---- models (model.c, models.def) ---------------------------------------------------------- */

typedef struct nn_model {
    const char *name, *text;
    const char *source; /* whose definition the names and shapes follow */
    nn_shape image;     /* the usual input */
    /* Adds nodes after node 0; the last are the logits. Errors stay in the graph. */
    void (*build)(nn_graph *g, const struct nn_model *model, int64_t classes);
    const void *family; /* for build: which member of its family this is; NULL: there is one */
} nn_model;

const nn_model *nn_model_at(int i); /* NULL past the last */
/* Returns new, finished. image NULL: the usual one. LSC_ERR_ARG lists the models. */
lsc_status nn_model_graph(const char *name, const nn_shape *image, int64_t classes, nn_graph **out);

typedef struct {
    const nn_shape *image; /* NULL: the usual one */
    int64_t classes;
    double logit_scale; /* on the logits, in front of the loss; 0: 1 */
    bool features;      /* as outputs behind the logits; the layout is the same with and without */
} nn_model_options;
lsc_status nn_model_graph_with(const char *name, const nn_model_options *o, nn_graph **out);

/* ---- losses (loss.c, losses.def) ------------------------------------------------------------ */

/* Logits [N, K] double, labels [N] in 0..K-1, or 0 and 1 for K = 1 where the loss is binary. */
typedef struct {
    const char *name, *text, *source;
    /* REQUIRED */
    /* loss [N], in nats where `text` says so, correct [N] (argmax, the first of equals). */
    void (*forward)(int64_t n, int64_t k, const double *logits, const int32_t *labels, double *loss, uint8_t *correct);
    /* dlogits [N, K] = d (sum_i weight_i loss_i) / d logits. */
    void (*backward)(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                     double *dlogits);
    /* OPTIONAL (absent -> LSC_ERR_ABSENT from Hessian-vector products) */
    /* R-operator: rlogits [N, K] -> rdlogits [N, K], the directional derivative of dlogits. */
    void (*backward_r)(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                       const double *rlogits, double *rdlogits);
    /* OPTIONAL (default in brackets) */
    bool binary; /* one logit for the labels 0 and 1; [one for each label] */
} nn_loss;

const nn_loss *nn_loss_at(int i); /* NULL past the last */
lsc_status nn_loss_find(const char *name, const nn_loss **out);
/* Logits that a network needs for so many classes, and classes that K logits are for. */
lsc_status nn_loss_outputs(const nn_loss *l, int64_t classes, int64_t *out);
int64_t nn_loss_classes(const nn_loss *l, int64_t k);

/* ---- losses of features (feature_loss.c, feature_losses.def) ---------------------------------- */

/* The features of all images of a batch together: unit [N, F], rows of unit length (nn_model_options.features). */
typedef struct {
    int64_t n, f;
    const double *unit;
    const int32_t *group; /* [N]: rows that belong together, e.g. the two views of all images of one domain and class */
    double temperature;
} nn_feature_batch;

typedef struct {
    const char *name, *text, *source;
    /* REQUIRED */
    int64_t (*scratch)(int64_t n); /* doubles that the others need for N rows */
    double (*forward)(const nn_feature_batch *b, double *scratch);
    /* dunit [N, F] = weight * d loss / d unit. */
    void (*backward)(const nn_feature_batch *b, double weight, double *scratch, double *dunit);
    /* R-operator: runit [N, F] -> rdunit [N, F], the directional derivative of dunit. */
    void (*backward_r)(const nn_feature_batch *b, double weight, const double *runit, double *scratch, double *rdunit);
} nn_feature_loss;

const nn_feature_loss *nn_feature_loss_at(int i); /* NULL past the last */
lsc_status nn_feature_loss_find(const char *name, const nn_feature_loss **out);

/* ---- plans (plan.c over nn/backend) ---------------------------------------------------------- */

typedef enum { NN_F32, NN_F64 } nn_real;            /* scalar of theta and gradients */
typedef enum { NN_FROZEN, NN_BATCH } nn_statistics; /* batch norm by running statistics | by those of the batch */

typedef struct {
    int64_t batch; /* images of one forward: at most (frozen), exactly (batch) */
    nn_statistics statistics;
    nn_real real;
    bool backward; /* keep what backward needs */
    int threads;   /* 0: all cores */
    int device;    /* of backends with numbered devices: 1 + its number; 0: as the backend's name says, or any */
} nn_plan_options;

typedef struct nn_plan nn_plan;

/* Returns new. backend: a row of backends.def, with a number for one of several devices ("cuda:1"), or "auto" (the
 * fastest that is there and trains). Borrows the graph.
 * LSC_ERR_ABSENT: not in this build, or not with this precision, with the remedy. */
lsc_status nn_plan_new(const char *backend, const nn_graph *g, const nn_plan_options *o, nn_plan **out);
void nn_plan_free(nn_plan *p);
const char *nn_plan_backend(const nn_plan *p);
int nn_plan_threads(const nn_plan *p);
/* theta [n] of the plan's scalar; copied or folded into the plan; the last forward is forgotten. A negative running
 * variance makes all logits and gradients NaN on frozen statistics. */
lsc_status nn_plan_set_theta(nn_plan *p, const void *theta);
/* images [N, C, H, W] -> logits [N, K]; here and below K is nn_graph_outputs, with the features where there are any.
 * Any number of backwards may follow until the next forward. */
lsc_status nn_plan_forward(nn_plan *p, const float *images, int64_t n, double *logits);
/* dlogits [N, K] of the last forward -> g [n_learned] of the plan's scalar, overwritten. */
lsc_status nn_plan_backward(nn_plan *p, const double *dlogits, void *g);
/* Move the running statistics in theta [n] (the plan's scalar) towards those of the last forward, by the
 * momentum of each layer, with the unbiased variance, and count the batch, as PyTorch does. */
lsc_status nn_plan_update_statistics(nn_plan *p, void *theta);
/* R-operator about the last forward (exact Hessian-vector products; LSC_ERR_ABSENT where a backend or an op has none).
 * The first one may allocate. Several v may share one forward; with equal dlogits they may share a backward, too.
 * v [n_learned] -> rlogits [N, K];  dlogits, rdlogits [N, K] -> hv [n_learned], of the last v. */
lsc_status nn_plan_forward_r(nn_plan *p, const void *v, double *rlogits);
lsc_status nn_plan_backward_r(nn_plan *p, const double *dlogits, const double *rdlogits, void *hv);
/* Running statistics formed anew (statistics.c), as the means of those of several batches: begin; for each batch clear
 * the buffers of theta, let a plan on batch statistics update them after its forward, and add; set the means. Counts of
 * batches, the blocks of no dimension, are summed. */
typedef struct {
    const lsc_layout *layout;
    nn_real real; /* scalar of the thetas */
    int64_t n;    /* batches so far */
    double *sums; /* [buffers] */
} nn_mean_statistics;
lsc_status nn_mean_statistics_init(nn_mean_statistics *m, const lsc_layout *layout, nn_real real);
void nn_mean_statistics_fini(nn_mean_statistics *m); /* takes one that is {0} */
void nn_mean_statistics_begin(nn_mean_statistics *m);
void nn_mean_statistics_clear(const nn_mean_statistics *m, void *theta);
void nn_mean_statistics_add(nn_mean_statistics *m, const void *theta);
void nn_mean_statistics_set(const nn_mean_statistics *m, void *theta);
/* Name, text and availability of backend i; NULL past the last. *remedy NULL if it is there; valid until the next call
 * on this thread. */
const char *nn_backend_name(int i, const char **text, const char **remedy);
/* Devices of all backends that number theirs: "cuda:0" and what it is, NULL past the last; valid as above. */
const char *nn_device_name(int i, const char **text);

/* ---- evaluators (evaluator.c over nn/backend): points of a landscape on devices ----------------- */

/* How a device multiplies: floats as they are; factors rounded to TF32, 10 bits; activations and weights in 16 bits.
 * Sums are float, logits too, losses double. */
typedef enum { NN_TF32, NN_FP32, NN_FP16, NN_BF16, NN_N_ARITHMETICS } nn_arithmetic;
const char *nn_arithmetic_name(nn_arithmetic a); /* "tf32", ... */
bool nn_arithmetic_find(const char *name, nn_arithmetic *out);

/* N samples: images [C, H, W], labels, domains. All is borrowed. */
typedef struct {
    int64_t n, shape[3];
    const float *value; /* [C, 256]: what a byte becomes; NULL: images are floats, normalized */
    int channels;       /* of the images as read: C, or 1 that is every channel's */
    /* Samples which[0 .. n-1] as [n, channels, H, W] bytes or floats; called from several threads at once. */
    void (*read)(const void *context, const int64_t *which, int64_t n, void *images);
    const void *context;
    const int32_t *labels, *domains; /* [N] */
    int n_domains;                   /* 1: no losses of domains */
} nn_samples;

#define NN_MOST_STREAMS 4

typedef struct {
    nn_samples samples;
    const char *loss; /* a row of losses.def */
    nn_arithmetic arithmetic;
    int64_t batch; /* images of one pass; 0: as fits. On NN_BATCH their statistics are used, and samples are whole
                      batches, in their order */
    nn_statistics statistics;
    nn_samples norm; /* images like the samples (n, read and context count): at every point running statistics are the
                        means of those of their batches; n 0: they are as they are */
    int64_t norm_batch; /* images of such a batch: norm.n must be whole ones */
    int streams; /* points at once on each device, at most NN_MOST_STREAMS; 0: 1. Each takes memory for data, too: with
                    a warning they are as many as find room */
    int device;  /* set by nn_evaluator_new: its number; -1: all */
    int part, parts; /* of all, those of this process, where `parts` processes share them: every parts-th from `part`
                        on; one, where they are not more than the processes. parts 0: it has them to itself */
} nn_evaluator_options;

typedef struct {
    int64_t negative; /* points so far where a running variance is negative: they have no value */
    int64_t again;    /* points that overflowed in 16 bits and were evaluated once more in TF32 */
    int64_t lost;     /* devices that failed on the way; others went on */
} nn_evaluator_counts;

typedef struct nn_evaluator nn_evaluator;

/* Whether this device ("cuda", "cuda:1") is of a backend that has evaluators. */
bool nn_evaluator_has(const char *device);
/* Returns new. device: a backend by name, with a number for one of its devices, without one for all of them that can
 * be opened, with a warning of others; "auto": the first backend that has any. Borrows the graph. LSC_ERR_ABSENT: none
 * has, or not for this graph, and why. */
lsc_status nn_evaluator_new(const char *device, const nn_graph *g, const nn_evaluator_options *o, nn_evaluator **out);
void nn_evaluator_free(nn_evaluator *e);
const char *nn_evaluator_backend(const nn_evaluator *e);
/* "cuda:0 NVIDIA H100 80GB HBM3; CUDA 13.0, cuDNN 9.19.0, driver for CUDA 13.0". */
const char *nn_evaluator_text(const nn_evaluator *e);
/* Points that one call of nn_evaluator_points is best given; it does fewer where these take longer than a second. */
int nn_evaluator_most_points(const nn_evaluator *e);
/* From now on these samples [n], copied; NULL: all. */
lsc_status nn_evaluator_select(nn_evaluator *e, const int64_t *index, int64_t n);
/* center [n], dirs [n_dirs][n]: copied to the devices. */
lsc_status nn_evaluator_set_frame(nn_evaluator *e, const float *center, const float *const *dirs, int n_dirs);
/* coords [n, n_dirs] -> out [n, 2 or 2 + n_domains]: mean loss, accuracy, mean loss of each domain. The first *n_done
 * are valid, also on failure. The bits do not depend on the devices of one kind, nor on how points come together. */
lsc_status nn_evaluator_points(nn_evaluator *e, const double *coords, int n, double *out, int *n_done);
/* Loss and correctness of each selected sample at the centre of the frame. */
lsc_status nn_evaluator_losses(nn_evaluator *e, double *loss, uint8_t *correct);
nn_evaluator_counts nn_evaluator_counted(const nn_evaluator *e);

/* ---- tensors in files (tensor_file.c) ------------------------------------------------------- */

typedef enum {
    NN_DT_F32,
    NN_DT_F64,
    NN_DT_I64,
    NN_DT_F16,
    NN_DT_BF16,
    NN_DT_U8,
    NN_DT_I32,
    NN_DT_I16,
    NN_DT_I8,
    NN_DT_BOOL
} nn_dtype;

typedef struct {
    const char *name;
    nn_dtype dtype;
    int rank;
    int64_t shape[8];
    const void *data; /* row-major, little-endian; of a file read: at any address */
    int64_t elements;
} nn_tensor;
/* Element i as a double. */
double nn_tensor_value(const nn_tensor *t, int64_t i);
bool nn_tensor_fits(const nn_tensor *t, const lsc_block *b); /* the same shape */
/* "[64, 3, 7, 7]"; returns out. */
const char *nn_dims_text(int rank, const int64_t *dim, char *out, size_t n);

typedef struct {
    const char *key, *value;
} nn_meta;

typedef struct nn_tensors nn_tensors;
/* Returns new. The first bytes tell the format: safetensors, or torch.save's .pth, .pt, .t7 (zip archives, and what
 * came before PyTorch 1.6), in which nothing is executed. Every length is checked; LSC_ERR_FORMAT says path, tensor
 * and offset. */
lsc_status nn_tensors_read(const char *path, nn_tensors **out);
void nn_tensors_free(nn_tensors *t);
int nn_tensors_count(const nn_tensors *t);
const nn_tensor *nn_tensors_at(const nn_tensors *t, int i);
const nn_tensor *nn_tensors_find(const nn_tensors *t, const char *name); /* NULL: absent */
const char *nn_tensors_meta(const nn_tensors *t, const char *key);       /* NULL: absent */
/* Of a file by torch.save: the keys, joined by dots, under which the state_dict lies; "": at the top. NULL: the format
 * knows one place only. */
const char *nn_tensors_where(const nn_tensors *t);
/* NAME.part, fsync, rename. Header padded to 8 bytes. */
lsc_status nn_tensors_write(const char *path, const nn_tensor *tensors, int n, const nn_meta *meta, int n_meta);

/* ---- checkpoints (checkpoint.c) ------------------------------------------------------------- */

/* How many bytes wrappers have put before every name of the file: module., _forward_module., model., also several of
 * them, where the model's names do not all begin so. */
size_t nn_checkpoint_prefix(const nn_tensors *t, const lsc_layout *layout);
/* By a name of the model, of a file whose names are longer by such a prefix. NULL: there is none. */
const nn_tensor *nn_checkpoint_find(const nn_tensors *t, size_t prefix, const char *name);
/* For messages of a head that has other outputs than the model's. */
#define NN_OUTPUTS_HINT "the loss bce has 1, cross_entropy one for each class (loss.name, model.classes)"
/* theta [n] by name, without what wrappers put before them. Missing, extra and misshapen tensors (both shapes named)
 * and values that are not finite are errors; tensors that are there under a second name too must be equal
 * (layer_blocks.0. for model.layer1., ...). running "num_batches_tracked" may be absent or integer. */
lsc_status nn_checkpoint_fill(const nn_tensors *t, const char *path, const lsc_layout *layout, float *theta);
/* run.bin: names as in the PyTorch state_dict, num_batches_tracked as I64; metadata `format: pt` is added. */
lsc_status nn_checkpoint_write(const char *path, const lsc_layout *layout, const float *theta, const nn_meta *meta,
                               int n_meta);
/* The same with the second names, and zeros for what is never used, so that the class of the released GAC-FAS
 * checkpoints loads it strictly. */
lsc_status nn_checkpoint_write_aliased(const char *path, const lsc_layout *layout, const float *theta,
                                       const nn_meta *meta, int n_meta);

#endif
