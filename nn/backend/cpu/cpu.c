/*
 * The cpu backend: plans, their threads and passes. See cpu.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/steps.h"

#include <omp.h>
#include <string.h>

/* ---- units ------------------------------------------------------------------------------------- */

int cpu_units(const cpu_plan *p, int64_t images)
{
    int64_t blocks = (images + p->block - 1) / p->block;
    return (int)(cpu_keeps(p) && blocks > CPU_MAX_UNITS ? CPU_MAX_UNITS : blocks);
}

int cpu_max_units(const cpu_plan *p)
{
    return cpu_units(p, p->o.batch);
}

/* Small batches are cut finer, so that there is work for many threads: for as many as there can be units where images
 * are summed over, which must not depend on the threads; elsewhere for the threads there are. */
static int64_t block_images(const nn_plan_options *o)
{
    bool sums = o->backward || o->statistics == NN_BATCH;
    int64_t parts = sums ? CPU_MAX_UNITS : o->threads;
    int64_t images = (o->batch + parts - 1) / parts;
    return images < CPU_BLOCK_IMAGES ? images : CPU_BLOCK_IMAGES;
}

/* ---- life --------------------------------------------------------------------------------------- */

static void free_steps(cpu_plan *p)
{
    cpu_rop_free(p);
    for (int i = 0; p->steps && i < p->n_steps; i++)
        p->steps[i].kind->free(&p->steps[i]);
    lsc_free(p->steps);
    lsc_free(p->values);
    lsc_free(p->parts);
    lsc_free(p->buffers);
}

static void free_workers(cpu_plan *p)
{
    for (int i = 0; p->workers && i < p->o.threads; i++) {
        if (p->workers[i].stream)
            dnnl_stream_destroy(p->workers[i].stream);
        lsc_free(p->workers[i].scratch);
        lsc_free(p->workers[i].temp);
    }
    lsc_free(p->workers);
}

static void plan_free(void *self)
{
    cpu_plan *p = self;
    if (p == NULL)
        return;
    cpu_team_free(p->team);
    cpu_program_free(&p->forward);
    cpu_program_free(&p->backward);
    free_steps(p);
    free_workers(p);
    lsc_free(p->theta);
    lsc_free(p->sections);
    if (p->engine)
        dnnl_engine_destroy(p->engine);
    lsc_free(p);
}

static lsc_status make_steps(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    LSC_TRY(cpu_steps_make(p));
    for (int i = 0; i < p->n_steps; i++)
        LSC_TRY(p->steps[i].kind->make(&p->steps[i]));
cleanup:
    return st;
}

static lsc_status make_worker(cpu_plan *p, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    char *scratch = NULL;
    DNN_TRY(dnnl_stream_create(&w->stream, p->engine, dnnl_stream_default_flags));
    LSC_NEW(scratch, p->scratch_bytes);
    w->scratch = scratch;
    LSC_NEW(w->temp, p->temp_floats);
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind->connect)
            LSC_TRY(p->steps[i].kind->connect(&p->steps[i], w));
cleanup:
    return st;
}

static lsc_status make_workers(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    LSC_NEW(p->workers, p->o.threads);
    for (int i = 0; i < p->o.threads; i++) {
        p->workers[i].number = i;
        LSC_TRY(make_worker(p, &p->workers[i]));
    }
    LSC_TRY(cpu_team_new(p->o.threads, &p->team));
cleanup:
    return st;
}

static lsc_status build(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    DNN_TRY(dnnl_engine_create(&p->engine, dnnl_cpu, 0));
    p->block = block_images(&p->o);
    p->n_sections = cpu_keeps(p) ? (p->o.batch + p->block - 1) / p->block : p->o.threads;
    p->lanes = cpu_conv_lanes(p);
    LSC_TRY(make_steps(p));
    LSC_TRY(make_workers(p));
    LSC_NEW(p->theta, p->g->layout.n);
    LSC_NEW(p->sections, p->n_sections * p->section);
    LSC_TRY(cpu_program_forward(p, &p->forward));
    if (p->o.backward)
        LSC_TRY(cpu_program_backward(p, &p->backward));
cleanup:
    return st;
}

/* oneDNN makes kernels for as many threads as OpenMP would use at that moment: one. */
static lsc_status plan_new(const nn_graph *g, const nn_plan_options *o, void **self)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = NULL;
    int threads = omp_get_max_threads();

    omp_set_num_threads(1);
    LSC_NEW(p, 1);
    p->g = g;
    p->o = *o;
    LSC_TRY(build(p));
    *self = p;
    p = NULL;
cleanup:
    omp_set_num_threads(threads);
    plan_free(p);
    return lsc_context(st, "cpu");
}

/* ---- passes --------------------------------------------------------------------------------------- */

static lsc_status step_theta(const cpu_step *s, cpu_worker *w)
{
    return s->kind->set_theta ? s->kind->set_theta(s, w) : LSC_OK;
}

static lsc_status set_theta(void *self, const void *theta)
{
    cpu_plan *p = self;
    memcpy(p->theta, theta, (size_t)p->g->layout.n * sizeof(float));
    return lsc_context(cpu_each_step(p, step_theta), "cpu: set_theta");
}

static lsc_status forward(void *self, const float *images, int64_t n, double *logits)
{
    cpu_plan *p = self;
    p->n = n;
    p->units = cpu_units(p, n);
    p->rop.kept = false;
    p->images = images;
    p->logits = logits;
    return lsc_context(cpu_program_run(p, &p->forward), "cpu: forward");
}

static lsc_status step_gradient(const cpu_step *s, cpu_worker *w)
{
    return s->active && s->kind->gradient ? s->kind->gradient(s, w) : LSC_OK;
}

static lsc_status backward(void *self, const double *dlogits, void *g)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = self;
    p->dlogits = dlogits;
    p->gradient = g;
    p->gradients = CPU_PASSING;
    p->rop.kept = false;
    memset(g, 0, (size_t)p->g->layout.n_learned * sizeof(float));
    LSC_TRY(cpu_program_run(p, &p->backward));
    LSC_TRY(cpu_each_step(p, step_gradient));
cleanup:
    return lsc_context(st, "cpu: backward");
}

static lsc_status update_statistics(void *self, void *theta)
{
    cpu_plan *p = self;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind->update_statistics)
            p->steps[i].kind->update_statistics(&p->steps[i], theta);
    return LSC_OK;
}

static int threads(const void *self)
{
    return ((const cpu_plan *)self)->o.threads;
}

const nn_backend nn_backend_cpu = {
    .name = "cpu",
    .reals = 1u << NN_F32,
    .determinism = NN_ANY_THREADS,
    .plan_new = plan_new,
    .plan_free = plan_free,
    .set_theta = set_theta,
    .forward = forward,
    .backward = backward,
    .update_statistics = update_statistics,
    .forward_r = cpu_forward_r,
    .backward_r = cpu_backward_r,
    .threads = threads,
};
