/*
 * Graphs: nodes in order of computation over one flat theta.
 *
 * Builders (one for each op, in its file) append nodes and name their blocks. The first error sticks; later
 * builders do nothing, so a model is written without checks. nn_graph_finish sorts the blocks into
 * PyTorch's named_parameters(), then its buffers, each in the order of the modules, and gives them offsets.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

/* More elements than this in one tensor are a mistake in a model, and products of two such counts fit int64. */
#define MAX_ELEMENTS ((int64_t)1 << 40)

int64_t nn_shape_elements(const nn_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++)
        n *= s->dim[i];
    return n;
}

const char *nn_dims_text(int rank, const int64_t *dim, char *out, size_t n)
{
    size_t used = (size_t)snprintf(out, n, "[");
    for (int i = 0; i < rank && used < n; i++)
        used += (size_t)snprintf(out + used, n - used, "%s%lld", i ? ", " : "", (long long)dim[i]);
    if (used < n)
        snprintf(out + used, n - used, "]");
    return out;
}

const char *nn_shape_text(const nn_shape *s, char *out, size_t n)
{
    return nn_dims_text(s->rank, s->dim, out, n);
}

int64_t nn_window_count(int64_t n, int kernel, int stride, int pad)
{
    int64_t room = n + 2 * (int64_t)pad - kernel;
    return room < 0 ? 0 : room / stride + 1;
}

/* The product of [rank] dimensions, or 0 if one is not positive or the product is too large. */
static int64_t checked_elements(int rank, const int64_t *dim)
{
    int64_t n = 1;
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 1 || dim[i] > MAX_ELEMENTS / n)
            return 0;
        n *= dim[i];
    }
    return n;
}

/* ---- life ---------------------------------------------------------------------------------- */

lsc_status nn_graph_new(const nn_shape *input, nn_graph **out)
{
    lsc_status st = LSC_OK;
    nn_graph *g = NULL;
    bool sound = (input->rank == 1 || input->rank == 3) && checked_elements(input->rank, input->dim) > 0;

    LSC_CHECK(sound, LSC_ERR_ARG, "graph: the input needs the shape [C, H, W] or [F], all positive");
    LSC_NEW(g, 1);
    LSC_NEW(g->nodes, 16);
    g->capacity = 16;
    g->n_nodes = 1;
    g->nodes[0].name = lsc_strdup("");
    LSC_CHECK(g->nodes[0].name, LSC_ERR_NOMEM, "graph: no memory for a name");
    g->nodes[0].in_shape = g->nodes[0].shape = *input;
    *out = g;
    g = NULL;
cleanup:
    nn_graph_free(g);
    return st;
}

void nn_graph_free(nn_graph *g)
{
    if (g == NULL)
        return;
    for (int i = 0; i < g->n_nodes; i++)
        lsc_free(g->nodes[i].name);
    for (int i = 0; i < g->layout.n_blocks; i++)
        lsc_free((void *)g->blocks[i].name);
    lsc_free(g->nodes);
    lsc_free(g->blocks);
    lsc_free(g);
}

/* ---- building ------------------------------------------------------------------------------ */

void nn_graph_fail(nn_graph *g, lsc_status code, const char *format, ...)
{
    va_list args;
    if (g->status != LSC_OK)
        return;
    g->status = code;
    va_start(args, format);
    vsnprintf(g->message, sizeof g->message, format, args);
    va_end(args);
}

/* A copy of items [n] of `size` bytes with room for at least one more; doubles *capacity. NULL: no memory. */
static void *grown(void *items, int n, size_t size, int *capacity)
{
    int more = *capacity ? 2 * *capacity : 16;
    void *copy = lsc_calloc((size_t)more, size);
    if (copy == NULL)
        return NULL;
    if (n > 0)
        memcpy(copy, items, (size_t)n * size);
    lsc_free(items);
    *capacity = more;
    return copy;
}

static bool reserve_node(nn_graph *g)
{
    if (g->n_nodes < g->capacity)
        return true;
    nn_node *nodes = grown(g->nodes, g->n_nodes, sizeof *nodes, &g->capacity);
    if (nodes == NULL)
        nn_graph_fail(g, LSC_ERR_NOMEM, "graph: no memory for more than %d nodes", g->n_nodes);
    else
        g->nodes = nodes;
    return nodes != NULL;
}

