/*
 * Checkpoints: theta as named tensors, one a block, names as in the PyTorch state_dict. docs/checkpoint-format.md.
 *
 * Whatever a file holds is matched against the layout completely: nothing missing, nothing left over, equal shapes,
 * finite values. So a checkpoint of another model is an error with a name in it, not a wrong landscape.
 * SPDX-License-Identifier: MIT
 */
#include "nn/arena.h"
#include "nn/safetensors.h"

#include <math.h>
#include <string.h>

/* What stands before every name of a wrapped model: by torch.nn.DataParallel, by Lightning Fabric, and by scripts that
 * keep the network as a member. */
static const char *const prefixes[] = {"module.", "_forward_module.", "model."};

/* Second names of tensors in checkpoints of GAC-FAS: its class lists the four layers once more. */
static const struct {
    const char *alias, *name; /* what the names begin with */
} aliases[] = {
    {"layer_blocks.0.", "model.layer1."},
    {"layer_blocks.1.", "model.layer2."},
    {"layer_blocks.2.", "model.layer3."},
    {"layer_blocks.3.", "model.layer4."},
};

/* What that class holds and never uses: torchvision's own head. */
static const struct {
    const char *name;
    int rank;
    int64_t shape[2];
} unused[] = {
    {"model.fc.weight", 2, {1000, 512}},
    {"model.fc.bias", 1, {1000}},
};

/* Room for a name in a file; longer ones are of no model. */
#define NAME_SIZE 512
#define PIECE     1024 /* elements that are looked at together */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The number of batches that batch norm has seen: an integer that old files lack. */
static bool is_count(const lsc_block *b)
{
    return b->role == LSC_BUFFER && b->rank == 0;
}

static int64_t elements(const lsc_block *b)
{
    int64_t n = 1;
    for (int i = 0; i < b->rank; i++)
        n *= b->shape[i];
    return n;
}

static bool all_begin(const nn_tensors *t, size_t from, const char *prefix)
{
    for (int i = 0; i < nn_tensors_count(t); i++)
        if (!begins(nn_tensors_at(t, i)->name + from, prefix))
            return false;
    return nn_tensors_count(t) > 0;
}

static bool layout_begins(const lsc_layout *layout, const char *prefix)
{
    for (int i = 0; i < layout->n_blocks; i++)
        if (!begins(layout->blocks[i].name, prefix))
            return false;
    return true;
}

size_t nn_checkpoint_prefix(const nn_tensors *t, const lsc_layout *layout)
{
    size_t n = 0, before;
    do {
        before = n;
        for (size_t i = 0; i < LSC_COUNT(prefixes); i++)
            if (all_begin(t, n, prefixes[i]) && !layout_begins(layout, prefixes[i]))
                n += strlen(prefixes[i]);
    } while (n != before);
    return n;
}

const nn_tensor *nn_checkpoint_find(const nn_tensors *t, size_t prefix, const char *name)
{
    char full[NAME_SIZE];
    const char *first = nn_tensors_count(t) > 0 ? nn_tensors_at(t, 0)->name : "";
    int length = snprintf(full, sizeof full, "%.*s%s", (int)prefix, first, name);
    return length < (int)sizeof full ? nn_tensors_find(t, full) : NULL;
}

bool nn_tensor_fits(const nn_tensor *t, const lsc_block *b)
{
    return t->rank == b->rank && memcmp(t->shape, b->shape, (size_t)b->rank * sizeof b->shape[0]) == 0;
}

/* Of a linear layer, with other outputs than the model's: a head. */
static bool has_other_outputs(const nn_tensor *t, const lsc_block *b)
{
    return t->rank == 2 && b->rank == 2 && t->shape[1] == b->shape[1];
}

static lsc_status check_shape(const nn_tensor *t, const lsc_block *b)
{
    char got[160], want[160];
    if (nn_tensor_fits(t, b))
        return LSC_OK;
    return lsc_fail(LSC_ERR_FORMAT, "tensor '%s' has the shape %s, the model needs %s%s", b->name,
                    nn_dims_text(t->rank, t->shape, got, sizeof got),
                    nn_dims_text(b->rank, b->shape, want, sizeof want),
                    has_other_outputs(t, b) ? ": another number of outputs; " NN_OUTPUTS_HINT : "");
}

static bool is_real(nn_dtype type)
{
    return type == NN_DT_F32 || type == NN_DT_F64 || type == NN_DT_F16 || type == NN_DT_BF16;
}

/* Elements from .. from + n - 1; F32 is taken as it is. */
static void convert(const nn_tensor *t, int64_t from, int64_t n, float *w)
{
    if (t->dtype == NN_DT_F32)
        memcpy(w, (const char *)t->data + (size_t)from * sizeof *w, (size_t)n * sizeof *w);
    else
        for (int64_t i = 0; i < n; i++)
            w[i] = (float)nn_tensor_value(t, from + i);
}

