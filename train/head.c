/*
 * The head of a network, its last module with a weight: it may learn at a rate of its own, and alone at first. While it
 * is alone, what is in front of it has no gradient: it neither moves nor decays nor gathers momentum, and no ascent
 * leaves it. Running statistics, which no gradient moves, go on.
 * SPDX-License-Identifier: MIT
 */
#include "train/head.h"

#include <string.h>

static size_t module_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL ? 0 : (size_t)(dot - name);
}

static bool same_module(const lsc_block *a, const lsc_block *b)
{
    const size_t n = module_length(a->name);
    return module_length(b->name) == n && strncmp(a->name, b->name, n) == 0;
}

int64_t tr_head(const lsc_layout *layout)
{
    int last = -1;
    for (int b = 0; b < layout->n_blocks; b++)
        if (layout->blocks[b].role == LSC_WEIGHT)
            last = b;
    if (last < 0)
        return layout->n_learned;
    int first = last;
    while (first > 0 && same_module(&layout->blocks[first - 1], &layout->blocks[last]))
        first--;
    return layout->blocks[first].offset;
}

static lsc_status eval(void *self, float *theta, const tr_request *request)
{
    lsc_status st = LSC_OK;
    const tr_head_oracle *h = self;

    LSC_TRY(h->whole->eval(h->whole->self, theta, request));
    for (int i = 0; i < request->n_parts; i++)
        if (request->parts[i].g != NULL)
            memset(request->parts[i].g, 0, (size_t)h->head * sizeof(float));
cleanup:
    return st;
}

tr_oracle tr_oracle_of_head(tr_head_oracle *h)
{
    tr_oracle o = *h->whole;
    o.self = h;
    o.eval = eval;
    return o;
}