static bool reserve_block(nn_graph *g)
{
    if (g->layout.n_blocks < g->blocks_capacity)
        return true;
    lsc_block *blocks = grown(g->blocks, g->layout.n_blocks, sizeof *blocks, &g->blocks_capacity);
    if (blocks == NULL)
        nn_graph_fail(g, LSC_ERR_NOMEM, "graph: no memory for more than %d blocks", g->layout.n_blocks);
    else
        g->blocks = blocks;
    return blocks != NULL;
}

nn_node *nn_graph_add(nn_graph *g, const nn_op *op, const char *name, const int *in, int n_in)
{
    for (int i = 0; i < n_in; i++)
        if (g->status == LSC_OK && (in[i] < 0 || in[i] >= g->n_nodes))
            nn_graph_fail(g, LSC_ERR_ARG, "%s '%s': there is no node %d", op->name, name, in[i]);
    if (g->finished)
        nn_graph_fail(g, LSC_ERR_ARG, "%s '%s': the graph is finished", op->name, name);
    if (g->status != LSC_OK || !reserve_node(g))
        return NULL;

    nn_node *node = &g->nodes[g->n_nodes];
    *node = (nn_node){.op = op, .name = lsc_strdup(name), .n_in = n_in};
    if (node->name == NULL) {
        nn_graph_fail(g, LSC_ERR_NOMEM, "graph: no memory for the name '%s'", name);
        return NULL;
    }
    memcpy(node->in, in, (size_t)n_in * sizeof *in);
    node->in_shape = node->shape = g->nodes[in[0]].shape;
    g->n_nodes++;
    return node;
}

int nn_graph_last(const nn_graph *g)
{
    return g->status == LSC_OK ? g->n_nodes - 1 : -1;
}

void nn_graph_no_block(nn_node *node)
{
    node->block[node->n_blocks++] = -1;
}

void nn_graph_block(nn_graph *g, nn_node *node, const char *suffix, lsc_role role, int rank, const int64_t *shape)
{
    if (g->status != LSC_OK || !reserve_block(g))
        return;
    if (checked_elements(rank, shape) == 0) {
        nn_graph_fail(g, LSC_ERR_SHAPE, "%s.%s: a dimension is not positive, or the tensor is too large", node->name,
                      suffix);
        return;
    }
    lsc_block *b = &g->blocks[g->layout.n_blocks];
    *b = (lsc_block){.name = lsc_format("%s.%s", node->name, suffix), .role = role, .rank = rank};
    if (b->name == NULL) {
        nn_graph_fail(g, LSC_ERR_NOMEM, "graph: no memory for the name '%s.%s'", node->name, suffix);
        return;
    }
    for (int i = 0; i < rank; i++)
        b->shape[i] = shape[i];
    node->block[node->n_blocks++] = g->layout.n_blocks++;
}

int nn_mark_features(nn_graph *g, int x)
{
    if (x > 0)
        g->features = x;
    return x;
}

int nn_append_features(nn_graph *g)
{
    int logits = nn_graph_last(g);
    if (logits >= 0 && g->features == 0)
        nn_graph_fail(g, LSC_ERR_ABSENT, "graph: no node is marked as the features");
    int x = nn_concat(g, logits, nn_l2norm(g, g->features));
    if (x >= 0)
        g->appended = g->nodes[g->features].shape.dim[0];
    return x;
}

/* ---- finishing ----------------------------------------------------------------------------- */

static lsc_status check_names(const nn_graph *g)
{
    for (int i = 0; i < g->layout.n_blocks; i++)
        for (int j = 0; j < i; j++)
            if (strcmp(g->blocks[i].name, g->blocks[j].name) == 0)
                return lsc_fail(LSC_ERR_ARG, "graph: two blocks are named '%s'", g->blocks[i].name);
    return LSC_OK;
}

static lsc_status check_output(const nn_graph *g)
{
    const nn_node *last = &g->nodes[g->n_nodes - 1];
    char text[80];
    if (g->n_nodes < 2 || last->shape.rank != 1)
        return lsc_fail(LSC_ERR_SHAPE, "graph: the last node has the shape %s, logits need [K]",
                        nn_shape_text(&last->shape, text, sizeof text));
    for (int i = 0; i < g->n_nodes; i++)
        if (checked_elements(g->nodes[i].shape.rank, g->nodes[i].shape.dim) == 0)
            return lsc_fail(LSC_ERR_SHAPE, "graph: node %d '%s' has the shape %s", i, g->nodes[i].name,
                            nn_shape_text(&g->nodes[i].shape, text, sizeof text));
    return LSC_OK;
}

