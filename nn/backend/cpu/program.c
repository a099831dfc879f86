/*
 * Passes: the tasks of all steps in order, cut into phases where a step needs all images. In a phase a thread takes
 * one unit after another, and each block of a unit through all tasks of the phase.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/cpu.h"

typedef lsc_status (*task_function)(const cpu_step *s, const cpu_block *b);
typedef void (*combine_function)(const cpu_step *s);

/* ---- writing ---------------------------------------------------------------------------------- */

static lsc_status begin(const cpu_plan *p, cpu_program *program)
{
    lsc_status st = LSC_OK;
    LSC_NEW(program->tasks, 2 * p->n_steps);
    LSC_NEW(program->phases, p->n_steps + 1);
    program->n_phases = 1;
cleanup:
    return st;
}

static void add_task(cpu_program *program, task_function run, const cpu_step *s)
{
    if (run == NULL)
        return;
    program->tasks[program->n_tasks++] = (cpu_task){run, s};
    program->phases[program->n_phases - 1].end = program->n_tasks;
}

static void add_meeting(cpu_program *program, combine_function combine, const cpu_step *s)
{
    program->phases[program->n_phases++] = (cpu_phase){.end = program->n_tasks, .combine = combine, .step = s};
}

/* What a kind does in a pass: gather and combine where the step needs all images. */
typedef struct {
    task_function gather, run;
    combine_function combine;
} stage;

static void add_stage(cpu_program *program, const stage *t, const cpu_step *s)
{
    if (s->meets) {
        add_task(program, t->gather, s);
        add_meeting(program, t->combine, s);
    }
    add_task(program, t->run, s);
}

/* Back, gather is always called: it is where a step takes its gradient in. */
static void add_stage_back(cpu_program *program, const stage *t, const cpu_step *s)
{
    add_task(program, t->gather, s);
    if (s->meets)
        add_meeting(program, t->combine, s);
    add_task(program, t->run, s);
}

lsc_status cpu_program_forward(const cpu_plan *p, cpu_program *out)
{
    lsc_status st = begin(p, out);
    for (int i = 0; st == LSC_OK && i < p->n_steps; i++) {
        const cpu_kind *k = p->steps[i].kind;
        add_stage(out, &(stage){k->gather_forward, k->forward, k->combine_forward}, &p->steps[i]);
    }
    return st;
}

lsc_status cpu_program_backward(const cpu_plan *p, cpu_program *out)
{
    lsc_status st = begin(p, out);
    for (int i = p->n_steps - 1; st == LSC_OK && i >= 0; i--) {
        const cpu_kind *k = p->steps[i].kind;
        if (p->steps[i].active)
            add_stage_back(out, &(stage){k->gather_backward, k->backward, k->combine_backward}, &p->steps[i]);
    }
    return st;
}

/* Whether the step's output has a derivative that is not zero; all have that end the network. */
static bool moves(const cpu_step *s)
{
    return s->out < 0 || s->plan->values[s->out].learned;
}

lsc_status cpu_program_forward_r(const cpu_plan *p, cpu_program *out)
{
    lsc_status st = begin(p, out);
    for (int i = 0; st == LSC_OK && i < p->n_steps; i++) {
        const cpu_kind *k = p->steps[i].kind;
        if (moves(&p->steps[i]))
            add_stage(out, &(stage){k->gather_forward_r, k->forward_r, k->combine_forward_r}, &p->steps[i]);
    }
    return st;
}

lsc_status cpu_program_backward_r(const cpu_plan *p, cpu_program *out)
{
    lsc_status st = begin(p, out);
    for (int i = p->n_steps - 1; st == LSC_OK && i >= 0; i--) {
        const cpu_kind *k = p->steps[i].kind;
        if (p->steps[i].active)
            add_stage_back(out, &(stage){k->gather_backward_r, k->backward_r, k->combine_backward_r}, &p->steps[i]);
    }
    return st;
}

void cpu_program_free(cpu_program *program)
{
    lsc_free(program->tasks);
    lsc_free(program->phases);
    *program = (cpu_program){0};
}

