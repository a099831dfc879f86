/*
 * Initial weights from a file: of torchvision's networks trained on ImageNet, which lack the prefix `model.` of the
 * face networks and whose `fc` is not their head; or of a run of the same network. SPDX-License-Identifier: MIT
 */
#include "train/pretrained.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/head.h"

#define IMAGENET_CLASSES 1000

/* Models of here, and what torchvision calls the files of theirs: resnet18-f37072fd.pth. */
static const struct {
    const char *model, *file;
} imagenet[] = {
    {"face_resnet18", "resnet18"},
    {"torchvision_resnet18", "resnet18"},
    {"torchvision_resnet34", "resnet34"},
    {"torchvision_resnet50", "resnet50"},
};

/* ---- which file --------------------------------------------------------------------------------- */

/* Where PyTorch keeps what it has fetched. Returns new or NULL. */
static char *torch_folder(void)
{
    const char *torch = getenv("TORCH_HOME"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (torch != NULL && torch[0] != '\0')
        return lsc_format("%s/hub/checkpoints", torch);
    if (cache != NULL && cache[0] != '\0')
        return lsc_format("%s/torch/hub/checkpoints", cache);
    return lsc_format("%s/.cache/torch/hub/checkpoints", home != NULL ? home : "");
}

static bool is_weights(const char *name, const char *model)
{
    const size_t n = strlen(model), length = strlen(name);
    return strncmp(name, model, n) == 0 && name[n] == '-' && length > 4 && strcmp(name + length - 4, ".pth") == 0;
}

/* Of several the last by name, so that it does not depend on the folder's order. *name NULL: there is none. */
static lsc_status find_in(const char *folder, const char *model, char **name)
{
    lsc_status st = LSC_OK;
    DIR *d = opendir(folder);

    *name = NULL;
    if (d == NULL)
        return LSC_OK;
    for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d)) {
        if (!is_weights(entry->d_name, model) || (*name != NULL && strcmp(entry->d_name, *name) < 0))
            continue;
        lsc_free(*name);
        *name = lsc_strdup(entry->d_name);
        LSC_CHECK(*name != NULL, LSC_ERR_NOMEM, "no memory for a name in %s", folder);
    }
cleanup:
    closedir(d);
    return st;
}

