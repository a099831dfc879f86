/*
 * losscope.h - loss landscapes of any function f(theta), in C. The whole public interface.
 *
 * Introduction
 *   A landscape is the loss of a model at  theta = center + sum_i c_i d_i  for the points c of a
 *   grid, where the directions d_i are Gaussian and scaled filter by filter to the model
 *   (Li et al. 2018, arXiv:1712.09913). The library knows only an *objective*: a function of one
 *   flat parameter vector that is cut into named blocks by a *layout*. In reading order:
 *
 *     status     what every function returns, and the message behind it
 *     layout     names, roles and shapes of the blocks of theta
 *     objective  the user's f(theta): one function is enough
 *     directions fill and normalize d_1 .. d_k
 *     plan       which points, in which order
 *     surface    the values, their mask, their provenance; one HDF5 file
 *     ranks      several processes for one surface
 *     run        evaluate what is not done yet, save, resume
 *
 *   examples/quadratic.c is a complete program.
 *
 * Ownership words: *returns new* (free it with the matching _free), *borrows* (the argument must
 * outlive the object), *takes* (the callee frees it, also on failure). Every _free accepts NULL.
 * Threads: the last message is kept for each thread; an object may be used by one thread at a time.
 * Shapes are written [rows, columns], the last index fastest.
 * SPDX-License-Identifier: MIT
 */
#ifndef LOSSCOPE_H
#define LOSSCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LSC_VERSION_MAJOR 0
#define LSC_VERSION_MINOR 1
#define LSC_VERSION_PATCH 0

#if defined(__GNUC__)
#define LSC_API __attribute__((visibility("default")))
#else
#define LSC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- status ------------------------------------------------------------------------------- */

/* Zero is success and nothing else is. */
#define LSC_STATUS_LIST(X)                                                                                             \
    X(LSC_OK, 0, "success")                                                                                            \
    X(LSC_ERR_ARG, 1, "invalid argument")                                                                              \
    X(LSC_ERR_NOMEM, 2, "out of memory")                                                                               \
    X(LSC_ERR_IO, 3, "cannot read or write")                                                                           \
    X(LSC_ERR_FORMAT, 4, "malformed file")                                                                             \
    X(LSC_ERR_CONFIG, 5, "invalid configuration")                                                                      \
    X(LSC_ERR_SHAPE, 6, "shapes do not agree")                                                                         \
    X(LSC_ERR_ABSENT, 7, "not in this build, backend or objective")                                                    \
    X(LSC_ERR_BACKEND, 8, "a compute library failed")                                                                  \
    X(LSC_ERR_CALLBACK, 9, "a user callback failed")                                                                   \
    X(LSC_ERR_STOPPED, 10, "stopped on request")

typedef enum {
#define X(code, value, text) code = value,
    LSC_STATUS_LIST(X)
#undef X
} lsc_status;

/* The name of a status, "LSC_ERR_IO", and its text, "cannot read or write". Never NULL. */
LSC_API const char *lsc_status_name(lsc_status st);
LSC_API const char *lsc_status_text(lsc_status st);

/* What the last failed call of this thread had to say: where, what, and what would be right.
 * Valid until the next failure on this thread. "" if nothing failed. */
LSC_API const char *lsc_last_error(void);

/* "0.1.0". */
LSC_API const char *lsc_version(void);

/* ---- layout ------------------------------------------------------------------------------- */

typedef enum {
    LSC_WEIGHT, /* convolution and linear weights */
    LSC_BIAS,   /* their biases */
    LSC_NORM,   /* scale and shift of a normalization layer */
    LSC_BUFFER, /* running statistics: part of theta, never learned */
} lsc_role;

typedef struct {
    const char *name; /* as in the PyTorch state_dict: "layer1.0.conv1.weight" */
    lsc_role role;
    int rank; /* 0 (one element) .. 6 */
    int64_t shape[6];
    int64_t offset;  /* of the first element in theta */
    int64_t filters; /* filters for normalization; 0: the first dimension */
} lsc_block;

/* Blocks are in the order of the model's parameters, then of its buffers, and leave no gaps. */
typedef struct {
    const lsc_block *blocks;
    size_t block_size; /* sizeof(lsc_block) of whoever filled it */
    int n_blocks;
    int64_t n;         /* elements of theta */
    int64_t n_learned; /* the leading elements that are not LSC_BUFFER */
} lsc_layout;