/* ---- running ------------------------------------------------------------------------------------ */

typedef struct {
    cpu_plan *p;
    cpu_program *program;
    int64_t blocks;
} pass;

static bool has_failed(const cpu_plan *p)
{
    return __atomic_load_n(&p->failed, __ATOMIC_RELAXED);
}

static lsc_status failed(cpu_plan *p, lsc_status st)
{
    if (st != LSC_OK)
        __atomic_store_n(&p->failed, true, __ATOMIC_RELAXED);
    return st;
}

static lsc_status run_block(const pass *a, const cpu_phase *phase, const cpu_block *b)
{
    int from = phase == a->program->phases ? 0 : phase[-1].end;
    for (int i = from; i < phase->end; i++) {
        const cpu_task *task = &a->program->tasks[i];
        lsc_status st = task->run(task->step, b);
        if (st != LSC_OK)
            return st;
    }
    return LSC_OK;
}

static lsc_status run_unit(const pass *a, const cpu_phase *phase, int unit, cpu_worker *w)
{
    cpu_plan *p = a->p;
    int64_t from = unit * a->blocks / p->units, to = (unit + 1) * a->blocks / p->units;
    for (int64_t k = from; k < to; k++) {
        cpu_block b = {.first = k * p->block, .unit = unit, .begins = k == from, .worker = w};
        b.n = p->n - b.first < p->block ? p->n - b.first : p->block;
        b.section = p->sections + (cpu_keeps(p) ? k : w->number) * p->section;
        b.rsection = p->rop.sections ? p->rop.sections + k * p->rsection : NULL;
        lsc_status st = run_block(a, phase, &b);
        if (st != LSC_OK)
            return st;
    }
    return LSC_OK;
}

static lsc_status run_phase(const pass *a, cpu_phase *phase, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    while (st == LSC_OK && !has_failed(a->p)) {
        int unit = __atomic_fetch_add(&phase->next, 1, __ATOMIC_RELAXED);
        if (unit >= a->p->units)
            break;
        st = failed(a->p, run_unit(a, phase, unit, w));
    }
    return st;
}

static void combine(void *context)
{
    const cpu_phase *phase = context;
    if (phase->combine)
        phase->combine(phase->step);
}

/* All members go to every meeting, also after a failure. */
static lsc_status run_phases(void *context, int member)
{
    const pass *a = context;
    lsc_status st = LSC_OK;
    for (int i = 0; i < a->program->n_phases; i++) {
        cpu_phase *phase = &a->program->phases[i];
        if (i > 0)
            cpu_team_meet(a->p->team, combine, phase);
        lsc_status now = run_phase(a, phase, &a->p->workers[member]);
        st = st == LSC_OK ? now : st;
    }
    return st;
}

lsc_status cpu_program_run(cpu_plan *p, cpu_program *program)
{
    pass a = {.p = p, .program = program, .blocks = (p->n + p->block - 1) / p->block};
    for (int i = 0; i < program->n_phases; i++)
        program->phases[i].next = 0;
    p->failed = false;
    return cpu_team_run(p->team, run_phases, &a);
}

/* ---- step by step --------------------------------------------------------------------------------- */

typedef struct {
    cpu_plan *p;
    lsc_status (*f)(const cpu_step *s, cpu_worker *w);
    int next; /* atomic */
} round_of_steps;

static lsc_status share_steps(void *context, int member)
{
    round_of_steps *r = context;
    lsc_status st = LSC_OK;
    while (st == LSC_OK && !has_failed(r->p)) {
        int i = __atomic_fetch_add(&r->next, 1, __ATOMIC_RELAXED);
        if (i >= r->p->n_steps)
            break;
        st = failed(r->p, r->f(&r->p->steps[i], &r->p->workers[member]));
    }
    return st;
}

lsc_status cpu_each_step(cpu_plan *p, lsc_status (*f)(const cpu_step *s, cpu_worker *w))
{
    round_of_steps r = {.p = p, .f = f};
    p->failed = false;
    return cpu_team_run(p->team, share_steps, &r);
}
