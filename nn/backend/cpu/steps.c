/*
 * From the graph to steps.
 *
 * A join stands for [batch norm ->] [+ another, perhaps normalized] [-> relu]: every place where these ops meet and
 * nobody else uses what lies between them. Where no backward will follow, a join disappears into a convolution before
 * it: a frozen batch norm is folded into the weights, the other operand is added and the rectifier applied as the
 * convolution writes its output.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/steps.h"

typedef struct {
    cpu_plan *p;
    const nn_node *nodes;
    int *uses;      /* [nodes]: how often each output is used; the logits once more */
    bool *absorbed; /* [nodes]: part of the join of a later node */
} builder;

/* ---- joins ------------------------------------------------------------------------------------ */

static bool can_absorb(const builder *b, int x, const nn_op *op)
{
    return b->nodes[x].op == op && b->uses[x] == 1;
}

static void add_operand(builder *b, cpu_step *s, int x)
{
    int i = s->n_in++;
    if (can_absorb(b, x, &nn_op_batchnorm)) {
        b->absorbed[x] = true;
        s->norm[i] = &b->nodes[x];
        x = b->nodes[x].in[0];
    }
    s->in[i] = x;
}

static void make_join(builder *b, cpu_step *s, int x)
{
    s->relu = b->nodes[x].op == &nn_op_relu;
    if (s->relu) {
        x = b->nodes[x].in[0];
        if (!can_absorb(b, x, &nn_op_add)) {
            add_operand(b, s, x);
            return;
        }
        b->absorbed[x] = true;
    }
    if (b->nodes[x].op == &nn_op_batchnorm) {
        s->norm[0] = &b->nodes[x];
        s->in[s->n_in++] = b->nodes[x].in[0];
        return;
    }
    add_operand(b, s, b->nodes[x].in[0]);
    add_operand(b, s, b->nodes[x].in[1]);
}

/* ---- a step for each node --------------------------------------------------------------------- */

static const struct {
    const nn_op *op;
    const cpu_kind *kind;
} kinds[] = {
    {&nn_op_conv2d, &cpu_conv},     {&nn_op_linear, &cpu_conv}, {&nn_op_batchnorm, &cpu_join},
    {&nn_op_relu, &cpu_join},       {&nn_op_add, &cpu_join},    {&nn_op_maxpool, &cpu_maxpool},
    {&nn_op_avgpool, &cpu_avgpool},
};

/* Ops that have no kernel here use those of the reference. */
static const cpu_kind *kind_of(const nn_op *op)
{
    for (size_t i = 0; i < LSC_COUNT(kinds); i++)
        if (kinds[i].op == op)
            return kinds[i].kind;
    return &cpu_other;
}

static cpu_step *new_step(cpu_plan *p, const cpu_kind *kind)
{
    cpu_step *s = &p->steps[p->n_steps++];
    *s = (cpu_step){.kind = kind, .plan = p, .sum = -1, .out = -1};
    for (int set = 0; set < CPU_N_GRADIENTS; set++)
        for (int j = 0; j < NN_MAX_IN; j++)
            s->din[set][j] = -1;
    return s;
}

/* On batch statistics, steps whose output for an image depends on the others. */
static bool needs_all_images(const cpu_step *s)
{
    if (s->plan->o.statistics != NN_BATCH)
        return false;
    return s->kind == &cpu_join ? s->norm[0] || s->norm[1] : s->node->op->update_statistics != NULL;
}

static void make_step(builder *b, int i)
{
    cpu_step *s = new_step(b->p, kind_of(b->nodes[i].op));
    s->node = &b->nodes[i];
    s->out = i;
    if (s->kind == &cpu_join) {
        make_join(b, s, i);
    } else {
        s->n_in = s->node->n_in;
        for (int j = 0; j < s->n_in; j++)
            s->in[j] = s->node->in[j];
    }
    s->meets = needs_all_images(s);
}

/* Whether the step can read the images as they come. */
static bool takes_plain(const cpu_step *s)
{
    return s->kind == &cpu_conv ? cpu_conv_takes_plain(s->plan, s->node) : s->kind == &cpu_other;
}

/* Steps that want blocked images read the copy that an import makes; whether there is one. */
static bool read_images(cpu_plan *p)
{
    bool import = false;
    for (int i = 0; i < p->n_steps; i++)
        for (int j = 0; j < p->steps[i].n_in; j++)
            if (p->steps[i].in[j] == 0 && !takes_plain(&p->steps[i])) {
                p->steps[i].in[j] = p->g->n_nodes;
                import = true;
            }
    return import;
}

/* Steps were made from the last node to the first, so that a join finds its parts still free. */
static void reverse(cpu_plan *p)
{
    for (int i = 0, j = p->n_steps - 1; i < j; i++, j--) {
        cpu_step swapped = p->steps[i];
        p->steps[i] = p->steps[j];
        p->steps[j] = swapped;
    }
}