/* Move the blocks of one kind behind those already in `sorted`; to[i] is the new place of block i. */
static int gather(const nn_graph *g, bool buffers, lsc_block *sorted, int count, int *to)
{
    for (int i = 0; i < g->layout.n_blocks; i++) {
        if ((g->blocks[i].role == LSC_BUFFER) != buffers)
            continue;
        sorted[count] = g->blocks[i];
        to[i] = count++;
    }
    return count;
}

/* Offsets in order; n_learned is where the first buffer begins. */
static void place(nn_graph *g)
{
    int64_t at = 0;
    g->layout.n_learned = 0;
    for (int i = 0; i < g->layout.n_blocks; i++) {
        g->blocks[i].offset = at;
        at += checked_elements(g->blocks[i].rank, g->blocks[i].shape);
        if (g->blocks[i].role != LSC_BUFFER)
            g->layout.n_learned = at;
    }
    g->layout.n = at;
    g->layout.blocks = g->blocks;
    g->layout.block_size = sizeof(lsc_block);
}

lsc_status nn_graph_finish(nn_graph *g)
{
    lsc_status st = LSC_OK;
    lsc_block *sorted = NULL;
    int *to = NULL;

    LSC_CHECK(g->status == LSC_OK, g->status, "%s", g->message);
    LSC_CHECK(!g->finished, LSC_ERR_ARG, "graph: finished twice");
    LSC_TRY(check_names(g));
    LSC_TRY(check_output(g));
    LSC_NEW(sorted, g->layout.n_blocks);
    LSC_NEW(to, g->layout.n_blocks);
    gather(g, true, sorted, gather(g, false, sorted, 0, to), to);
    for (int i = 0; i < g->n_nodes; i++)
        for (int j = 0; j < g->nodes[i].n_blocks; j++)
            if (g->nodes[i].block[j] >= 0)
                g->nodes[i].block[j] = to[g->nodes[i].block[j]];
    lsc_free(g->blocks);
    g->blocks = sorted;
    sorted = NULL;
    place(g);
    g->finished = true;
cleanup:
    lsc_free(sorted);
    lsc_free(to);
    return st;
}

/* ---- asking -------------------------------------------------------------------------------- */

const lsc_layout *nn_graph_layout(const nn_graph *g)
{
    return &g->layout;
}

const nn_shape *nn_graph_input(const nn_graph *g)
{
    return &g->nodes[0].shape;
}

int64_t nn_graph_outputs(const nn_graph *g)
{
    return g->nodes[g->n_nodes - 1].shape.dim[0];
}

int64_t nn_graph_features(const nn_graph *g)
{
    return g->appended;
}

int64_t nn_graph_classes(const nn_graph *g)
{
    return nn_graph_outputs(g) - g->appended;
}

double nn_graph_flops(const nn_graph *g)
{
    double flops = 0;
    for (int i = 1; i < g->n_nodes; i++)
        if (g->nodes[i].op->flops)
            flops += g->nodes[i].op->flops(&g->nodes[i]);
    return flops;
}

lsc_status nn_graph_check_training(const nn_graph *g)
{
    for (int i = 1; i < g->n_nodes; i++) {
        const nn_op *op = g->nodes[i].op;
        if (op->trains && !op->trains(&g->nodes[i]))
            return lsc_fail(LSC_ERR_ABSENT, "node %d, %s, can only be evaluated: train without it", i, op->name);
    }
    return LSC_OK;
}

void nn_graph_init(const nn_graph *g, uint64_t seed, float *theta)
{
    memset(theta, 0, (size_t)g->layout.n * sizeof *theta);
    for (int i = 1; i < g->n_nodes; i++) {
        const nn_node *node = &g->nodes[i];
        float *block[NN_MAX_BLOCKS] = {NULL};
        for (int j = 0; j < node->n_blocks; j++)
            if (node->block[j] >= 0)
                block[j] = theta + g->blocks[node->block[j]].offset;
        if (node->op->init)
            node->op->init(node, (lsc_rng){seed, lsc_rng_stream(node->name, 0, 0)}, block);
    }
}
