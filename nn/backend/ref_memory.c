/*
 * Walk the graph as the pass will, take a slot where a tensor begins to live and give it back where it ends;
 * afterwards allocate each slot as large as its largest tensor.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/ref_memory.h"

#include <stdlib.h>

typedef struct {
    int n_slots;
    int64_t *elements; /* [nodes] of an image, that the slot must hold */
    bool *busy;        /* [nodes] */
    int *slot;         /* [nodes]: of the node's tensor; -1: none */
} walk;

/* The node that uses each output last; itself for the last node and for unused ones. */
static void ref_last_use(const nn_graph *g, int *last)
{
    for (int i = 0; i < g->n_nodes; i++) {
        last[i] = i;
        for (int j = 0; j < g->nodes[i].n_in; j++)
            last[g->nodes[i].in[j]] = i;
    }
}

void ref_last_gradient(const nn_graph *g, int *last)
{
    for (int i = 0; i < g->n_nodes; i++)
        last[i] = -1;
    last[g->n_nodes - 1] = g->n_nodes - 1;
    for (int i = g->n_nodes - 1; i > 0; i--)
        for (int j = 0; j < g->nodes[i].n_in && last[i] >= 0; j++)
            if (last[g->nodes[i].in[j]] < 0)
                last[g->nodes[i].in[j]] = i;
}

/* The free slot that needs to grow least, or a new one. */
static void take(walk *w, int node, int64_t elements)
{
    int best = -1;
    for (int s = 0; s < w->n_slots; s++)
        if (!w->busy[s] && (best < 0 || llabs(w->elements[s] - elements) < llabs(w->elements[best] - elements)))
            best = s;
    if (best < 0)
        best = w->n_slots++;
    if (w->elements[best] < elements)
        w->elements[best] = elements;
    w->busy[best] = true;
    w->slot[node] = best;
}

static void give_back(walk *w, int node)
{
    if (w->slot[node] >= 0)
        w->busy[w->slot[node]] = false;
}

static void walk_forward(walk *w, const nn_graph *g, int *last, bool keep)
{
    ref_last_use(g, last);
    for (int i = 0; i < g->n_nodes; i++) {
        const nn_node *node = &g->nodes[i];
        take(w, i, nn_shape_elements(&node->shape));
        for (int j = 0; j < node->n_in && !keep; j++)
            if (last[node->in[j]] == i)
                give_back(w, node->in[j]);
    }
}

static void walk_backward(walk *w, const nn_graph *g, int *last)
{
    ref_last_gradient(g, last);
    take(w, g->n_nodes - 1, nn_shape_elements(&g->nodes[g->n_nodes - 1].shape));
    for (int i = g->n_nodes - 1; i > 0; i--) {
        const nn_node *node = &g->nodes[i];
        for (int j = 0; j < node->n_in && last[i] >= 0; j++)
            if (last[node->in[j]] == i && w->slot[node->in[j]] < 0)
                take(w, node->in[j], nn_shape_elements(&g->nodes[node->in[j]].shape));
        give_back(w, i);
    }
}

static lsc_status allocate(ref_memory *m, const walk *w, int n_nodes, size_t bytes)
{
    lsc_status st = LSC_OK;
    LSC_NEW(m->of, n_nodes);
    LSC_NEW(m->slots, w->n_slots);
    m->n_slots = w->n_slots;
    for (int s = 0; s < w->n_slots; s++) {
        m->slots[s] = lsc_calloc((size_t)w->elements[s], bytes);
        LSC_CHECK(m->slots[s], LSC_ERR_NOMEM, "no memory for activations: %lld x %zu bytes", (long long)w->elements[s],
                  bytes);
    }
    for (int i = 0; i < n_nodes; i++)
        m->of[i] = w->slot[i] < 0 ? NULL : m->slots[w->slot[i]];
cleanup:
    return st;
}

lsc_status ref_memory_init(ref_memory *m, const nn_graph *g, ref_life life, int64_t n, size_t size)
{
    lsc_status st = LSC_OK;
    walk w = {0};
    int *last = NULL;

    LSC_NEW(last, g->n_nodes);
    LSC_NEW(w.elements, g->n_nodes);
    LSC_NEW(w.busy, g->n_nodes);
    LSC_NEW(w.slot, g->n_nodes);
    for (int i = 0; i < g->n_nodes; i++)
        w.slot[i] = -1;
    if (life == REF_BACKWARD)
        walk_backward(&w, g, last);
    else
        walk_forward(&w, g, last, life == REF_KEEP);
    LSC_TRY(allocate(m, &w, g->n_nodes, (size_t)n * size));
cleanup:
    lsc_free(last);
    lsc_free(w.elements);
    lsc_free(w.busy);
    lsc_free(w.slot);
    return st;
}

void ref_memory_free(ref_memory *m)
{
    for (int s = 0; m->slots && s < m->n_slots; s++)
        lsc_free(m->slots[s]);
    lsc_free(m->slots);
    lsc_free(m->of);
    *m = (ref_memory){0};
}