static void make_steps(builder *b)
{
    cpu_plan *p = b->p;
    cpu_step *output = new_step(p, &cpu_output);
    output->in[output->n_in++] = p->g->n_nodes - 1;
    for (int i = p->g->n_nodes - 1; i > 0; i--)
        if (!b->absorbed[i])
            make_step(b, i);
    if (read_images(p)) {
        cpu_step *import = new_step(p, &cpu_import);
        import->in[import->n_in++] = 0;
        import->out = p->g->n_nodes;
    }
    new_step(p, &cpu_input)->out = 0;
    reverse(p);
}

/* ---- fusion of joins into convolutions ---------------------------------------------------------- */

/* The step that writes value v; those that are fused away (kind NULL) do not. */
static cpu_step *producer(cpu_plan *p, int v)
{
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind && p->steps[i].out == v)
            return &p->steps[i];
    return NULL;
}

static bool reads(const cpu_step *s, int v)
{
    bool found = s->sum == v;
    for (int j = 0; s->kind && j < s->n_in; j++)
        found |= s->in[j] == v;
    return s->kind && found;
}

/* Whether `reader` alone reads v, or alone from the step `from` on. */
static bool alone(const cpu_plan *p, int v, const cpu_step *reader, const cpu_step *from)
{
    for (const cpu_step *s = from; s < p->steps + p->n_steps; s++)
        if (s != reader && reads(s, v))
            return false;
    return true;
}

/* The convolution whose output operand k of the join is, if it can still take more on. */
static cpu_step *convolution(cpu_plan *p, const cpu_step *join, int k)
{
    cpu_step *c = producer(p, join->in[k]);
    bool free = c && c->kind == &cpu_conv && !c->relu && c->sum < 0 && alone(p, join->in[k], join, p->steps);
    return free && !(join->n_in == 2 && join->in[0] == join->in[1]) ? c : NULL;
}

static void fold_norms(cpu_plan *p, cpu_step *join)
{
    for (int k = 0; k < join->n_in; k++) {
        cpu_step *c = join->norm[k] && p->o.statistics == NN_FROZEN ? convolution(p, join, k) : NULL;
        if (c && c->norm[0] == NULL) {
            c->norm[0] = join->norm[k];
            join->norm[k] = NULL;
        }
    }
}

/* Whether convolution c can write onto value v, adding itself to it: v is complete by then, and from c on nobody reads
 * it but the join, not even c. */
static bool can_add_onto(cpu_plan *p, const cpu_step *c, const cpu_step *join, int v)
{
    const cpu_step *source = producer(p, v);
    return !p->values[v].plain && source < c && alone(p, v, join, c);
}

static void fuse(cpu_plan *p, cpu_step *join)
{
    fold_norms(p, join);
    for (int k = 0; k < join->n_in; k++) {
        cpu_step *c = convolution(p, join, k);
        if (c == NULL || join->norm[0] || join->norm[1])
            continue;
        if (join->n_in == 2 && !can_add_onto(p, c, join, join->in[1 - k]))
            continue;
        c->sum = join->n_in == 2 ? join->in[1 - k] : -1;
        c->relu = join->relu;
        c->out = join->out;
        join->kind = NULL;
        return;
    }
}

static void fuse_joins(cpu_plan *p)
{
    int kept = 0;
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind == &cpu_join)
            fuse(p, &p->steps[i]);
    for (int i = 0; i < p->n_steps; i++)
        if (p->steps[i].kind)
            p->steps[kept++] = p->steps[i];
    p->n_steps = kept;
}

/* ---- values ------------------------------------------------------------------------------------- */

static cpu_value value_of(const cpu_plan *p, const nn_shape *shape, bool plain)
{
    int64_t channels = shape->dim[0], lanes = plain ? 1 : p->lanes;
    return (cpu_value){
        .shape = *shape,
        .channels = channels,
        .padded = (channels + lanes - 1) / lanes * lanes,
        .pixels = shape->rank == 3 ? shape->dim[1] * shape->dim[2] : 1,
        .plain = plain,
        .buffer = -1,
        .rbuffer = -1,
    };
}

static void count_uses(builder *b)
{
    for (int i = 1; i < b->p->g->n_nodes; i++)
        for (int j = 0; j < b->nodes[i].n_in; j++)
            b->uses[b->nodes[i].in[j]]++;
    b->uses[b->p->g->n_nodes - 1]++;
}

lsc_status cpu_steps_make(cpu_plan *p)
{
    lsc_status st = LSC_OK;
    int n = p->g->n_nodes;
    builder b = {.p = p, .nodes = p->g->nodes};

    LSC_NEW(b.uses, n);
    LSC_NEW(b.absorbed, n);
    LSC_NEW(p->values, n + 1);
    LSC_NEW(p->steps, n + 2);
    for (int i = 0; i < n; i++)
        p->values[i] = value_of(p, &p->g->nodes[i].shape, i == 0);
    p->values[n] = value_of(p, &p->g->nodes[0].shape, false);
    count_uses(&b);
    make_steps(&b);
    if (!p->o.backward)
        fuse_joins(p);
    LSC_TRY(cpu_lives_make(p));
cleanup:
    lsc_free(b.uses);
    lsc_free(b.absorbed);
    return st;
}
