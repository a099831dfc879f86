/*
 * Layout: names, roles and shapes of the blocks that theta is cut into.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "landscape/engine.h"

#define NAME_SHOWN 96

const lsc_block *lsc_layout_block(const lsc_layout *layout, int i)
{
    return (const lsc_block *)((const char *)layout->blocks + (size_t)i * layout->block_size);
}

/* Elements of a shape that nobody has checked: -1 if a dimension is not positive or the product overflows. */
static int64_t checked_elements(const lsc_block *b)
{
    int64_t n = 1;

    for (int i = 0; i < b->rank; i++)
        if (b->shape[i] < 1 || __builtin_mul_overflow(n, b->shape[i], &n))
            return -1;
    return n;
}

static lsc_status check_block(const lsc_layout *layout, int i, int64_t offset)
{
    lsc_status st = LSC_OK;
    const lsc_block *b = lsc_layout_block(layout, i);
    char shown[NAME_SHOWN];
    int64_t n;

    LSC_CHECK(b->name != NULL && b->name[0] != '\0', LSC_ERR_SHAPE, "layout: block %d has no name", i);
    lsc_shown(b->name, shown, sizeof shown);
    LSC_CHECK(b->role <= LSC_BUFFER, LSC_ERR_SHAPE, "layout: block %d (%s): role %d is not one of 0..%d", i, shown,
              (int)b->role, LSC_BUFFER);
    LSC_CHECK(b->rank >= 0 && b->rank <= 6, LSC_ERR_SHAPE, "layout: block %d (%s): rank %d is not in 0..6", i, shown,
              b->rank);
    n = checked_elements(b);
    LSC_CHECK(n >= 1, LSC_ERR_SHAPE, "layout: block %d (%s): a dimension is below 1 or the shape is too large", i,
              shown);
    LSC_CHECK(b->offset == offset, LSC_ERR_SHAPE, "layout: block %d (%s): offset %lld, should be %lld (no gaps)", i,
              shown, (long long)b->offset, (long long)offset);
    LSC_CHECK(n <= layout->n - offset, LSC_ERR_SHAPE, "layout: block %d (%s) ends past theta's %lld elements", i, shown,
              (long long)layout->n);
    LSC_CHECK(b->filters >= 0 && (b->filters == 0 || n % b->filters == 0), LSC_ERR_SHAPE,
              "layout: block %d (%s): %lld filters do not divide %lld elements", i, shown, (long long)b->filters,
              (long long)n);
cleanup:
    return st;
}

typedef struct {
    const char *name;
    int block;
} named;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static lsc_status check_names_differ(const lsc_layout *layout)
{
    lsc_status st = LSC_OK;
    named *names = NULL;
    char shown[NAME_SHOWN];

    LSC_NEW(names, layout->n_blocks);
    for (int i = 0; i < layout->n_blocks; i++)
        names[i] = (named){lsc_layout_block(layout, i)->name, i};
    qsort(names, (size_t)layout->n_blocks, sizeof *names, by_name);
    for (int i = 1; i < layout->n_blocks; i++)
        LSC_CHECK(strcmp(names[i - 1].name, names[i].name) != 0, LSC_ERR_SHAPE,
                  "layout: blocks %d and %d are both named %s", names[i - 1].block, names[i].block,
                  lsc_shown(names[i].name, shown, sizeof shown));
cleanup:
    lsc_free(names);
    return st;
}

lsc_status lsc_layout_check(const lsc_layout *layout)
{
    lsc_status st = LSC_OK;
    int64_t offset = 0, learned = 0;

    LSC_CHECK(layout != NULL && layout->blocks != NULL && layout->n_blocks >= 1, LSC_ERR_SHAPE,
              "layout: there are no blocks");
    LSC_CHECK(layout->block_size >= sizeof(lsc_block), LSC_ERR_SHAPE,
              "layout: block_size is %zu, should be sizeof(lsc_block), at least %zu", layout->block_size,
              sizeof(lsc_block));
    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = lsc_layout_block(layout, i);

        LSC_TRY(check_block(layout, i, offset));
        LSC_CHECK(b->role == LSC_BUFFER || learned == offset, LSC_ERR_SHAPE,
                  "layout: block %d (%s) is learned but follows a buffer; buffers come last", i, b->name);
        offset += lsc_block_elements(b);
        if (b->role != LSC_BUFFER)
            learned = offset;
    }
    LSC_CHECK(offset == layout->n, LSC_ERR_SHAPE, "layout: the blocks hold %lld elements, n says %lld",
              (long long)offset, (long long)layout->n);
    LSC_CHECK(learned == layout->n_learned, LSC_ERR_SHAPE, "layout: %lld elements are learned, n_learned says %lld",
              (long long)learned, (long long)layout->n_learned);
    LSC_TRY(check_names_differ(layout));
cleanup:
    return st;
}

lsc_status lsc_layout_same(const lsc_layout *a, const lsc_layout *b)
{
    lsc_status st = LSC_OK;

    if (a == b)
        goto cleanup;
    LSC_CHECK(a->n == b->n && a->n_blocks == b->n_blocks, LSC_ERR_SHAPE,
              "%d blocks with %lld elements here, %d with %lld there", a->n_blocks, (long long)a->n, b->n_blocks,
              (long long)b->n);
    for (int i = 0; i < a->n_blocks; i++) {
        const lsc_block *x = lsc_layout_block(a, i), *y = lsc_layout_block(b, i);
        char shown[2][NAME_SHOWN];

        LSC_CHECK(strcmp(x->name, y->name) == 0 && lsc_block_elements(x) == lsc_block_elements(y), LSC_ERR_SHAPE,
                  "block %d is %s with %lld elements here, %s with %lld there", i,
                  lsc_shown(x->name, shown[0], NAME_SHOWN), (long long)lsc_block_elements(x),
                  lsc_shown(y->name, shown[1], NAME_SHOWN), (long long)lsc_block_elements(y));
    }
cleanup:
    return st;
}
