/*
 * The cuda backend's evaluator: what is to be done at each point, and the devices that do it.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/evaluator.h"

#include <stdlib.h>
#include <string.h>

#include "nn/backend/cuda/crew.h"
#include "nn/backend/cuda/loader.h"
#include "nn/backend/cuda/plans.h"

typedef struct {
    cuda_job job;
    cuda_crew crew;
    char text[512];
    double *row; /* of one point */
} cuda_evaluator;

/* ---- life ------------------------------------------------------------------------------------------- */

static void evaluator_free(void *self)
{
    cuda_evaluator *e = self;
    if (e == NULL)
        return;
    cuda_crew_fini(&e->crew);
    cuda_plans_free(e->job.plans);
    lsc_free(e->job.selected);
    lsc_free(e->row);
    lsc_free(e);
}

static lsc_status find_loss(const char *name, int *out)
{
    const nn_loss *loss = NULL;
    lsc_status st = nn_loss_find(name, &loss);
    for (int i = 0; st == LSC_OK && nn_loss_at(i) != NULL; i++)
        if (nn_loss_at(i) == loss)
            *out = i;
    return st;
}

/* Of n devices those of one process of several. */
static int own_part(int *number, int n, int part, int parts)
{
    int own = 0;
    if (parts > n) {
        part %= n;
        parts = n;
    }
    for (int i = part; i < n; i += parts)
        number[own++] = number[i];
    return own;
}

static lsc_status find_devices(const nn_evaluator_options *o, const cuda_api **api, int *number, int *n)
{
    lsc_status st = LSC_OK;
    if (o->device < 0) {
        LSC_TRY(cuda_usable(api, number, CUDA_MOST_DEVICES, n));
        if (o->parts > 1)
            *n = own_part(number, *n, o->part, o->parts);
        goto cleanup;
    }
    LSC_TRY(cuda_load(api));
    LSC_TRY(cuda_check_device(*api, o->device));
    number[0] = o->device;
    *n = 1;
cleanup:
    return st;
}

/* What the user switches off for all of NVIDIA's libraries must not be recorded as what was used. FP16 evaluates points
 * that overflow in TF32. Source: NVIDIA, "Accelerating AI Training with NVIDIA TF32 Tensor Cores", 2021. */
static lsc_status check_tf32(nn_arithmetic a)
{
    lsc_status st = LSC_OK;
    const char *override = getenv("NVIDIA_TF32_OVERRIDE");
    const bool off = override != NULL && strcmp(override, "0") == 0;
    LSC_CHECK(!off || (a != NN_TF32 && a != NN_FP16), LSC_ERR_CONFIG,
              "NVIDIA_TF32_OVERRIDE is 0, which switches off the TF32 that %s needs: unset it, or take fp32",
              nn_arithmetic_name(a));
cleanup:
    return st;
}

static lsc_status make_job(cuda_job *job, const nn_graph *g, const nn_evaluator_options *o)
{
    lsc_status st = LSC_OK;
    const nn_shape *in = nn_graph_input(g);
    LSC_CHECK(in->rank == 3 && memcmp(in->dim, o->samples.shape, sizeof in->dim) == 0, LSC_ERR_ABSENT,
              "cuda: the network reads other images than the data has, or vectors: use cpu");
    LSC_TRY(check_tf32(o->arithmetic));
    job->g = g;
    job->o = *o;
    job->n_sums = 1 + (o->samples.n_domains > 1 ? o->samples.n_domains : 0);
    job->n_selected = o->samples.n;
    job->all = true;
    LSC_TRY(find_loss(o->loss, &job->loss));
    LSC_TRY(cuda_plans_new(&job->plans));
    LSC_NEW(job->selected, o->samples.n);
    for (int64_t i = 0; i < o->samples.n; i++)
        job->selected[i] = i;
cleanup:
    return st;
}

