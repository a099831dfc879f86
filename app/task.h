/*
 * task.h - which model, data and loss a run belongs to: the part of a configuration that train and
 * landscape share, stored in run.bin as JSON, and what opens it. Its own target, lsc_task, the one
 * place of app/ that knows nn and data.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TASK_H
#define LSC_TASK_H

#include "app/app.h"
#include "data/data.h"
#include "nn/nn.h"

typedef struct {
    cfg_text model;           /* model.name */
    int64_t classes;          /* model.classes; 0: as many as the data has */
    cfg_text loss;            /* loss.name */
    double loss_scale;        /* loss.scale: on the logits, in front of the loss */
    cfg_text data;            /* data.kind: a row of datasets.def */
    cfg_text path;            /* data.path: folder */
    cfg_reals rotations;      /* data.rotations: degrees, one source domain each; empty: one domain, unrotated */
    cfg_reals held_rotations; /* data.held_rotations: held-out domains */
    int64_t per_domain;       /* data.per_domain: images of each domain; 0: all, shared out evenly */
    double validation;        /* data.validation: share of the source subjects (or images) held back */
    int64_t limit;            /* data.limit: first images of a split without domains; 0: all */
    int64_t pad;              /* data.pad: zero pixels on each side */
    int64_t resize, crop;     /* data.resize, data.crop: pixels, for pictures in folders; 0: not */
    cfg_reals mean, std;      /* data.mean, data.std: of the channels, in 0..255 */
    /* Videos of faces. */
    cfg_text domains, held_domains; /* data.domains, data.held_domains: folders */
    bool held_all;                  /* data.held_all: both parts of the held-out domains */
    int64_t frames;                 /* data.frames: images of each video that are evaluated; 0: all */
    int64_t frame_seed;             /* data.frame_seed: draws them; 0: evenly chosen */
    int64_t syn_seed, syn_subjects, syn_videos, syn_frames, syn_spoofs; /* synfaces.*: as ds_synfaces */
    double syn_delta, syn_kappa;
} app_task;

extern const cfg_field app_task_fields[];
extern const int app_task_n_fields;

/* Returns new: the graph of the model for this data and this loss. Names known models and losses when unknown. */
lsc_status app_task_graph(const app_task *task, const nn_shape *image, int64_t classes, nn_graph **out);
/* The same with the features behind the logits, for a loss of them; the layout is the same. */
lsc_status app_task_feature_graph(const app_task *task, const nn_shape *image, int64_t classes, nn_graph **out);
/* Returns new: the training split, the held-out domains or the test split, not augmented. */
lsc_status app_task_data(const app_task *task, ds_split split, ds_dataset **out);

typedef struct {
    const char *name, *text, *source; /* name NULL: past the last; source NULL: none */
} app_kind;
/* What has names that an option can choose from. */
typedef struct {
    const char *name;
    app_kind (*at)(int i);
} app_family;

/* --list: print the kinds of a program's own families, and of the models, datasets, losses, ops and devices that every
 * program has; of one family, or of all where `wanted` is "". LSC_ERR_ARG names the families (task_kinds.c). */
lsc_status app_list(FILE *out, const app_family *own, int n_own, const char *wanted);

#endif