/* Block i of a layout, whatever version of lsc_block it was filled with. */
LSC_API const lsc_block *lsc_layout_block(const lsc_layout *layout, int i);
LSC_API int64_t lsc_block_elements(const lsc_block *block);
/* Offsets, sums, names (present, different from each other), roles in order. LSC_ERR_SHAPE names the block. */
LSC_API lsc_status lsc_layout_check(const lsc_layout *layout);

/* ---- objective ---------------------------------------------------------------------------- */

#define LSC_OBJECTIVE_ABI 1u

/* Functions only; members are added at the end. A function that fails returns another status than
 * LSC_OK and has its text ready in `error`. Non-finite losses are values, not failures. */
typedef struct {
    uint32_t abi;  /* LSC_OBJECTIVE_ABI; checked first */
    uint32_t size; /* sizeof(lsc_objective_ops) */

    /* REQUIRED */
    /* theta [n] -> out [n_fields]; out[0] is the loss. */
    lsc_status (*eval)(void *self, const double *theta, double *out);

    /* OPTIONAL (default in brackets) */
    /* Keep the frame for eval_coords; center and dirs [n] each are borrowed until the next call
     * or destroy. [kept on the host] */
    lsc_status (*set_frame)(void *self, const float *center, const float *const *dirs, int n_dirs);
    /* coords [n_points, n_dirs] -> out [n_points, n_fields] at
     *     theta_j = (float)(center_j + sum_i coords_i * dirs_ij), formed in double in this order.
     * Rows up to *n_done are valid, also on failure. [form theta, call eval] */
    lsc_status (*eval_coords)(void *self, const double *coords, int n_points, double *out, int *n_done);
    /* Hessian of one field times v, both [n]. [central difference of grad] */
    lsc_status (*hvp)(void *self, int field, const double *theta, const double *v, double *hv);

    /* OPTIONAL (absent: LSC_ERR_ABSENT from what needs it) */
    /* out [n_fields] and the gradient g [n] of one field. */
    lsc_status (*grad)(void *self, int field, const double *theta, double *out, double *g);
    /* Evaluate over these samples from now on; index NULL: all. */
    lsc_status (*select)(void *self, const int64_t *index, int64_t n);
    /* Loss and correctness of single samples, [n] each. */
    lsc_status (*samples)(void *self, const double *theta, const int64_t *index, int64_t n, float *loss,
                          uint8_t *correct);
    /* A second, independent instance, for threads and several devices. */
    lsc_status (*clone)(const void *self, int device, void **out);
    const char *(*error)(void *self);
    void (*destroy)(void *self);
    /* How often something worth knowing has happened so far: out [n_counts], never less than before. */
    void (*counts)(const void *self, int64_t *out);
} lsc_objective_ops;

typedef struct {
    const lsc_objective_ops *ops;
    void *self;
    const lsc_layout *layout;
    const char *const *fields; /* "loss", "accuracy", "loss_domain0", ... */
    int n_fields;
    int64_t n_samples;         /* 0: the objective has no samples */
    int points_per_call;       /* what eval_coords likes; 0 = 1. Stop is polled between calls. */
    const char *settings;      /* flat JSON object: loss, data hash, batch-norm policy, precision; stored
                                  with results and compared at resume. NULL: "{}" */
    const char *const *counts; /* [n_counts] names of what `counts` of ops tells; what happened at the points of a
                                  surface is added up in its note objective.NAME, over ranks and resumes */
    int n_counts;              /* 0: nothing is counted */
} lsc_objective;

/* ABI number, required members, layout, field names. LSC_ERR_ARG or LSC_ERR_SHAPE says which. */
LSC_API lsc_status lsc_objective_check(const lsc_objective *obj);
/* Calls self's destroy, if any. */
LSC_API void lsc_objective_close(lsc_objective *obj);

/* A plug-in is a shared object that exports this and links nothing of ours:
 *     lsc_status lsc_plugin_open(uint32_t host_abi, const char *args, lsc_objective *out,
 *                                char *msg, size_t n);                                        */

/* ---- directions --------------------------------------------------------------------------- */

typedef enum {
    LSC_NORMALIZE_FILTER, /* each filter of d gets the norm of its twin in theta: the default */
    LSC_NORMALIZE_LAYER,  /* each block gets the norm of its twin */
    LSC_NORMALIZE_WEIGHT, /* each element gets the size of its twin, keeping d's sign and spread */
    LSC_NORMALIZE_NONE,
} lsc_normalization;

LSC_API const char *lsc_normalization_name(lsc_normalization n); /* "filter" ... */
LSC_API lsc_status lsc_normalization_parse(const char *name, lsc_normalization *out);