static void write_text(cuda_evaluator *e, const cuda_api *api)
{
    size_t length = 0;
    for (int i = 0; i < e->crew.n_devices && length < sizeof e->text; i++)
        length += (size_t)snprintf(e->text + length, sizeof e->text - length, "%s%s", i > 0 ? ", " : "",
                                   e->crew.members[i].worker.text);
    if (length < sizeof e->text)
        snprintf(e->text + length, sizeof e->text - length, "; %s", api->versions());
}

static lsc_status evaluator_new(const nn_graph *g, const nn_evaluator_options *o, void **self)
{
    lsc_status st = LSC_OK;
    cuda_evaluator *e = NULL;
    const cuda_api *api = NULL;
    int number[CUDA_MOST_DEVICES], n = 0;

    LSC_TRY(find_devices(o, &api, number, &n));
    LSC_NEW(e, 1);
    LSC_TRY(make_job(&e->job, g, o));
    LSC_NEW(e->row, e->job.n_sums + 1);
    LSC_TRY(cuda_crew_init(&e->crew, &e->job, api, number, n, o->streams > 1 ? o->streams : 1));
    write_text(e, api);
    *self = e;
    e = NULL;
cleanup:
    evaluator_free(e);
    return st;
}

static const char *text(const void *self)
{
    return ((const cuda_evaluator *)self)->text;
}

static int most_points(const void *self)
{
    return CUDA_MOST_POINTS * ((const cuda_evaluator *)self)->crew.n;
}

/* ---- samples and frame -------------------------------------------------------------------------------- */

static lsc_status select_worker(cuda_worker *w, const void *context)
{
    (void)context;
    return cuda_worker_select(w);
}

static lsc_status select_samples(void *self, const int64_t *index, int64_t n)
{
    cuda_evaluator *e = self;
    for (int64_t i = 0; i < n; i++)
        e->job.selected[i] = index != NULL ? index[i] : i;
    e->job.n_selected = n;
    e->job.all = index == NULL;
    return cuda_crew_each(&e->crew, select_worker, NULL);
}

typedef struct {
    const float *center, *const *dirs;
    int n_dirs;
} frame;

static lsc_status frame_worker(cuda_worker *w, const void *context)
{
    const frame *f = context;
    return cuda_worker_set_frame(w, f->center, f->dirs, f->n_dirs);
}

static lsc_status set_frame(void *self, const float *center, const float *const *dirs, int n_dirs)
{
    cuda_evaluator *e = self;
    return cuda_crew_each(&e->crew, frame_worker, &(frame){center, dirs, n_dirs});
}

/* ---- points ----------------------------------------------------------------------------------------- */

static lsc_status points(void *self, const double *coords, int n, double *out, int *n_done)
{
    cuda_evaluator *e = self;
    return cuda_crew_points(&e->crew, coords, n, out, n_done);
}

static lsc_status losses(void *self, double *loss, uint8_t *correct)
{
    lsc_status st = LSC_OK;
    cuda_evaluator *e = self;
    const double centre[CUDA_MAX_DIRS] = {0};
    cuda_worker *w = NULL;
    LSC_TRY(cuda_crew_any(&e->crew, &w));
    LSC_TRY(cuda_worker_points(w, centre, 1, e->row));
    LSC_TRY(cuda_worker_losses(w, loss, correct));
cleanup:
    return st;
}

static nn_evaluator_counts counts(const void *self)
{
    const cuda_evaluator *e = self;
    nn_evaluator_counts n = {.lost = e->crew.lost};
    for (int i = 0; i < e->crew.n; i++) {
        n.negative += e->crew.members[i].worker.n_negative;
        n.again += e->crew.members[i].worker.n_again;
    }
    return n;
}

const nn_evaluator_ops cuda_evaluator_ops = {
    .evaluator_new = evaluator_new,
    .evaluator_free = evaluator_free,
    .text = text,
    .most_points = most_points,
    .select = select_samples,
    .set_frame = set_frame,
    .points = points,
    .losses = losses,
    .counts = counts,
};
