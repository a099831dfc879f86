/*
 * program.h - the program `landscape` as a library: from a checkpoint to surface.h5 and surface.vtp. main.c parses the
 * command line and calls landscape_program; tests call it, and the parts below it, as well.
 *
 *     launcher     whether several processes do this together
 *     subject      what the checkpoint is a minimum of: its model, data, loss and theta
 *     request      what the options ask for: axes, directions, samples, files
 *     forecast     how long that will take
 *     provenance   what is stored with the values
 *     report       what is said before and after
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_LANDSCAPE_PROGRAM_H
#define LSC_LANDSCAPE_PROGRAM_H

#include <stdio.h>

#include "app/app.h"
#include "app/task.h"
#include "landscape/objective_nn.h"
#include "landscape/ranks_module.h"
#include "losscope.h"
#include "nn/nn.h"

/* ---- several processes (launcher.c) ----------------------------------------------------------- */

/* What a launcher says in the environment: that this process is `rank` of n. */
typedef struct {
    int rank, n;      /* 0 of 1 without a launcher */
    const char *name; /* of the launcher */
} landscape_launch;
landscape_launch landscape_launched(void);

/* The processes that do this together; alone: ranks.n is 1. */
typedef struct {
    const lsc_mpi_module *module; /* NULL: MPI is not used */
    lsc_ranks ranks;
    lsc_node node;
    bool silent; /* another rank says what there is to say */
} landscape_team;

/* how: "auto" (NULL): together where a launcher started several; "on"; "off": alone. On failure, too, close is due.
 * LSC_ERR_ABSENT: several were started, and there is no MPI, or another one than the launcher's. */
lsc_status landscape_team_open(landscape_team *t, const char *how);
/* The exit status is used if the others have to be ended by force. */
void landscape_team_close(landscape_team *t, int exit_status);

/* Nothing appears on stdout and stderr until unhush: for ranks that parse a command line whose faults rank 0 names. */
typedef struct {
    int out, err;
} landscape_hushed;
landscape_hushed landscape_hush(void);
void landscape_unhush(landscape_hushed before);

/* ---- options and the whole (program.c) ------------------------------------------------------ */

/* As given on the command line; texts are borrowed. Zero means the default, but common.seed -1. */
typedef struct {
    cli_common common;
    const char *ckpt;  /* run.bin, or a file by PyTorch; required */
    const char *out;   /* surface file; NULL: surface.h5 beside ckpt */
    const char *model; /* these three instead of what the checkpoint says */
    const char *loss;
    const char *data;           /* KIND:PATH */
    const char *direction;      /* NULL: "random", or "file" where direction_file is given */
    const char *direction_file; /* the other tool's directions.h5 */
    const char *normalize;      /* NULL: "filter" */
    const char *move;           /* "weight,bias,norm"; NULL: "weight" */
    const char *precision;      /* "single", "double", or a GPU's "tf32", "fp32", "fp16", "bf16"; NULL: single, tf32 */
    const char *batch_norm;     /* "frozen", "batch", "recalibrated"; NULL: frozen */
    const char *range[3];       /* MIN:MAX:N of each axis; NULL: -1:1:points */
    int64_t dirs;               /* 1..3; 0: 2 */
    int64_t points;             /* 0: 51 */
    int64_t samples;            /* 0: all */
    int64_t norm_batch;         /* images whose statistics are used together; 0: 100, or all if there are fewer */
    int64_t norm_images;        /* that statistics are formed anew from; 0: 1,000, or whole batches of all if fewer */
    int64_t chunk;              /* images of one forward; 0: as suits the device */
    int streams;                /* points at once on each GPU; 0: 1 */
    double save_s;              /* at least these seconds between saves; 0: 2 */
    bool overwrite, no_vtp;
    const char *mpi;            /* "auto", "on", "off"; NULL: "auto" */
    const landscape_team *team; /* NULL: this process alone */
    const char *command;        /* for the provenance; NULL: "" */
} landscape_options;

/* Does what the options ask for; results go to stdout, everything else to the log. LSC_ERR_STOPPED: on request; what
 * is done is saved, and the same call resumes. Of several ranks, rank 0 says and writes everything. */