typedef struct {
    const char *kind;                /* a row of directions.def; NULL: "random" */
    lsc_normalization normalization; /* 0: filter */
    uint64_t seed;                   /* 0: 1 */
    unsigned move;                   /* roles that move, bits 1u << role; 0: weights only */
    const char *path;                /* kind "file": a direction file of the other tool, or a surface of ours;
                                        taken as stored: normalization, seed and move do not apply */
} lsc_direction_options;

/* Center and directions, float, as they are evaluated and stored. */
typedef struct {
    const lsc_layout *layout; /* borrowed */
    float *center;            /* [n] */
    float *dirs[3];           /* [n] each, n_dirs of them */
    int n_dirs;
    /* How the directions were made, for provenance; zero in a frame that was put together by hand. */
    const char *kind; /* a row of directions.def */
    lsc_normalization normalization;
    uint64_t seed;
    unsigned move;
} lsc_frame;

/* Returns new: copies center [n], makes n_dirs (1..3) directions.
 * The raw Gaussian depends on (seed, direction number, block name, index) only.
 * LSC_ERR_ARG: unknown kind (the known ones are listed), n_dirs out of range, center not finite. */
LSC_API lsc_status lsc_frame_new(const lsc_layout *layout, const float *center, int n_dirs,
                                 const lsc_direction_options *o, lsc_frame **out);
LSC_API void lsc_frame_free(lsc_frame *frame);
/* theta_j = center_j + sum_i c_i d_ij in double, in this order, rounded to float once; [n]. */
LSC_API void lsc_frame_point(const lsc_frame *frame, const double *coords, double *theta);
/* Name and one-line text of direction kind i, NULL past the last. */
LSC_API const char *lsc_direction_name(int i, const char **text);

/* ---- plan --------------------------------------------------------------------------------- */

typedef struct {
    double min, max;
    int n; /* points, ends included; 1: the middle of min and max */
} lsc_axis;

typedef struct lsc_plan lsc_plan;

/* Returns new: a grid over n_axes (1..3) axes, ordered coarse to fine.
 * LSC_ERR_ARG: n_axes, n < 1, min >= max with n > 1, not finite, more than 2^31 - 1 points. */
LSC_API lsc_status lsc_plan_new(const lsc_axis *axes, int n_axes, lsc_plan **out);
LSC_API void lsc_plan_free(lsc_plan *plan);
LSC_API int lsc_plan_axes(const lsc_plan *plan, lsc_axis out[3]); /* returns n_axes */
LSC_API int64_t lsc_plan_points(const lsc_plan *plan);
/* The k-th point to evaluate: its grid index (axis 0 fastest) and coordinates [n_axes]. */
LSC_API int64_t lsc_plan_point(const lsc_plan *plan, int64_t k, double *coords);
/* Coordinate i of an axis: min + i * (max - min) / (n - 1); exactly 0 where it should be 0. */
LSC_API double lsc_axis_at(const lsc_axis *axis, int i);

/* ---- surface ------------------------------------------------------------------------------ */

typedef struct {
    const char *key;
    const char *value;
} lsc_setting;

/* Values over a grid: fields [n_fields, points], grid index with axis 0 fastest; done [points].
 * "Not computed" is done = 0; NaN with done = 1 is a result. */
typedef struct lsc_surface lsc_surface;

/* Returns new, nothing done. Copies names and settings. */
LSC_API lsc_status lsc_surface_new(const lsc_axis *axes, int n_axes, const char *const *fields, int n_fields,
                                   lsc_surface **out);
LSC_API void lsc_surface_free(lsc_surface *s);
LSC_API int lsc_surface_axes(const lsc_surface *s, lsc_axis out[3]); /* returns n_axes */
LSC_API int64_t lsc_surface_points(const lsc_surface *s);
LSC_API int64_t lsc_surface_n_done(const lsc_surface *s);
LSC_API int lsc_surface_n_fields(const lsc_surface *s);
LSC_API const char *lsc_surface_field_name(const lsc_surface *s, int field);
/* [points], or NULL if there is no such field. */
LSC_API const double *lsc_surface_field(const lsc_surface *s, const char *name);
LSC_API const uint8_t *lsc_surface_done(const lsc_surface *s);
/* Store the fields [n_fields] of one grid point and mark it done. */
LSC_API void lsc_surface_put(lsc_surface *s, int64_t point, const double *values);
/* Provenance: key -> text, kept in the order of first mention. */
LSC_API lsc_status lsc_surface_set(lsc_surface *s, const char *key, const char *value);
LSC_API const char *lsc_surface_get(const lsc_surface *s, const char *key); /* NULL: absent */
LSC_API int lsc_surface_n_settings(const lsc_surface *s);
LSC_API lsc_setting lsc_surface_setting(const lsc_surface *s, int i);

