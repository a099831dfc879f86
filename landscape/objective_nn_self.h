/*
 * objective_nn_self.h - what the files of objective_nn share: objective_nn.c, objective_nn_theta.c, the theta of a
 * point, objective_nn_norm.c, its statistics of batch norm, objective_nn_gradient.c, gradients and Hessian-vector
 * products, objective_nn_device.c, points on devices, objective_nn_settings.c. N samples, K classes, B images of one
 * forward. SPDX-License-Identifier: MIT
 */
#ifndef LSC_OBJECTIVE_NN_SELF_H
#define LSC_OBJECTIVE_NN_SELF_H

#include "landscape/objective_nn.h"
#include "landscape/samples.h"

enum { OBJECTIVE_MAX_DIRS = 3 };

/* What gradients need, made at the first. Vectors are of the plan's scalar. */
typedef struct {
    nn_plan *plan;
    int64_t batch;                        /* images of one forward */
    void *v, *g;                          /* [n_learned] */
    double *weight;                       /* [batch] of samples in the field */
    double *dlogits, *rlogits, *rdlogits; /* [batch, K] */
} objective_gradient;

/* What statistics of batch norm are formed anew from at each point. */
typedef struct {
    landscape_samples samples; /* none: they are not */
    nn_plan *plan;             /* on batch statistics, on the host; NULL: nothing depends on them */
    nn_mean_statistics mean;
    double *logits; /* [images of a batch, K]: of no use */
} objective_norm;

typedef struct {
    const nn_graph *graph;
    const lsc_layout *layout;
    const nn_loss *loss;
    nn_plan *plan;           /* on the host ... */
    nn_evaluator *evaluator; /* ... or on devices; the other is NULL */
    nn_arithmetic arithmetic;
    int threads;   /* that the host's plans are asked for */
    size_t memory; /* bytes of normalized images to keep on the host */
    nn_real real;
    nn_statistics statistics;
    landscape_samples samples;
    objective_norm norm;
    int64_t classes;
    int n_domains;
    /* Samples of select: [n_selected] of them. */
    bool all;
    int64_t *selected, n_selected;
    double *logits; /* [B, K] */
    /* One point. */
    void *theta;           /* [layout->n] of the plan's scalar */
    double *losses;        /* [N] */
    uint8_t *correct;      /* [N] */
    double *domain_losses; /* [N] those of one domain */
    const float *center, *dirs[OBJECTIVE_MAX_DIRS];
    int n_dirs;
    bool frame_there; /* on the devices */
    int64_t negative_variances;
    char **fields;
    int n_fields;
    char *settings, *device;
    objective_gradient gradient;
} objective_nn;

/* theta [n], rounded to the plan's scalar, set in this plan, with statistics formed anew if that is asked for. */
lsc_status objective_set_theta(objective_nn *o, nn_plan *plan, const double *theta);
/* theta_j = (float)(center_j + sum_i c_i d_ij) of coords [n_dirs], as lsc_frame_point forms it, likewise set in the
 * objective's plan. */
lsc_status objective_set_point(objective_nn *o, const double *coords);
/* The selected samples: their numbers, NULL for all, and how many. */
const int64_t *objective_selected(const objective_nn *o, int64_t *n);
/* The images that the host evaluates, and room for their logits; once. */
lsc_status objective_take_images(objective_nn *o);
/* out [n_fields] of the losses and correctness of the selected samples. */
void objective_fields(objective_nn *o, double *out);

const char *objective_backend(const objective_nn *o);
lsc_status objective_write_settings(objective_nn *o, const char *model);

/* objective_nn_norm.c */
bool objective_recalibrates(const objective_nn *o);
/* Which images; then what the host needs for them. */
lsc_status objective_norm_open(objective_nn *o, const objective_nn_options *options);
lsc_status objective_norm_take_plan(objective_nn *o, const char *backend);
/* The running statistics in o->theta become those at its parameters. */
lsc_status objective_recalibrate(objective_nn *o);
void objective_norm_fini(objective_norm *norm); /* takes one that is {0} */

/* objective_nn_gradient.c */
lsc_status objective_grad(void *self, int field, const double *theta, double *out, double *g);
lsc_status objective_hvp(void *self, int field, const double *theta, const double *v, double *hv);
/* Takes one that is {0}. */
void objective_gradient_fini(objective_gradient *g);

/* objective_nn_device.c */
/* Sets o->evaluator where devices are asked for. With "auto" the host steps in where the machine has none or it fails,
 * and it is said why, unless precision is asked for that only devices have; what is asked for wrongly stays an error. */
lsc_status objective_device_open(objective_nn *o, const objective_nn_options *options, const char *backend);
lsc_status objective_device_points(objective_nn *o, const double *coords, int n, double *out, int *n_done);
lsc_status objective_device_theta(objective_nn *o, const double *theta, double *out);
/* o->losses and o->correct of these samples; the selection stays. */
lsc_status objective_device_losses(objective_nn *o, const double *theta, const int64_t *index, int64_t n);

#endif