lsc_status landscape_program(const landscape_options *o);

/* ---- request: what the options ask for (request.c) ------------------------------------------ */

/* Statistics of batch norm at a point: those of the minimum, of each batch of samples, of a fixed set of images. */
typedef enum { LANDSCAPE_FROZEN, LANDSCAPE_BATCH, LANDSCAPE_RECALIBRATED } landscape_norm;

typedef struct {
    int n_dirs;
    lsc_axis axes[3];
    lsc_direction_options direction;
    nn_real real;
    int arithmetic; /* of devices, as objective_nn_options has it */
    landscape_norm norm;
    int64_t norm_batch, norm_images; /* 0: as suits the data */
    char *h5, *vtp;                  /* files to write; vtp NULL: none */
} landscape_request;

/* LSC_ERR_ARG names the option, its text and what would be right. On failure, too, fini is due. */
lsc_status landscape_request_init(landscape_request *r, const landscape_options *o);
void landscape_request_fini(landscape_request *r);
/* "MIN:MAX:N"; `option` is named in messages. */
lsc_status landscape_axis_parse(const char *option, const char *text, lsc_axis *out);
/* "weight,norm" -> bits 1u << lsc_role. */
lsc_status landscape_move_parse(const char *text, unsigned *out);

/* ---- subject: what the checkpoint is a minimum of (subject.c) -------------------------------- */

typedef struct {
    app_task task;
    nn_tensors *tensors;
    char sha256[65]; /* of the checkpoint file */
    ds_dataset *data;
    nn_graph *graph;
    float *theta;   /* [n] */
    int64_t *index; /* [n_index] the samples to evaluate; NULL: all */
    int64_t n_index;
    int64_t *norm_index; /* [n_norm] images to form statistics from; NULL: they are not formed anew */
    int64_t n_norm, norm_batch;
} landscape_subject;

/* From the checkpoint's metadata "config" where it has one, then --config, --model, --data, --loss and --set.
 * LSC_ERR_CONFIG: the checkpoint does not say what it belongs to, nor do the options. On failure, too, fini is due. */
lsc_status landscape_subject_init(landscape_subject *s, const landscape_options *o, const landscape_request *q);
void landscape_subject_fini(landscape_subject *s);

/* ---- forecast (forecast.c) -------------------------------------------------------------------- */

typedef struct {
    int64_t points, done; /* of the grid; in the file already */
    int64_t samples;      /* of each point */
    int64_t passes;       /* images forward at each point: samples, and those that statistics are formed from */
    int ranks;            /* that share the points */
    double point_s;       /* seconds of one point on one rank; 0: nothing is left to do */
    double seconds;       /* of the points that are left */
    double memory;        /* bytes of the process at its largest */
} landscape_forecast;

/* Times the centre on growing parts of the samples until that takes long enough to be told. */
lsc_status landscape_forecast_make(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan,
                                   const char *path, bool overwrite, int ranks, landscape_forecast *out);

/* ---- provenance (provenance.c) ------------------------------------------------------------------ */

#define LANDSCAPE_RECORD_MAX 16
/* Texts are owned. */
typedef struct {
    lsc_setting items[LANDSCAPE_RECORD_MAX];
    int n;
} landscape_record;

/* What a resume must agree with, and what may differ. Initialise with {0}; free on failure, too. */
lsc_status landscape_record_settings(landscape_record *r, const landscape_subject *s, const landscape_request *q);
lsc_status landscape_record_notes(landscape_record *r, const landscape_subject *s, const landscape_options *o,
                                  const lsc_objective *obj);
void landscape_record_free(landscape_record *r);

/* ---- what is said (report.c) ------------------------------------------------------------ */

/* The first line: what will be computed, how long that takes, how to shorten it. */
void landscape_announce(const landscape_request *q, const landscape_forecast *f, const lsc_objective *obj);
lsc_status landscape_print_forecast(FILE *out, bool json, const landscape_request *q, const landscape_forecast *f,
                                    const lsc_objective *obj);
/* vtp: the file that was written, or NULL. */
lsc_status landscape_print_result(FILE *out, bool json, const landscape_request *q, const lsc_surface *s,
                                  const char *vtp, double seconds);

#endif
