/*
 * From the graph to steps, in its order. A convolution takes with it the batch norm behind it (on frozen statistics), a
 * sum whose other part is there already, and the rectifier, where nobody else uses what lies between; what is left of
 * these ops joins likewise. Then every value gets a slot of memory, shared by values that never live together.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"

typedef struct {
    cuda_net *net;
    const nn_node *nodes;
    int *uses, *consumer; /* [nodes]: how often a value is used, and by which node last */
    bool *absorbed;       /* [nodes]: part of an earlier step */
    bool *there;          /* [nodes]: written by a step that was made */
} builder;

static const struct {
    const nn_op *op;
    const cuda_kind *kind;
} kinds[] = {
    {&nn_op_conv2d, &cuda_kind_conv},    {&nn_op_linear, &cuda_kind_linear},   {&nn_op_unitlinear, &cuda_kind_linear},
    {&nn_op_batchnorm, &cuda_kind_join}, {&nn_op_add, &cuda_kind_join},        {&nn_op_relu, &cuda_kind_join},
    {&nn_op_scale, &cuda_kind_join},     {&nn_op_maxpool, &cuda_kind_maxpool}, {&nn_op_avgpool, &cuda_kind_avgpool},
    {&nn_op_concat, &cuda_kind_concat},  {&nn_op_flatten, &cuda_kind_flatten}, {&nn_op_l2norm, &cuda_kind_l2norm},
};

static const cuda_kind *kind_of(const nn_op *op)
{
    for (size_t i = 0; i < LSC_COUNT(kinds); i++)
        if (kinds[i].op == op)
            return kinds[i].kind;
    return NULL;
}

/* ---- fusion --------------------------------------------------------------------------------------- */

/* The node behind value y, if it is this op and y's only reader; -1: not so. */
static int next(const builder *b, int y, const nn_op *op)
{
    return b->uses[y] == 1 && b->nodes[b->consumer[y]].op == op ? b->consumer[y] : -1;
}

static int value_of(const builder *b, int node)
{
    return b->net->alias[node];
}

/* Take the sum behind y with it, if its other part is there. */
static int take_sum(builder *b, cuda_step *s, int y)
{
    int sum = next(b, y, &nn_op_add);
    if (sum < 0)
        return y;
    int other = value_of(b, b->nodes[sum].in[value_of(b, b->nodes[sum].in[0]) == y]);
    if (!b->there[other])
        return y;
    s->in[s->n_in++] = other;
    b->absorbed[sum] = true;
    return sum;
}

static int take_norm(builder *b, cuda_step *s, int y)
{
    int norm = next(b, y, &nn_op_batchnorm);
    if (norm < 0 || b->net->o.statistics == NN_BATCH)
        return y;
    s->norm[0] = &b->nodes[norm];
    b->absorbed[norm] = true;
    return norm;
}

static int take_relu(builder *b, cuda_step *s, int y)
{
    int relu = next(b, y, &nn_op_relu);
    if (relu < 0)
        return y;
    s->relu = true;
    b->absorbed[relu] = true;
    return relu;
}

static void fuse(builder *b, cuda_step *s, int node)
{
    const nn_op *op = b->nodes[node].op;
    if (s->kind == &cuda_kind_conv)
        s->out = take_relu(b, s, take_sum(b, s, take_norm(b, s, node)));
    else if (op == &nn_op_linear)
        s->out = take_relu(b, s, take_norm(b, s, node));
    else if (op == &nn_op_batchnorm)
        s->out = take_relu(b, s, take_sum(b, s, node));
    else if (op == &nn_op_add)
        s->out = take_relu(b, s, node);
}

static lsc_status make_step(builder *b, int node)
{
    lsc_status st = LSC_OK;
    cuda_net *net = b->net;
    const nn_node *d = &b->nodes[node];
    cuda_step *s = &net->steps[net->n_steps];

    *s = (cuda_step){.kind = kind_of(d->op), .node = d, .out = node, .factor = 1, .relu = d->op == &nn_op_relu};
    LSC_CHECK(s->kind != NULL, LSC_ERR_ABSENT, "cuda: has nothing for the op %s: use cpu", d->op->name);
    for (int i = 0; i < d->n_in; i++)
        s->in[s->n_in++] = value_of(b, d->in[i]);
    if (d->op == &nn_op_batchnorm)
        s->norm[0] = d;
    if (d->op == &nn_op_scale)
        s->factor = (float)d->factor;
    fuse(b, s, node);
    b->there[s->out] = true;
    net->n_steps++;
cleanup:
    return st;
}

/* ---- values ----------------------------------------------------------------------------------------- */

