/*
 * The R-operator of ops that have no kernel here: that of the op's reference kernels, see other.c.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/other.h"

/* ---- memory ------------------------------------------------------------------------------------- */

static arrays rarrays_of(const cpu_step *s, const cpu_worker *w)
{
    const other *a = s->self;
    return cpu_other_lay_out(s, a->rwhole ? a->rwhole : w->rtemp, cpu_other_images(s));
}

void cpu_other_free_r(cpu_step *s)
{
    other *a = s->self;
    lsc_free(a->rwhole);
    lsc_free(a->rsaved);
    a->rwhole = NULL;
    a->rsaved = NULL;
}

lsc_status cpu_other_make_r(cpu_step *s)
{
    lsc_status st = LSC_OK;
    other *a = s->self;
    const nn_op *op = s->node->op;
    LSC_CHECK(op->forward_r && op->backward_r, LSC_ERR_ABSENT, "op %s has no R-operator", op->name);
    LSC_NEW(a->rsaved, cpu_other_copies(s) * (int64_t)a->saved_bytes);
    if (s->meets)
        LSC_NEW(a->rwhole, cpu_other_lay_out(s, NULL, 0).floats * cpu_other_images(s));
cleanup:
    return st;
}

/* ---- passes --------------------------------------------------------------------------------------- */

static nn_op_args arguments_r(const cpu_step *s, const arrays *a, const arrays *r, int64_t n, int section)
{
    const other *o = s->self;
    const cpu_plan *p = s->plan;
    nn_op_args args = cpu_other_arguments(s, a, n, section);
    args.rout = r->out;
    args.rdout = r->dout;
    args.rsaved = o->rsaved + (size_t)section * o->saved_bytes;
    for (int j = 0; j < s->n_in; j++)
        args.rin[j] = p->values[s->in[j]].rbuffer < 0 ? NULL : r->in[j];
    for (int j = 0; j < s->node->n_blocks; j++)
        args.rblock[j] = cpu_other_is_learned(s, j) ? cpu_block_of(p, p->rop.v, s->node, j) : NULL;
    return args;
}

/* What an op reads in both passes: values and their derivatives. */
static void read_forward_r(const cpu_step *s, const cpu_block *b, const arrays *a, const arrays *r)
{
    cpu_other_read_inputs(s, b, a);
    cpu_other_read(s, b, s->out, cpu_data(s->plan, b, s->out), a->out);
    for (int j = 0; j < s->n_in; j++) {
        const float *rin = cpu_rdata(s->plan, b, s->in[j]);
        if (rin)
            cpu_other_read(s, b, s->in[j], rin, r->in[j]);
    }
}

lsc_status cpu_other_gather_forward_r(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker), r = rarrays_of(s, b->worker);
    read_forward_r(s, b, &a, &r);
    return LSC_OK;
}

void cpu_other_combine_forward_r(const cpu_step *s)
{
    arrays a = cpu_other_arrays(s, NULL), r = rarrays_of(s, NULL);
    nn_op_args args = arguments_r(s, &a, &r, s->plan->n, 0);
    s->node->op->forward_r(&args);
}

lsc_status cpu_other_forward_r(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    arrays a = cpu_other_arrays(s, b->worker), r = rarrays_of(s, b->worker);
    if (!s->meets) {
        nn_op_args args = arguments_r(s, &a, &r, b->n, cpu_other_section(s, b));
        read_forward_r(s, b, &a, &r);
        s->node->op->forward_r(&args);
    }
    cpu_pack(p, &p->values[s->out], b->n, r.out + cpu_other_place(s, b) * cpu_other_row(s, s->out),
             cpu_rdata(p, b, s->out));
    return LSC_OK;
}

lsc_status cpu_other_gather_backward_r(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker), r = rarrays_of(s, b->worker);
    cpu_other_read(s, b, s->out, cpu_kept(s->plan, b, s->out), a.dout);
    cpu_other_read(s, b, s->out, cpu_sum_parts(s->plan, b, s->out), r.dout);
    return LSC_OK;
}

static void run_backward_r(const cpu_step *s, const arrays *r, nn_op_args *args, int unit, bool begins)
{
    cpu_other_aim(s, r, args->n, unit, begins, args->rdblock, args->rdin);
    s->node->op->backward_r(args);
}

void cpu_other_combine_backward_r(const cpu_step *s)
{
    arrays a = cpu_other_arrays(s, NULL), r = rarrays_of(s, NULL);
    nn_op_args args = arguments_r(s, &a, &r, s->plan->n, 0);
    run_backward_r(s, &r, &args, 0, true);
}

lsc_status cpu_other_backward_r(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker), r = rarrays_of(s, b->worker);
    if (!s->meets) {
        nn_op_args args = arguments_r(s, &a, &r, b->n, cpu_other_section(s, b));
        read_forward_r(s, b, &a, &r);
        cpu_other_read(s, b, s->out, cpu_rdata(s->plan, b, s->out), r.out);
        run_backward_r(s, &r, &args, b->unit, b->begins);
    }
    cpu_other_write_gradients(s, b, &r);
    return LSC_OK;
}
