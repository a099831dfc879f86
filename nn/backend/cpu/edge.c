/*
 * The steps at the edges: images in, logits out, and the gradient of the logits in; the same of the R-operator.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/cpu.h"

#include <string.h>

static lsc_status make_nothing(cpu_step *s)
{
    (void)s;
    return LSC_OK;
}

static void free_nothing(cpu_step *s)
{
    (void)s;
}

/* ---- input: a copy, since the caller's images may change before backward ------------------------- */

static lsc_status copy_images(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    int64_t image = cpu_image(&p->values[s->out]);
    memcpy(cpu_data(p, b, s->out), p->images + b->first * image, (size_t)(b->n * image) * sizeof(float));
    return LSC_OK;
}

const cpu_kind cpu_input = {
    .name = "input",
    .make = make_nothing,
    .free = free_nothing,
    .forward = copy_images,
};

/* ---- import: the same in blocks of channels -------------------------------------------------------- */

static lsc_status pack_images(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    cpu_pack(p, &p->values[s->out], b->n, cpu_data(p, b, s->in[0]), cpu_data(p, b, s->out));
    return LSC_OK;
}

const cpu_kind cpu_import = {
    .name = "import",
    .make = make_nothing,
    .free = free_nothing,
    .forward = pack_images,
};

/* ---- output ------------------------------------------------------------------------------------------- */

/* A block of logits is turned around in the thread's own memory. */
static lsc_status make_output(cpu_step *s)
{
    cpu_plan *p = s->plan;
    cpu_want_temp(p, p->block * nn_shape_elements(&p->values[s->in[0]].shape));
    return LSC_OK;
}

static lsc_status hand_out_from(const cpu_step *s, const cpu_block *b, const float *from)
{
    const cpu_plan *p = s->plan;
    const cpu_value *v = &p->values[s->in[0]];
    int64_t classes = nn_shape_elements(&v->shape);
    cpu_unpack(p, v, b->n, from, b->worker->temp);
    for (int64_t i = 0; i < b->n * classes; i++)
        p->logits[b->first * classes + i] = (double)b->worker->temp[i];
    return LSC_OK;
}

static lsc_status hand_out(const cpu_step *s, const cpu_block *b)
{
    return hand_out_from(s, b, cpu_data(s->plan, b, s->in[0]));
}

static lsc_status hand_out_r(const cpu_step *s, const cpu_block *b)
{
    return hand_out_from(s, b, cpu_rdata(s->plan, b, s->in[0]));
}

static lsc_status take_in(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    const cpu_value *v = &p->values[s->in[0]];
    int64_t classes = nn_shape_elements(&v->shape);
    for (int64_t i = 0; i < b->n * classes; i++)
        b->worker->temp[i] = (float)p->dlogits[b->first * classes + i];
    cpu_pack(p, v, b->n, b->worker->temp, cpu_gradient(p, b, s, 0));
    return LSC_OK;
}

const cpu_kind cpu_output = {
    .name = "output",
    .make = make_output,
    .free = free_nothing,
    .forward = hand_out,
    .backward = take_in,
    .forward_r = hand_out_r,
    .backward_r = take_in,
};
