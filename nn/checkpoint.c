/*
 * Checkpoints: theta as named tensors, one a block, names as in the PyTorch state_dict. docs/checkpoint-format.md.
 *
 * Whatever a file holds is matched against the layout completely: nothing missing, nothing left over, equal shapes,
 * finite values. So a checkpoint of another model is an error with a name in it, not a wrong landscape.
 * SPDX-License-Identifier: MIT
 */
#include "nn/safetensors.h"

#include <math.h>
#include <string.h>

#define PREFIX "module." /* what torch.nn.DataParallel puts before every name */

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

static const char *common_prefix(const nn_tensors *t)
{
    for (int i = 0; i < nn_tensors_count(t); i++)
        if (strncmp(nn_tensors_at(t, i)->name, PREFIX, strlen(PREFIX)) != 0)
            return "";
    return PREFIX;
}

static const nn_tensor *find(const nn_tensors *t, const char *prefix, const lsc_block *b)
{
    char name[512];
    int n = snprintf(name, sizeof name, "%s%s", prefix, b->name);
    return n < (int)sizeof name ? nn_tensors_find(t, name) : NULL;
}

static void shape_text(int rank, const int64_t *shape, char *out, size_t n)
{
    size_t used = (size_t)snprintf(out, n, "[");
    for (int i = 0; i < rank && used < n; i++)
        used += (size_t)snprintf(out + used, n - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
    if (used < n)
        snprintf(out + used, n - used, "]");
}

static lsc_status check_shape(const nn_tensor *t, const lsc_block *b)
{
    char got[160], want[160];
    if (t->rank == b->rank && memcmp(t->shape, b->shape, (size_t)b->rank * sizeof b->shape[0]) == 0)
        return LSC_OK;
    shape_text(t->rank, t->shape, got, sizeof got);
    shape_text(b->rank, b->shape, want, sizeof want);
    return lsc_fail(LSC_ERR_FORMAT, "tensor '%s' has the shape %s, the model needs %s", b->name, got, want);
}

static bool is_real(nn_dtype type)
{
    return type == NN_DT_F32 || type == NN_DT_F64 || type == NN_DT_F16 || type == NN_DT_BF16;
}

static lsc_status fill_block(const nn_tensor *t, const lsc_block *b, float *w)
{
    lsc_status st = LSC_OK;
    LSC_TRY(check_shape(t, b));
    LSC_CHECK(is_count(b) || is_real(t->dtype), LSC_ERR_FORMAT,
              "tensor '%s' has the type %s, the model needs F32, F64, F16 or BF16", b->name,
              nn_dtype_of(t->dtype)->name);
    for (int64_t i = 0; i < t->elements; i++) {
        double x = nn_tensor_value(t, i);
        w[i] = (float)x;
        LSC_CHECK(isfinite(w[i]), LSC_ERR_FORMAT, "tensor '%s', element %lld is %g%s", b->name, (long long)i, x,
                  isfinite(x) ? ", too large for a float" : "");
    }
cleanup:
    return st;
}

/* Of the first n_blocks + 1 tensors at least one is not in the layout, if there are so many. */
static lsc_status check_extra(const nn_tensors *t, const lsc_layout *layout, const char *prefix, int used)
{
    char shown[96];
    int extra = nn_tensors_count(t) - used;
    if (extra == 0)
        return LSC_OK;
    for (int i = 0; i < nn_tensors_count(t); i++) {
        const char *name = nn_tensors_at(t, i)->name + strlen(prefix);
        int j = 0;
        while (j < layout->n_blocks && strcmp(layout->blocks[j].name, name) != 0)
            j++;
        if (j == layout->n_blocks)
            return lsc_fail(LSC_ERR_FORMAT, "tensor '%s' is not in the model (%d such)",
                            lsc_shown(name, shown, sizeof shown), extra);
    }
    return LSC_OK;
}

static lsc_status fill_all(const nn_tensors *t, const lsc_layout *layout, float *theta)
{
    lsc_status st = LSC_OK;
    const char *prefix = common_prefix(t), *missing = NULL;
    int n_missing = 0, used = 0;

    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = &layout->blocks[i];
        const nn_tensor *tensor = find(t, prefix, b);
        if (tensor) {
            LSC_TRY(fill_block(tensor, b, theta + b->offset));
            used++;
        } else if (!is_count(b)) {
            missing = missing ? missing : b->name;
            n_missing++;
        }
    }
    LSC_CHECK(!missing, LSC_ERR_FORMAT, "tensor '%s' of the model is missing (%d such)", missing, n_missing);
    LSC_TRY(check_extra(t, layout, prefix, used));
cleanup:
    return st;
}

lsc_status nn_checkpoint_fill(const nn_tensors *t, const char *path, const lsc_layout *layout, float *theta)
{
    lsc_status st = LSC_OK;
    float *filled = NULL;

    LSC_NEW(filled, layout->n);
    LSC_TRY(lsc_context(fill_all(t, layout, filled), "%s", path));
    memcpy(theta, filled, (size_t)layout->n * sizeof *theta);
cleanup:
    lsc_free(filled);
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

lsc_status nn_checkpoint_write(const char *path, const lsc_layout *layout, const float *theta, const nn_meta *meta,
                               int n_meta)
{
    lsc_status st = LSC_OK;
    nn_tensor *tensors = NULL;
    int64_t *counts = NULL;
    nn_meta *all = NULL;

    LSC_NEW(tensors, layout->n_blocks);
    LSC_NEW(counts, layout->n_blocks);
    LSC_NEW(all, n_meta + 1);
    for (int i = 0; i < layout->n_blocks; i++)
        tensors[i] = tensor_of(&layout->blocks[i], theta, &counts[i]);
    all[0] = (nn_meta){"format", "pt"}; /* what safetensors.torch writes and transformers asks for */
    if (n_meta > 0)
        memcpy(all + 1, meta, (size_t)n_meta * sizeof *meta);
    LSC_TRY(nn_tensors_write(path, tensors, layout->n_blocks, all, n_meta + 1));
cleanup:
    lsc_free(tensors);
    lsc_free(counts);
    lsc_free(all);
    return st;
}