static lsc_status check_finite(const nn_tensor *t, const lsc_block *b)
{
    float piece[PIECE];
    for (int64_t from = 0; from < t->elements; from += PIECE) {
        int64_t n = t->elements - from < PIECE ? t->elements - from : PIECE, i = 0;
        convert(t, from, n, piece);
        if (lsc_all_finite(piece, n))
            continue;
        while (isfinite(piece[i]))
            i++;
        double x = nn_tensor_value(t, from + i);
        return lsc_fail(LSC_ERR_FORMAT, "tensor '%s', element %lld is %g%s", b->name, (long long)(from + i), x,
                        isfinite(x) ? ", too large for a float" : "");
    }
    return LSC_OK;
}

static lsc_status check_block(const nn_tensor *t, const lsc_block *b)
{
    lsc_status st = LSC_OK;
    LSC_TRY(check_shape(t, b));
    LSC_CHECK(is_count(b) || is_real(t->dtype), LSC_ERR_FORMAT,
              "tensor '%s' has the type %s, the model needs F32, F64, F16 or BF16", b->name,
              nn_dtype_of(t->dtype)->name);
    LSC_TRY(check_finite(t, b));
cleanup:
    return st;
}

static bool in_layout(const lsc_layout *layout, const char *name)
{
    for (int i = 0; i < layout->n_blocks; i++)
        if (strcmp(layout->blocks[i].name, name) == 0)
            return true;
    return false;
}

static bool equal(const nn_tensor *a, const nn_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0 &&
           memcmp(a->data, b->data, (size_t)a->elements * nn_dtype_of(a->dtype)->size) == 0;
}

/* Whether a tensor by this name of the file, without its first n bytes, is only a second name: *is. One that differs
 * from its twin is an error. */
static lsc_status check_alias(const nn_tensors *t, size_t n, const char *name, bool *is)
{
    char twin_name[NAME_SIZE], shown[96], shown_twin[96];
    const nn_tensor *twin = NULL;

    for (size_t i = 0; i < LSC_COUNT(aliases) && !twin; i++)
        if (begins(name, aliases[i].alias)) {
            snprintf(twin_name, sizeof twin_name, "%s%s", aliases[i].name, name + strlen(aliases[i].alias));
            twin = nn_checkpoint_find(t, n, twin_name);
        }
    *is = twin != NULL;
    if (twin && !equal(nn_checkpoint_find(t, n, name), twin))
        return lsc_fail(LSC_ERR_FORMAT, "tensor '%s' differs from '%s', of which it is a second name",
                        lsc_shown(name, shown, sizeof shown), lsc_shown(twin_name, shown_twin, sizeof shown_twin));
    return LSC_OK;
}

/* Of a network with the names of that class. */
static bool is_unused(const lsc_layout *layout, const char *name)
{
    for (size_t i = 0; i < LSC_COUNT(unused); i++)
        if (strcmp(name, unused[i].name) == 0)
            return in_layout(layout, "model.layer1.0.conv1.weight") && in_layout(layout, "fc.weight");
    return false;
}

/* Nothing but the model's tensors, of which `used` were found, second names of them, and what is never used. */
static lsc_status check_extra(const nn_tensors *t, const lsc_layout *layout, size_t n, int used)
{
    lsc_status st = LSC_OK;
    const char *extra = NULL;
    char shown[96];
    int n_extra = 0;

    if (nn_tensors_count(t) == used)
        return LSC_OK;
    for (int i = 0; i < nn_tensors_count(t); i++) {
        const char *name = nn_tensors_at(t, i)->name + n;
        bool known = in_layout(layout, name) || is_unused(layout, name);
        if (!known)
            LSC_TRY(check_alias(t, n, name, &known));
        if (!known) {
            extra = extra ? extra : name;
            n_extra++;
        }
    }
    LSC_CHECK(!extra, LSC_ERR_FORMAT, "tensor '%s' is not in the model (%d such)",
              lsc_shown(extra, shown, sizeof shown), n_extra);
cleanup:
    return st;
}

/* All that could be wrong, before anything is written: the file's names are longer by the first n bytes. */
static lsc_status check_all(const nn_tensors *t, const lsc_layout *layout, size_t n)
{
    lsc_status st = LSC_OK;
    const char *missing = NULL;
    int n_missing = 0, used = 0;

    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = &layout->blocks[i];
        const nn_tensor *tensor = nn_checkpoint_find(t, n, b->name);
        if (tensor) {
            LSC_TRY(check_block(tensor, b));
            used++;
        } else if (!is_count(b)) {
            missing = missing ? missing : b->name;
            n_missing++;
        }
    }
    LSC_CHECK(!missing, LSC_ERR_FORMAT, "tensor '%s' of the model is missing (%d such)", missing, n_missing);
    LSC_TRY(check_extra(t, layout, n, used));