static lsc_status find_imagenet(const char *model, char **path)
{
    lsc_status st = LSC_OK;
    char *folder = torch_folder(), *name = NULL;
    size_t i = 0;

    LSC_CHECK(folder != NULL, LSC_ERR_NOMEM, "no memory for a path");
    while (i < LSC_COUNT(imagenet) && strcmp(imagenet[i].model, model) != 0)
        i++;
    LSC_CHECK(
        i < LSC_COUNT(imagenet), LSC_ERR_CONFIG,
        "train.pretrained: there are no weights of ImageNet for the model %s: give a FILE, or train.pretrained: none",
        model);
    LSC_TRY(find_in(folder, imagenet[i].file, &name));
    LSC_CHECK(name != NULL, LSC_ERR_IO,
              "train.pretrained: imagenet: %s/%s-*.pth: %s; put torchvision's file there (TORCH_HOME changes the "
              "folder), give train.pretrained: FILE, or train.pretrained: none",
              folder, imagenet[i].file, strerror(ENOENT));
    *path = lsc_path_join(folder, name);
    LSC_CHECK(*path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
cleanup:
    lsc_free(folder);
    lsc_free(name);
    return st;
}

lsc_status tr_pretrained_find(const char *pretrained, const char *model, char **path)
{
    lsc_status st = LSC_OK;

    if (strcmp(pretrained, "imagenet") == 0)
        return find_imagenet(model, path);
    LSC_CHECK(lsc_file_exists(pretrained), LSC_ERR_IO, "train.pretrained: %s: %s; give imagenet, a FILE, or none",
              pretrained, strerror(ENOENT));
    *path = lsc_strdup(pretrained);
    LSC_CHECK(*path != NULL, LSC_ERR_NOMEM, "no memory for a path");
cleanup:
    return st;
}

/* ---- what it holds ------------------------------------------------------------------------------ */

#define OF_MODEL "model."

/* How the names of a file differ from the model's: wrappers' prefix, and "model." taken off or not. */
typedef struct {
    const nn_tensors *tensors;
    const char *path;
    size_t prefix;
    bool bare; /* without "model." */
} names;

static bool is_of_model(const char *block)
{
    return strncmp(block, OF_MODEL, strlen(OF_MODEL)) == 0;
}

static const nn_tensor *find(const names *n, const char *block)
{
    const size_t skip = n->bare && is_of_model(block) ? strlen(OF_MODEL) : 0;
    return nn_checkpoint_find(n->tensors, n->prefix, block + skip);
}

/* By the first block. */
static lsc_status recognize(const nn_tensors *t, const char *path, const lsc_layout *layout, names *out)
{
    lsc_status st = LSC_OK;
    const char *first = layout->blocks[0].name;

    *out = (names){.tensors = t, .path = path, .prefix = nn_checkpoint_prefix(t, layout)};
    out->bare = find(out, first) == NULL;
    LSC_CHECK(find(out, first) != NULL, LSC_ERR_FORMAT,
              "%s: no tensor %s, nor one of torchvision's names: not weights of this model", path, first);
cleanup:
    return st;
}

static lsc_status wrong_shape(const names *n, const nn_tensor *t, const lsc_block *b, bool head)
{
    char have[160], want[160];
    return lsc_fail(LSC_ERR_SHAPE, "%s: tensor %s is %s, the configuration's model needs %s%s", n->path, t->name,
                    nn_dims_text(t->rank, t->shape, have, sizeof have),
                    nn_dims_text(b->rank, b->shape, want, sizeof want),
                    head ? ": the file's head is for another number of outputs; " NN_OUTPUTS_HINT : "");
}

static lsc_status fill_block(const names *n, const lsc_block *b, int64_t past, bool head, float *theta)
{
    lsc_status st = LSC_OK;
    const nn_tensor *t = find(n, b->name);
    const bool count = b->role == LSC_BUFFER && b->rank == 0; /* of batches: old files have none */

    if (count && t == NULL)
        return LSC_OK;
    LSC_CHECK(t != NULL, LSC_ERR_FORMAT, "%s: no tensor for %s of the model", n->path, b->name);
    if (!nn_tensor_fits(t, b))
        return wrong_shape(n, t, b, head);
    for (int64_t j = b->offset; j < past; j++) {
        theta[j] = (float)nn_tensor_value(t, j - b->offset);
        LSC_CHECK(isfinite(theta[j]), LSC_ERR_FORMAT, "%s: tensor %s, element %lld is not finite", n->path, t->name,
                  (long long)(j - b->offset));
    }
cleanup:
    return st;
}

/* A head that the model does not share: of names without "model.", it is that of the network behind it; of 1,000
 * outputs it tells the classes of ImageNet. */
static bool foreign_head(const names *n, const lsc_block *b)
{
    const nn_tensor *t = find(n, b->name);
    return t == NULL || (n->bare && !is_of_model(b->name)) ||
           (t->rank > 0 && t->shape[0] == IMAGENET_CLASSES && !nn_tensor_fits(t, b));
}

lsc_status tr_pretrained_fill(const char *path, const lsc_layout *layout, float *theta, bool *with_head)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = NULL;
    names n;
    const int64_t head = tr_head(layout);
    bool all = true;

    LSC_TRY(nn_tensors_read(path, &t));
    LSC_TRY(recognize(t, path, layout, &n));
    for (int b = 0; b < layout->n_blocks; b++) {
        const lsc_block *block = &layout->blocks[b];
        const bool of_head = block->offset >= head && block->offset < layout->n_learned;
        if (of_head && foreign_head(&n, block))
            all = false;
        else
            LSC_TRY(fill_block(&n, block, lsc_block_past(layout, b), of_head, theta));
    }
    *with_head = all;
cleanup:
    nn_tensors_free(t);
    return st;
}