/* Files. Both worlds in one: what tomgoldstein/loss-landscape's scripts read at the root, ours
 * under /losscope; docs/surface-format.md. save writes PATH.part, syncs and renames: the file
 * under its own name is always whole. frame may be NULL. load returns new and reads ours and
 * theirs. LSC_ERR_IO, LSC_ERR_FORMAT (where, what). */
LSC_API lsc_status lsc_surface_save(const lsc_surface *s, const lsc_frame *frame, const char *path);
LSC_API lsc_status lsc_surface_load(const char *path, lsc_surface **out);

/* ---- measures of a surface ------------------------------------------------------------------ */

/* Mean of L - L(0) over the done points of a 2-D grid whose distance from 0 is within half a step (the
 * larger one) of `radius`. NaN if there is no such point. LSC_ERR_ARG: not 2-D, or 0 is not a done point. */
LSC_API lsc_status lsc_surface_rise(const lsc_surface *s, double radius, double *rise);
/* Area of {L <= L(0) + rise} by marching squares (linear along edges); cells with a corner not done or not
 * finite count as above. *open: the set touches the border or a point that is not done: the area is a lower bound. */
LSC_API lsc_status lsc_surface_basin(const lsc_surface *s, double rise, double *area, bool *open);

/* ---- ranks -------------------------------------------------------------------------------- */

/* Several processes that evaluate one surface, as MPI starts them. Each calls lsc_run with equal arguments. Rank 0 has
 * the plan, the surface and the file; it hands out points, a few at a time to whoever is free, and keeps the values
 * that come back; it evaluates points itself, too, on a thread of its own. Both functions are called from the thread
 * that called lsc_run. */
typedef struct {
    int rank, n; /* of this process, and how many there are; with one of them lsc_run is as without ranks */
    void *self;
    /* n bytes to another rank, which are copied or on their way when it returns; their order is kept. */
    lsc_status (*send)(void *self, int to, const void *bytes, size_t n);
    /* The next message of any rank, valid until the next call; *from = -1: there is none yet. Never waits. */
    lsc_status (*receive)(void *self, int *from, const void **bytes, size_t *n);
} lsc_ranks;

/* For a process that will not come to lsc_run, because what comes before failed with this status and lsc_last_error():
 * rank 0's lsc_run then ends with that message; if it is rank 0 itself, the lsc_run of all others ends. */
LSC_API void lsc_ranks_leave(const lsc_ranks *ranks, lsc_status st);

/* ---- run ---------------------------------------------------------------------------------- */

typedef struct {
    const char *path;            /* surface file; NULL: keep in memory only */
    const lsc_setting *settings; /* provenance that a resume must agree with */
    int n_settings;
    const lsc_setting *notes; /* provenance that may differ: command line, host, versions */
    int n_notes;
    bool overwrite;              /* start anew even if the file has other settings */
    double save_s;               /* at least these seconds between saves; 0: 2 */
    bool (*stop)(void *context); /* polled between calls; true: save and return LSC_ERR_STOPPED */
    void (*progress)(void *context, const lsc_surface *s); /* after every call of the objective */
    void *context;
    const lsc_ranks *ranks; /* NULL: this process alone */
} lsc_run_options;

/* Evaluate the objective at every point of `plan` that is not done yet.
 * obj     borrowed; called from this thread, with ranks from one other, too; one call at a time
 * frame   borrowed; its layout must be the objective's
 * *out    returns new: the surface, also with LSC_ERR_STOPPED, LSC_ERR_CALLBACK (points so far are kept and
 *         saved) and a failed save; NULL on failures before the first call of the objective
 * An existing file at o->path with the same settings is resumed, with others it is
 * LSC_ERR_CONFIG listing the differences; a second process on the same path gets LSC_ERR_IO.
 * If a save fails (full disk), evaluation goes on and the last attempt's LSC_ERR_IO is returned.
 * Values do not depend on the order of points, on a resume or on the number of ranks.
 * With ranks: stop is polled on all, path, notes and progress are rank 0's, on the others *out is NULL and LSC_OK means
 * that rank 0 needs them no more. A rank that fails ends the run of all; rank 0 returns its message, and its name.
 * Settings that are not those of rank 0 are such a failure. */
LSC_API lsc_status lsc_run(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan,
                           const lsc_run_options *o, lsc_surface **out);

#ifdef __cplusplus
}
#endif
#endif
