/*
 * Initial weights: where a file is looked for, whose names it may have, and what is refused.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/head.h"
#include "train/pretrained.h"

#include <math.h>
#include <stdlib.h>

static nn_graph *graph;
static const lsc_layout *layout;
static float *theta;

static void begin(int64_t classes)
{
    const nn_shape image = {3, {3, 16, 16}};
    CHECK_OK(nn_model_graph("face_resnet20", &image, classes, &graph));
    layout = nn_graph_layout(graph);
    theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    nn_graph_init(graph, 1, theta);
}

static void end(void)
{
    lsc_free(theta);
    nn_graph_free(graph);
}

typedef struct {
    const char *before;
    bool bare;    /* without "model." */
    int64_t head; /* outputs of fc.weight; 0: none */
    bool counts;  /* num_batches_tracked */
    float value;  /* of the first element of all */
    int skip;     /* this block is missing; 0: none */
} file_of;

/* weights.bin: all values 0.25 but the first. */
static const char *write(const file_of *f)
{
    static char name[256][96];
    static nn_tensor tensors[256];
    float *values = lsc_calloc((size_t)layout->n + 64 * 1000, sizeof *values);
    int n = 0;

    for (int64_t j = 0; j < layout->n + 64 * 1000; j++)
        values[j] = 0.25F;
    values[0] = f->value;
    for (int b = 0; b < layout->n_blocks; b++) {
        const lsc_block *block = &layout->blocks[b];
        const bool head = strcmp(block->name, "fc.weight") == 0;
        if ((head && f->head == 0) || (block->rank == 0 && !f->counts) || (f->skip > 0 && b == f->skip))
            continue;
        snprintf(name[n], sizeof name[n], "%s%s", f->before,
                 block->name + (f->bare && strncmp(block->name, "model.", 6) == 0 ? 6 : 0));
        tensors[n] = (nn_tensor){.name = name[n], .dtype = NN_DT_F32, .rank = block->rank, .data = values};
        memcpy(tensors[n].shape, block->shape, sizeof block->shape);
        if (head)
            tensors[n].shape[0] = f->head;
        if (b > 0)
            tensors[n].data = values + 1;
        tensors[n].elements = 1;
        for (int i = 0; i < block->rank; i++)
            tensors[n].elements *= tensors[n].shape[i];
        n++;
    }
    CHECK_OK(nn_tensors_write(test_path("weights.bin"), tensors, n, NULL, 0));
    lsc_free(values);
    return test_path("weights.bin");
}

static void check_filled(const file_of *f, bool head_too)
{
    bool with_head = !head_too;
    float before[64];
    begin(1);
    const int64_t head = tr_head(layout);
    memcpy(before, theta + head, sizeof before);
    CHECK_OK(tr_pretrained_fill(write(f), layout, theta, &with_head));
    CHECK_INT(with_head, head_too);
    CHECK_REAL(theta[0], f->value, 0);
    CHECK_REAL(theta[head - 1], .25, 0);
    if (head_too)
        CHECK_REAL(theta[head], .25, 0);
    else
        CHECK_BYTES(theta + head, before, sizeof before);
    CHECK_REAL(theta[layout->n_learned], .25, 0); /* running statistics */
    end();
}

static void torchvisions_names_fill_all_but_the_head(void **state)
{
    (void)state;
    check_filled(&(file_of){.before = "", .bare = true, .head = 1000, .value = 3}, false);
    check_filled(&(file_of){.before = "", .bare = true, .head = 0, .value = 3, .counts = true}, false);
    check_filled(&(file_of){.before = "module.", .bare = true, .head = 1000, .value = 3}, false);
}

static void a_checkpoint_of_the_same_network_fills_the_head_too(void **state)
{
    (void)state;
    check_filled(&(file_of){.before = "", .head = 1, .value = 2}, true);
    check_filled(&(file_of){.before = "_forward_module.", .head = 1, .value = 2, .counts = true}, true);
}

static void check_refused(int64_t classes, const file_of *f, lsc_status status, const char *message)
{
    bool with_head;
    begin(classes);
    CHECK_FAILS(tr_pretrained_fill(write(f), layout, theta, &with_head), status, message);
    end();
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    check_refused(
        2, &(file_of){.before = "", .head = 1}, LSC_ERR_SHAPE,
        "weights.bin: tensor fc.weight is [1, 64], the configuration's model needs [2, 64]: the file's head is "
        "for another number of outputs; the loss bce has 1, cross_entropy one for each class (loss.name, "
        "model.classes)");
    check_refused(1, &(file_of){.before = "", .head = 1, .value = NAN}, LSC_ERR_FORMAT,
                  "weights.bin: tensor model.conv1.weight, element 0 is not finite");
    check_refused(1, &(file_of){.before = "", .bare = true, .head = 1000, .skip = 3}, LSC_ERR_FORMAT,
                  "weights.bin: no tensor for model.layer1.0.conv1.weight of the model");
    check_refused(
        1, &(file_of){.before = "backbone.", .head = 1}, LSC_ERR_FORMAT,
        "weights.bin: no tensor model.conv1.weight, nor one of torchvision's names: not weights of this model");
}

static void imagenet_is_looked_for_where_pytorch_keeps_it(void **state)
{
    char *path = NULL;
    (void)state;
    setenv("TORCH_HOME", test_folder(), 1);
    CHECK_FAILS(tr_pretrained_find("imagenet", "face_resnet18", &path), LSC_ERR_IO, "train.pretrained: imagenet: ");
    CHECK_FAILS(tr_pretrained_find("imagenet", "face_resnet18", &path), LSC_ERR_IO,
                "/hub/checkpoints/resnet18-*.pth: No such file or directory; put torchvision's file there (TORCH_HOME "
                "changes the folder), give train.pretrained: FILE, or train.pretrained: none");
    CHECK_OK(lsc_mkdirs(test_path("hub/checkpoints")));
    test_write_text(test_path("hub/checkpoints/resnet18-5c106cde.pth"), "x");
    test_write_text(test_path("hub/checkpoints/resnet18-f37072fd.pth"), "x");
    test_write_text(test_path("hub/checkpoints/resnet18-f37072fd.pth.part"), "x");
    test_write_text(test_path("hub/checkpoints/resnet1-ffffffff.pth"), "x");
    CHECK_OK(tr_pretrained_find("imagenet", "face_resnet18", &path));
    CHECK_STR(path, test_path("hub/checkpoints/resnet18-f37072fd.pth"));
    lsc_free(path);
    path = NULL;
    CHECK_FAILS(tr_pretrained_find("imagenet", "mlp", &path), LSC_ERR_CONFIG,
                "there are no weights of ImageNet for the model mlp: give a FILE, or train.pretrained: none");
    CHECK_FAILS(tr_pretrained_find("absent.pth", "mlp", &path), LSC_ERR_IO,
                "train.pretrained: absent.pth: No such file or directory; give imagenet, a FILE, or none");
    unsetenv("TORCH_HOME");
}

static lsc_status fill(void *path)
{
    bool with_head;
    return tr_pretrained_fill(path, layout, theta, &with_head);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    begin(1);
    CHECK(test_torture(fill, (void *)write(&(file_of){.before = "", .head = 1})) > 3);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(torchvisions_names_fill_all_but_the_head),
        TEST_IN_FOLDER(a_checkpoint_of_the_same_network_fills_the_head_too),
        TEST_IN_FOLDER(what_does_not_fit_is_named),
        TEST_IN_FOLDER(imagenet_is_looked_for_where_pytorch_keeps_it),
        TEST_IN_FOLDER(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