static void describe_values(cuda_net *net)
{
    for (int i = 0; i < net->g->n_nodes; i++) {
        const nn_shape *shape = &net->g->nodes[i].shape;
        bool vector = shape->rank == 1;
        const nn_node *node = &net->g->nodes[i];
        net->values[i] = (cuda_value){.channels = shape->dim[0],
                                      .height = vector ? 1 : shape->dim[1],
                                      .width = vector ? 1 : shape->dim[2],
                                      .vector = vector,
                                      .slot = -1};
        net->alias[i] = node->op == &nn_op_dropout ? net->alias[node->in[0]] : i;
    }
}

static void count_uses(builder *b)
{
    for (int i = 1; i < b->net->g->n_nodes; i++)
        for (int j = 0; b->nodes[i].op != &nn_op_dropout && j < b->nodes[i].n_in; j++) {
            int value = value_of(b, b->nodes[i].in[j]);
            b->uses[value]++;
            b->consumer[value] = i;
        }
}

/* ---- exponents -------------------------------------------------------------------------------------- */

/* What is added or put side by side must be scaled alike: then all of it is. */
static bool is_chain(const cuda_net *net)
{
    for (int i = 0; i < net->n_steps; i++)
        if (net->steps[i].n_in > 1)
            return false;
    return true;
}

static void number_exponents(cuda_net *net)
{
    const bool chain = is_chain(net);
    net->n_exponents = 1;
    net->values[0].exponent = net->values[0].vector ? -1 : 0;
    for (int i = 0; i < net->n_steps; i++) {
        const cuda_step *s = &net->steps[i];
        cuda_value *out = &net->values[s->out];
        if (out->vector)
            out->exponent = -1;
        else
            out->exponent = chain && s->kind == &cuda_kind_conv ? net->n_exponents++ : net->values[s->in[0]].exponent;
    }
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static int64_t value_bytes(const cuda_net *net, int value)
{
    const cuda_value *v = &net->values[value];
    return v->channels * v->height * v->width * (int64_t)cuda_real_size(cuda_value_real(net, value));
}

/* A slot that is free at this step, the largest; or a new one. */
static int free_slot(cuda_net *net, const int *busy_until, int step)
{
    int best = -1;
    for (int i = 0; i < net->n_slots; i++)
        if (busy_until[i] < step && (best < 0 || net->slot_bytes[i] > net->slot_bytes[best]))
            best = i;
    return best >= 0 ? best : net->n_slots++;
}

static void give_slot(cuda_net *net, int *busy_until, int value, int step)
{
    cuda_value *v = &net->values[value];
    v->slot = free_slot(net, busy_until, step);
    busy_until[v->slot] = v->last;
    if (net->slot_bytes[v->slot] < value_bytes(net, value))
        net->slot_bytes[v->slot] = value_bytes(net, value);
}

static lsc_status make_slots(cuda_net *net)
{
    lsc_status st = LSC_OK;
    int *busy_until = NULL;
    LSC_NEW(busy_until, net->n_steps + 1);
    LSC_NEW(net->slot_bytes, net->n_steps + 1);
    for (int i = 0; i < net->n_steps; i++)
        for (int j = 0; j < net->steps[i].n_in; j++)
            net->values[net->steps[i].in[j]].last = i;
    net->values[net->alias[net->g->n_nodes - 1]].last = net->n_steps;
    give_slot(net, busy_until, 0, -1);
    for (int i = 0; i < net->n_steps; i++) {
        cuda_value *out = &net->values[net->steps[i].out];
        out->last = out->last > i ? out->last : i; /* one that nobody reads */
        give_slot(net, busy_until, net->steps[i].out, i);
    }
cleanup:
    lsc_free(busy_until);
    return st;
}

lsc_status cuda_steps_make(cuda_net *net)
{
    lsc_status st = LSC_OK;
    int n = net->g->n_nodes;
    builder b = {.net = net, .nodes = net->g->nodes};

    LSC_NEW(net->values, n);
    LSC_NEW(net->alias, n);
    LSC_NEW(net->steps, n);
    LSC_NEW(b.uses, n);
    LSC_NEW(b.consumer, n);
    LSC_NEW(b.absorbed, n);
    LSC_NEW(b.there, n);
    describe_values(net);
    count_uses(&b);
    b.there[0] = true;
    for (int i = 1; i < n; i++)
        if (!b.absorbed[i] && net->alias[i] == i)
            LSC_TRY(make_step(&b, i));
    number_exponents(net);
    LSC_TRY(make_slots(net));
cleanup:
    lsc_free(b.uses);
    lsc_free(b.consumer);
    lsc_free(b.absorbed);
    lsc_free(b.there);
    return st;
}
