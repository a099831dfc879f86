/*
 * Checkpoints: theta to a file and back, and files of other models.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"
#include "support/support.h"

#include <math.h>

/* conv.weight [2, 1, 1, 1], bn.weight [2], bn.bias [2], head.weight [1, 2]; running_mean [2], running_var [2], count.
 */
static nn_graph *small_graph(void)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {1, 1, 1}}, &g));
    int x = nn_batchnorm(g, nn_conv2d(g, 0, "conv", 2, 1, 1, 0, false), "bn");
    nn_linear(g, nn_flatten(g, x), "head", 1, false);
    CHECK_OK(nn_graph_finish(g));
    return g;
}

enum { N = 13, N_TENSORS = 7 };
static const float theta[N] = {0.1f, -0.0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const double counts[] = {11};

/* The tensors of that graph, in F32; the tests spoil them. */
static void tensors_of(nn_tensor t[N_TENSORS])
{
    const nn_tensor all[N_TENSORS] = {
        {.name = "conv.weight", .rank = 4, .shape = {2, 1, 1, 1}, .data = theta},
        {.name = "bn.weight", .rank = 1, .shape = {2}, .data = theta + 2},
        {.name = "bn.bias", .rank = 1, .shape = {2}, .data = theta + 4},
        {.name = "head.weight", .rank = 2, .shape = {1, 2}, .data = theta + 6},
        {.name = "bn.running_mean", .rank = 1, .shape = {2}, .data = theta + 8},
        {.name = "bn.running_var", .rank = 1, .shape = {2}, .data = theta + 10},
        {.name = "bn.num_batches_tracked", .dtype = NN_DT_F64, .rank = 0, .data = counts},
    };
    memcpy(t, all, sizeof all);
}

static lsc_status fill(const nn_tensor *t, int n, float *out)
{
    const char *path = test_path("a.safetensors");
    nn_graph *g = small_graph();
    nn_tensors *read = NULL;
    CHECK_OK(nn_tensors_write(path, t, n, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &read));
    lsc_status st = nn_checkpoint_fill(read, path, nn_graph_layout(g), out);
    nn_tensors_free(read);
    nn_graph_free(g);
    return st;
}

/* Fails with the message, which begins with the path, and leaves theta alone. */
static void refuses(const nn_tensor *t, int n, const char *message)
{
    float out[N] = {42};
    CHECK_FAILS(fill(t, n, out), LSC_ERR_FORMAT, message);
    CHECK_HAS(lsc_last_error(), test_path("a.safetensors"));
    CHECK_REAL(out[0], 42, 0);
}

static void a_checkpoint_comes_back_bit_for_bit(void **state)
{
    (void)state;
    const char *path = test_path("run.bin");
    const nn_meta meta[] = {{"epoch", "3"}};
    nn_graph *g = small_graph();
    nn_tensors *t = NULL;
    float out[N] = {0};

    CHECK_INT(nn_graph_layout(g)->n, N);
    CHECK_OK(nn_checkpoint_write(path, nn_graph_layout(g), theta, meta, 1));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_OK(nn_checkpoint_fill(t, path, nn_graph_layout(g), out));
    CHECK_BYTES(out, theta, sizeof theta);
    CHECK_STR(nn_tensors_meta(t, "format"), "pt");
    CHECK_STR(nn_tensors_meta(t, "epoch"), "3");
    CHECK_INT(nn_tensors_find(t, "bn.num_batches_tracked")->dtype, NN_DT_I64);
    CHECK_REAL(nn_tensor_value(nn_tensors_find(t, "bn.num_batches_tracked"), 0), 11, 0);
    nn_tensors_free(t);
    nn_graph_free(g);
}

static void a_file_of_pytorch_fills_its_model(void **state)
{
    (void)state;
    const char *path = golden_path("reference-surface/r20.safetensors");
    nn_graph *g = NULL;
    nn_tensors *t = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    float *all = lsc_calloc((size_t)nn_graph_layout(g)->n, sizeof *all);
    CHECK(all != NULL);
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_OK(nn_checkpoint_fill(t, path, nn_graph_layout(g), all));
    CHECK_BYTES(all, nn_tensors_find(t, "conv1.weight")->data, 432 * sizeof(float));
    lsc_free(all);
    nn_tensors_free(t);
    nn_graph_free(g);
}

static void missing_tensors_are_named(void **state)
{
    (void)state;
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    refuses(t + 1, 6, "tensor 'conv.weight' of the model is missing (1 such)");
    refuses(t + 2, 5, "tensor 'conv.weight' of the model is missing (2 such)");
}

static void additional_tensors_are_named(void **state)
{
    (void)state;
    nn_tensor t[N_TENSORS + 1];
    tensors_of(t);
    t[N_TENSORS] = (nn_tensor){.name = "fc.\033weight", .rank = 1, .shape = {1}, .data = theta};
    refuses(t, N_TENSORS + 1, "tensor 'fc.\\x1bweight' is not in the model (1 such)");
}

static void both_shapes_are_named(void **state)
{
    (void)state;
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    t[3].shape[0] = 2;
    t[3].shape[1] = 1;
    refuses(t, N_TENSORS, "tensor 'head.weight' has the shape [2, 1], the model needs [1, 2]");
    t[3].shape[1] = 2;
    refuses(t, N_TENSORS,
            "tensor 'head.weight' has the shape [2, 2], the model needs [1, 2]: another number of outputs; the loss "
            "bce has 1, cross_entropy one for each class (loss.name, model.classes)");
    tensors_of(t);
    t[6].rank = 1;
    t[6].shape[0] = 1;
    refuses(t, N_TENSORS, "tensor 'bn.num_batches_tracked' has the shape [1], the model needs []");
}

static void values_that_are_not_finite_are_named(void **state)
{
    (void)state;
    const float bad[] = {1, NAN};
    const double large[] = {1e300, 1};
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    t[2].data = bad;
    refuses(t, N_TENSORS, "tensor 'bn.bias', element 1 is nan");
    tensors_of(t);
    t[2].data = large;
    t[2].dtype = NN_DT_F64;
    refuses(t, N_TENSORS, "tensor 'bn.bias', element 0 is 1e+300, too large for a float");
}

static void other_real_types_become_float(void **state)
{
    (void)state;
    const uint16_t half[] = {0x3c00, 0xc000}, brain[] = {0x3f80, 0xc0a0};
    const double twice[] = {0.1, -7};
    float out[N];
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    t[0].dtype = NN_DT_F16, t[0].data = half;
    t[1].dtype = NN_DT_BF16, t[1].data = brain;
    t[2].dtype = NN_DT_F64, t[2].data = twice;
    CHECK_OK(fill(t, N_TENSORS, out));
    const float want[] = {1, -2, 1, -5, 0.1f, -7};
    CHECK_BYTES(out, want, sizeof want);
}

static void integers_are_no_weights(void **state)
{
    (void)state;
    const int64_t whole[] = {1, 2};
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    t[1].dtype = NN_DT_I64, t[1].data = whole;
    refuses(t, N_TENSORS, "tensor 'bn.weight' has the type I64, the model needs F32, F64, F16 or BF16");
}

static void the_count_may_be_absent_or_an_integer(void **state)
{
    (void)state;
    const int64_t count = 5;
    float out[N];
    nn_tensor t[N_TENSORS];
    tensors_of(t);
    CHECK_OK(fill(t, N_TENSORS - 1, out));
    CHECK_REAL(out[12], 0, 0);
    t[6].dtype = NN_DT_I64, t[6].data = &count;
    CHECK_OK(fill(t, N_TENSORS, out));
    CHECK_REAL(out[12], 5, 0);
}

static void prefixed(const char *prefix, char names[N_TENSORS][64], nn_tensor t[N_TENSORS])
{
    tensors_of(t);
    for (int i = 0; i < N_TENSORS; i++) {
        snprintf(names[i], 64, "%s%s", prefix, t[i].name);
        t[i].name = names[i];
    }
}

static void prefixes_of_wrappers_are_taken_off_if_all_have_them(void **state)
{
    (void)state;
    static const char *const prefixes[] = {
        "module.", "_forward_module.", "module._forward_module.", "_forward_module.module.", "model.", "module.model."};
    char names[N_TENSORS][64];
    nn_tensor t[N_TENSORS];
    for (size_t i = 0; i < LSC_COUNT(prefixes); i++) {
        float out[N] = {0};
        prefixed(prefixes[i], names, t);
        CHECK_OK(fill(t, N_TENSORS, out));
        CHECK_BYTES(out, theta, 12 * sizeof(float));
    }
    prefixed("module.", names, t);
    t[3].name = "head.weight";
    refuses(t, N_TENSORS, "tensor 'conv.weight' of the model is missing (5 such)");
    prefixed("wrapped.", names, t);
    refuses(t, N_TENSORS, "tensor 'conv.weight' of the model is missing (6 such)");
}

/* A layout by hand: two layers of a face checkpoint, and its head. */
enum { N_FACE = 4 };
static const lsc_block face_blocks[] = {
    {.name = "model.conv1.weight", .role = LSC_WEIGHT, .rank = 1, .shape = {1}, .offset = 0},
    {.name = "model.layer1.0.conv1.weight", .role = LSC_WEIGHT, .rank = 1, .shape = {1}, .offset = 1},
    {.name = "model.layer4.1.bn2.num_batches_tracked", .role = LSC_BUFFER, .rank = 0, .offset = 2},
    {.name = "fc.weight", .role = LSC_WEIGHT, .rank = 1, .shape = {1}, .offset = 3},
};
static const lsc_layout face = {face_blocks, sizeof *face_blocks, N_FACE, N_FACE, N_FACE - 1};
static const float face_theta[N_FACE] = {1, 2, 3, 4};

/* Its first three names all begin with "model.": that is no wrapper's. */
static void a_prefix_of_the_model_itself_stays(void **state)
{
    (void)state;
    const char *path = test_path("model.bin");
    const lsc_layout model = {face_blocks, sizeof *face_blocks, 3, 3, 2};
    nn_tensors *t = NULL;
    float out[3] = {0};
    CHECK_OK(nn_checkpoint_write(path, &model, face_theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_OK(nn_checkpoint_fill(t, path, &model, out));
    CHECK_BYTES(out, face_theta, sizeof out);
    nn_tensors_free(t);
}

static void second_names_are_written_and_read(void **state)
{
    (void)state;
    const char *path = test_path("aliased.bin");
    nn_tensors *t = NULL;
    float out[N_FACE] = {0};

    CHECK_OK(nn_checkpoint_write_aliased(path, &face, face_theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_INT(nn_tensors_count(t), N_FACE + 2 + 2); /* two second names, and model.fc */
    CHECK_REAL(nn_tensor_value(nn_tensors_find(t, "layer_blocks.0.0.conv1.weight"), 0), 2, 0);
    CHECK_REAL(nn_tensor_value(nn_tensors_find(t, "layer_blocks.3.1.bn2.num_batches_tracked"), 0), 3, 0);
    CHECK_OK(nn_checkpoint_fill(t, path, &face, out));
    CHECK_BYTES(out, face_theta, sizeof out);
    nn_tensors_free(t);

    CHECK_OK(nn_checkpoint_write(path, &face, face_theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_INT(nn_tensors_count(t), N_FACE);
    nn_tensors_free(t);
}

/* The released class holds model.fc and never uses it: our network has none. */
static void what_is_never_used_is_written_as_zeros_and_skipped(void **state)
{
    (void)state;
    const char *path = test_path("unused.bin");
    nn_tensors *t = NULL;
    float out[N_FACE];

    CHECK_OK(nn_checkpoint_write_aliased(path, &face, face_theta, NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    const nn_tensor *head = nn_tensors_find(t, "model.fc.weight");
    CHECK(head != NULL && nn_tensors_find(t, "model.fc.bias") != NULL);
    CHECK_INT(head->rank, 2);
    CHECK_INT(head->shape[0], 1000);
    CHECK_INT(head->shape[1], 512);
    CHECK_REAL(nn_tensor_value(head, 511999), 0, 0);
    nn_tensors_free(t);

    /* Not in a network of another kind. */
    lsc_layout other = face;
    lsc_block blocks[N_FACE];
    memcpy(blocks, face_blocks, sizeof blocks);
    blocks[3].name = "head.weight";
    other.blocks = blocks;
    const nn_tensor all[] = {
        {.name = "model.conv1.weight", .rank = 1, .shape = {1}, .data = face_theta},
        {.name = "model.layer1.0.conv1.weight", .rank = 1, .shape = {1}, .data = face_theta},
        {.name = "head.weight", .rank = 1, .shape = {1}, .data = face_theta},
        {.name = "model.fc.bias", .rank = 1, .shape = {1}, .data = face_theta},
    };
    CHECK_OK(nn_tensors_write(path, all, LSC_COUNT(all), NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_FAILS(nn_checkpoint_fill(t, path, &other, out), LSC_ERR_FORMAT, "'model.fc.bias' is not in the model");
    nn_tensors_free(t);
}

static void second_names_that_differ_are_refused(void **state)
{
    (void)state;
    const char *path = test_path("face.safetensors");
    static const float other[] = {5};
    nn_tensor all[] = {
        {.name = "model.conv1.weight", .rank = 1, .shape = {1}, .data = face_theta},
        {.name = "model.layer1.0.conv1.weight", .rank = 1, .shape = {1}, .data = face_theta + 1},
        {.name = "fc.weight", .rank = 1, .shape = {1}, .data = face_theta + 3},
        {.name = "layer_blocks.0.0.conv1.weight", .rank = 1, .shape = {1}, .data = other},
    };
    nn_tensors *t = NULL;
    float out[N_FACE];
    CHECK_OK(nn_tensors_write(path, all, LSC_COUNT(all), NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_FAILS(nn_checkpoint_fill(t, path, &face, out), LSC_ERR_FORMAT,
                "tensor 'layer_blocks.0.0.conv1.weight' differs from 'model.layer1.0.conv1.weight', of which it is");
    nn_tensors_free(t);
    all[3].name = "layer_blocks.1.0.conv1.weight";
    CHECK_OK(nn_tensors_write(path, all, LSC_COUNT(all), NULL, 0));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_FAILS(nn_checkpoint_fill(t, path, &face, out), LSC_ERR_FORMAT,
                "tensor 'layer_blocks.1.0.conv1.weight' is not in the model (1 such)");
    nn_tensors_free(t);
}

static const char *torture_path;

static lsc_status write_and_fill(void *context)
{
    nn_graph *g = context;
    const char *path = torture_path;
    nn_tensors *t = NULL;
    float out[N];
    lsc_status st = nn_checkpoint_write(path, nn_graph_layout(g), theta, NULL, 0);
    if (st == LSC_OK)
        st = nn_tensors_read(path, &t);
    if (st == LSC_OK)
        st = nn_checkpoint_fill(t, path, nn_graph_layout(g), out);
    nn_tensors_free(t);
    return st;
}

static lsc_status write_aliased(void *context)
{
    return nn_checkpoint_write_aliased(torture_path, context, face_theta, NULL, 0);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    nn_graph *g = small_graph();
    torture_path = test_path("b.safetensors");
    CHECK(test_torture(write_and_fill, g) > 5);
    CHECK(test_torture(write_aliased, (void *)&face) > 5);
    nn_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_checkpoint_comes_back_bit_for_bit),
        TEST(a_file_of_pytorch_fills_its_model),
        TEST_IN_FOLDER(missing_tensors_are_named),
        TEST_IN_FOLDER(additional_tensors_are_named),
        TEST_IN_FOLDER(both_shapes_are_named),
        TEST_IN_FOLDER(values_that_are_not_finite_are_named),
        TEST_IN_FOLDER(other_real_types_become_float),
        TEST_IN_FOLDER(integers_are_no_weights),
        TEST_IN_FOLDER(the_count_may_be_absent_or_an_integer),
        TEST_IN_FOLDER(prefixes_of_wrappers_are_taken_off_if_all_have_them),
        TEST_IN_FOLDER(a_prefix_of_the_model_itself_stays),
        TEST_IN_FOLDER(second_names_are_written_and_read),
        TEST_IN_FOLDER(what_is_never_used_is_written_as_zeros_and_skipped),
        TEST_IN_FOLDER(second_names_that_differ_are_refused),
        TEST_IN_FOLDER(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