cleanup:
    return st;
}

lsc_status nn_checkpoint_fill(const nn_tensors *t, const char *path, const lsc_layout *layout, float *theta)
{
    lsc_status st = LSC_OK;
    size_t n = nn_checkpoint_prefix(t, layout);

    LSC_TRY(lsc_context(check_all(t, layout, n), "%s", path));
    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = &layout->blocks[i];
        const nn_tensor *tensor = nn_checkpoint_find(t, n, b->name);
        if (tensor)
            convert(tensor, 0, tensor->elements, theta + b->offset);
        else
            theta[b->offset] = 0; /* a count */
    }
cleanup:
    return st;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The tensor of a block; counts are converted into *count. */
static nn_tensor tensor_of(const lsc_block *b, const float *theta, int64_t *count)
{
    nn_tensor t = {.name = b->name, .dtype = NN_DT_F32, .rank = b->rank, .elements = elements(b)};
    memcpy(t.shape, b->shape, sizeof b->shape);
    t.data = theta + b->offset;
    if (is_count(b)) {
        *count = (int64_t)theta[b->offset];
        t.dtype = NN_DT_I64;
        t.data = count;
    }
    return t;
}

/* Second names for n tensors, behind them; new names are texts of the arena. */
static lsc_status add_aliases(nn_arena *arena, nn_tensor *tensors, int *n)
{
    lsc_status st = LSC_OK;
    char name[NAME_SIZE];

    for (int i = 0, end = *n; i < end; i++)
        for (size_t k = 0; k < LSC_COUNT(aliases); k++) {
            if (!begins(tensors[i].name, aliases[k].name))
                continue;
            snprintf(name, sizeof name, "%s%s", aliases[k].alias, tensors[i].name + strlen(aliases[k].name));
            tensors[*n] = tensors[i];
            tensors[*n].name = nn_arena_text(arena, name, strlen(name));
            LSC_CHECK(tensors[*n].name, LSC_ERR_NOMEM, "no memory for the name %s", name);
            ++*n;
        }
cleanup:
    return st;
}

/* Zeros for what is never used, behind n tensors. */
static lsc_status add_unused(nn_arena *arena, const lsc_layout *layout, nn_tensor *tensors, int *n)
{
    lsc_status st = LSC_OK;
    float *zeros;

    for (size_t i = 0; i < LSC_COUNT(unused); i++) {
        if (in_layout(layout, unused[i].name) || !is_unused(layout, unused[i].name))
            continue;
        nn_tensor *t = &tensors[(*n)++];
        *t = (nn_tensor){.name = unused[i].name, .rank = unused[i].rank, .elements = 1};
        for (int j = 0; j < t->rank; j++)
            t->elements *= t->shape[j] = unused[i].shape[j];
        NN_TAKE(arena, zeros, t->elements);
        t->data = zeros;
    }
cleanup:
    return st;
}

static lsc_status write_all(const char *path, const lsc_layout *layout, const float *theta, const nn_meta *meta,
                            int n_meta, bool aliased)
{
    lsc_status st = LSC_OK;
    nn_arena arena = {0};
    nn_tensor *tensors;
    int64_t *counts;
    nn_meta *all;
    int n = layout->n_blocks;

    NN_TAKE(&arena, tensors, 2 * n + (int)LSC_COUNT(unused));
    NN_TAKE(&arena, counts, n);
    NN_TAKE(&arena, all, n_meta + 1);
    for (int i = 0; i < n; i++)
        tensors[i] = tensor_of(&layout->blocks[i], theta, &counts[i]);
    if (aliased) {
        LSC_TRY(add_aliases(&arena, tensors, &n));
        LSC_TRY(add_unused(&arena, layout, tensors, &n));
    }
    all[0] = (nn_meta){"format", "pt"}; /* what safetensors.torch writes and transformers asks for */
    if (n_meta > 0)
        memcpy(all + 1, meta, (size_t)n_meta * sizeof *meta);
    LSC_TRY(nn_tensors_write(path, tensors, n, all, n_meta + 1));
cleanup:
    nn_arena_free(&arena);
    return st;
}

lsc_status nn_checkpoint_write(const char *path, const lsc_layout *layout, const float *theta, const nn_meta *meta,
                               int n_meta)
{
    return write_all(path, layout, theta, meta, n_meta, false);
}

lsc_status nn_checkpoint_write_aliased(const char *path, const lsc_layout *layout, const float *theta,
                                       const nn_meta *meta, int n_meta)
{
    return write_all(path, layout, theta, meta, n_meta, true);
}
