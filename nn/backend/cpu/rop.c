/*
 * The R-operator: exact Hessian-vector products (Pearlmutter 1994, "Fast exact multiplication by the Hessian").
 * forward_r carries the derivative along v of every value beside the values of the last forward, backward_r that of
 * every gradient beside the gradients of a first backward pass. A convolution costs a pass forward and one back for the
 * gradient by data, which several v share, and for each v two forward and four back: 8 for one v, 3 being a gradient.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/cpu.h"

#include <string.h>

/* ---- memory ------------------------------------------------------------------------------------- */

void cpu_rop_free(cpu_plan *p)
{
    for (int i = 0; p->steps && i < p->n_steps; i++)
        if (p->steps[i].self && p->steps[i].kind->free_r)
            p->steps[i].kind->free_r(&p->steps[i]);
    for (int i = 0; p->workers && i < p->o.threads; i++) {
        lsc_free(p->workers[i].rtemp);
        p->workers[i].rtemp = NULL;
    }
    cpu_program_free(&p->rop.forward);
    cpu_program_free(&p->rop.backward);
    lsc_free(p->rop.v);
    lsc_free(p->rop.dlogits);
    lsc_free(p->rop.sections);
    p->rop = (cpu_rop){0};
}

/* At the first product: most plans never need it. */
static lsc_status prepare(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    if (p->rop.sections)
        return LSC_OK;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind->make_r)
            LSC_TRY(p->steps[i].kind->make_r(&p->steps[i]));
    for (int i = 0; i < p->o.threads; i++)
        LSC_NEW(p->workers[i].rtemp, p->rtemp_floats);
    LSC_TRY(cpu_program_forward_r(p, &p->rop.forward));
    LSC_TRY(cpu_program_backward_r(p, &p->rop.backward));
    LSC_NEW(p->rop.v, p->g->layout.n_learned);
    LSC_NEW(p->rop.dlogits, p->o.batch * nn_graph_outputs(p->g));
    LSC_NEW(p->rop.sections, p->n_sections * p->rsection);
cleanup:
    if (st != LSC_OK)
        cpu_rop_free(p);
    return st;
}

/* ---- passes --------------------------------------------------------------------------------------- */

static lsc_status step_v(const cpu_step *s, cpu_worker *w)
{
    return s->kind->set_v ? s->kind->set_v(s, w) : LSC_OK;
}

lsc_status cpu_forward_r(void *plan, const void *v, double *rlogits)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = plan;
    LSC_TRY(prepare(p));
    memcpy(p->rop.v, v, (size_t)p->g->layout.n_learned * sizeof(float));
    p->logits = rlogits;
    LSC_TRY(cpu_each_step(p, step_v));
    LSC_TRY(cpu_program_run(p, &p->rop.forward));
cleanup:
    return lsc_context(st, "cpu: forward_r");
}

/* The gradients of the first backward pass by values, unless they are there. */
static lsc_status keep(cpu_plan *p, const double *dlogits)
{
    lsc_status st = LSC_OK;
    size_t bytes = (size_t)(p->n * nn_graph_outputs(p->g)) * sizeof *dlogits;
    if (p->rop.kept && memcmp(dlogits, p->rop.dlogits, bytes) == 0)
        return LSC_OK;
    p->rop.kept = false;
    p->dlogits = dlogits;
    p->gradients = CPU_KEPT;
    LSC_TRY(cpu_program_run(p, &p->backward));
    memcpy(p->rop.dlogits, dlogits, bytes);
    p->rop.kept = true;
cleanup:
    return st;
}

static lsc_status step_gradient(const cpu_step *s, cpu_worker *w)
{
    return s->active && s->kind->gradient_r ? s->kind->gradient_r(s, w) : LSC_OK;
}

lsc_status cpu_backward_r(void *plan, const double *dlogits, const double *rdlogits, void *hv)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = plan;
    LSC_TRY(keep(p, dlogits));
    p->dlogits = rdlogits;
    p->gradient = hv;
    p->gradients = CPU_R;
    memset(hv, 0, (size_t)p->g->layout.n_learned * sizeof(float));
    LSC_TRY(cpu_program_run(p, &p->rop.backward));
    LSC_TRY(cpu_each_step(p, step_gradient));
cleanup:
    return lsc_context(st, "cpu: backward_r");
}
