/*
 * When each tensor lives: its value from the step that writes it to the last that reads it - to the end, if a backward
 * pass may follow - and the parts of its gradient from the step that writes them to the one that made the value. What
 * the R-operator needs of the passes before lives to the end: derivatives of values, and gradients of the first pass.
 * Times: forward of step i at i, backward at 2 n - 1 - i.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/steps.h"

static int new_buffer(cpu_plan *p, const cpu_value *v, int time)
{
    p->buffers[p->n_buffers] = (cpu_buffer){.floats = cpu_image(v), .born = time, .dies = time};
    return p->n_buffers++;
}

static void lives_until(cpu_plan *p, int buffer, int time)
{
    if (p->buffers[buffer].dies < time)
        p->buffers[buffer].dies = time;
}

static void value_lives(cpu_plan *p)
{
    int end = 2 * p->n_steps;
    for (int i = 0; i < p->n_steps; i++) {
        const cpu_step *s = &p->steps[i];
        for (int j = 0; j < s->n_in; j++)
            lives_until(p, p->values[s->in[j]].buffer, p->o.backward ? end : i);
        if (s->out < 0)
            continue;
        cpu_value *v = &p->values[s->out];
        v->buffer = s->sum >= 0 ? p->values[s->sum].buffer : new_buffer(p, v, i);
        lives_until(p, v->buffer, p->o.backward ? end : i);
    }
}

/* ---- gradients ------------------------------------------------------------------------------------ */

static bool has_learned_block(const cpu_plan *p, const nn_node *node)
{
    for (int i = 0; node && i < node->n_blocks; i++)
        if (node->block[i] >= 0 && p->g->blocks[node->block[i]].role != LSC_BUFFER)
            return true;
    return false;
}

static void mark_learned(cpu_plan *p)
{
    for (int i = 0; i < p->n_steps; i++) {
        const cpu_step *s = &p->steps[i];
        bool learned = has_learned_block(p, s->node);
        for (int j = 0; j < 2; j++)
            learned |= has_learned_block(p, s->norm[j]);
        for (int j = 0; j < s->n_in; j++)
            learned |= p->values[s->in[j]].learned;
        if (s->out >= 0)
            p->values[s->out].learned = learned;
    }
}

/* Step s hands a part of the gradient of its input j on, in this buffer. */
static void hand_on(cpu_plan *p, cpu_gradients set, cpu_step *s, int j, int buffer)
{
    cpu_value *v = &p->values[s->in[j]];
    s->din[set][j] = buffer;
    v->parts[set][v->n_parts++] = buffer;
}

/* A join hands the gradient of its output on in the same memory, to one operand: to one that is not normalized, as it
 * is, or else to the last one, computed in place; none if it is to be kept. */
static int heir(const cpu_plan *p, cpu_gradients set, const cpu_step *s)
{
    int heir = -1;
    for (int j = s->n_in - 1; s->kind == &cpu_join && set != CPU_KEPT && j >= 0; j--)
        if (p->values[s->in[j]].learned && (heir < 0 || (s->norm[heir] && !s->norm[j])))
            heir = j;
    return heir;
}

static void gradient_lives(cpu_plan *p, cpu_gradients set)
{
    for (int v = 0; v <= p->g->n_nodes; v++)
        p->values[v].n_parts = 0;
    for (int i = p->n_steps - 1; i >= 0; i--) {
        cpu_step *s = &p->steps[i];
        cpu_value *out = s->out >= 0 ? &p->values[s->out] : NULL;
        int time = 2 * p->n_steps - 1 - i, first = heir(p, set, s);
        for (int k = 0; out && k < out->n_parts; k++)
            lives_until(p, out->parts[set][k], time);
        s->active = out ? out->n_parts > 0 : p->values[s->in[0]].learned;
        if (!s->active)
            continue;
        for (int j = 0; j < s->n_in; j++)
            if (p->values[s->in[j]].learned)
                hand_on(p, set, s, j, j == first ? out->parts[set][0] : new_buffer(p, &p->values[s->in[j]], time));
    }
}

/* ---- the R-operator ---------------------------------------------------------------------------------- */

static void live_always(cpu_plan *p, int first)
{
    for (int i = first; i < p->n_buffers; i++) {
        p->buffers[i].born = 0;
        p->buffers[i].dies = 2 * p->n_steps;
    }
}

static void rop_lives(cpu_plan *p)
{
    for (int v = 0; v <= p->g->n_nodes; v++)
        if (p->values[v].learned)
            p->values[v].rbuffer = new_buffer(p, &p->values[v], 0);
    gradient_lives(p, CPU_KEPT);
    live_always(p, p->first_rbuffer);
    gradient_lives(p, CPU_R);
}

/* ---- all --------------------------------------------------------------------------------------------- */

/* For each set, and each use of a value. */
static lsc_status new_parts(cpu_plan *p, int uses)
{
    lsc_status st = LSC_OK;
    int used = 0;
    LSC_NEW(p->parts, CPU_N_GRADIENTS * uses);
    for (int v = 0; v <= p->g->n_nodes; v++) {
        for (int set = 0; set < CPU_N_GRADIENTS; set++)
            p->values[v].parts[set] = p->parts + set * uses + used;
        for (int i = 0; i < p->n_steps; i++)
            for (int j = 0; j < p->steps[i].n_in; j++)
                used += p->steps[i].in[j] == v;
    }
cleanup:
    return st;
}

lsc_status cpu_lives_make(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    int uses = 0;
    for (int i = 0; i < p->n_steps; i++)
        uses += p->steps[i].n_in;
    LSC_NEW(p->buffers, p->n_steps + p->g->n_nodes + 1 + CPU_N_GRADIENTS * uses);
    LSC_TRY(new_parts(p, uses));
    value_lives(p);
    if (p->o.backward) {
        mark_learned(p);
        gradient_lives(p, CPU_PASSING);
    }
    p->first_rbuffer = p->n_buffers;
    if (p->o.backward)
        rop_lives(p);
    LSC_TRY(cpu_buffers_place(p->buffers, p->first_rbuffer, p->block, &p->section));
    LSC_TRY(cpu_buffers_place(p->buffers + p->first_rbuffer, p->n_buffers - p->first_rbuffer, p->block, &p->rsection));
cleanup:
    return st;
}
