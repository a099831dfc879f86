/*
 * Models: layouts as PyTorch has them, those of the other tool, images they take.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"
#include "support/block.h"

static nn_graph *model(const char *name)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph(name, NULL, 10, &g));
    return g;
}

static const lsc_block *block_of(const nn_graph *g, const char *name)
{
    return test_block(nn_graph_layout(g), name);
}

static void parameters_come_first_and_buffers_behind(void **state)
{
    (void)state;
    nn_graph *g = model("resnet20");
    const lsc_layout *layout = nn_graph_layout(g);
    static const char *const names[] = {"conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight"};
    for (int i = 0; i < 4; i++)
        CHECK_STR(layout->blocks[i].name, names[i]);
    CHECK_STR(layout->blocks[64].name, "linear.bias");
    CHECK_STR(layout->blocks[65].name, "bn1.running_mean");
    CHECK_STR(layout->blocks[66].name, "bn1.running_var");
    CHECK_STR(layout->blocks[67].name, "bn1.num_batches_tracked");
    CHECK_STR(layout->blocks[68].name, "layer1.0.bn1.running_mean");
    CHECK_INT(layout->n_blocks, 65 + 3 * 21);
    CHECK_INT(layout->blocks[65].offset, layout->n_learned);
    CHECK_INT(layout->blocks[67].rank, 0);
    CHECK_INT(layout->block_size, sizeof(lsc_block));
    CHECK_INT(block_of(g, "layer2.0.shortcut.0.weight")->role, LSC_WEIGHT);
    CHECK_INT(block_of(g, "layer2.0.shortcut.1.bias")->role, LSC_NORM);
    CHECK_INT(block_of(g, "linear.bias")->role, LSC_BIAS);
    CHECK_INT(block_of(g, "bn1.running_var")->role, LSC_BUFFER);
    nn_graph_free(g);
}

static void blocks_leave_no_gaps_in_any_model(void **state)
{
    (void)state;
    for (int i = 0; nn_model_at(i); i++) {
        nn_graph *g = model(nn_model_at(i)->name);
        const lsc_layout *layout = nn_graph_layout(g);
        int64_t at = 0;
        for (int j = 0; j < layout->n_blocks; j++) {
            int64_t n = 1;
            CHECK_INT(layout->blocks[j].offset, at);
            for (int k = 0; k < layout->blocks[j].rank; k++)
                n *= layout->blocks[j].shape[k];
            at += n;
        }
        CHECK_INT(layout->n, at);
        CHECK_INT(nn_graph_classes(g), 10);
        CHECK(nn_graph_flops(g) > 0);
        CHECK(strlen(nn_model_at(i)->text) > 0 && strlen(nn_model_at(i)->source) > 0);
        nn_graph_free(g);
    }
}

static void models_have_as_many_parameters_as_their_definitions(void **state)
{
    (void)state;
    /* By PyTorch: tests/golden/models, the pages of torchvision (whose networks have 1000 classes there) and of
     * kuangliu/pytorch-cifar. 32 and 44 have 2 and 4 times what 56 has more than 20, over 6. The face network has
     * 11,177,024 with one row in its head. */
    static const struct {
        const char *name;
        int64_t n;
    } all[] = {
        {"resnet20", 272474},
        {"resnet32", 466906},
        {"resnet44", 661338},
        {"resnet56", 855770},
        {"resnet110", 1730714},
        {"resnet56_noshort", 853018},
        {"resnet18", 11173962},
        {"resnet34", 21282122},
        {"resnet50", 23520842},
        {"resnet101", 42512970},
        {"resnet152", 58156618},
        {"wrn56_2", 3412394},
        {"vgg9", 2789706},
        {"densenet121", 6956298},
        {"torchvision_resnet18", 11689512 - 990 * 513},
        {"torchvision_resnet34", 21797672 - 990 * 513},
        {"torchvision_resnet50", 25557032 - 990 * 2049},
        {"face_resnet18", 11177024 + 9 * 512},
        {"mlp", 784 * 64 + 64 + 64 * 64 + 64 + 640 + 10},
    };
    for (size_t i = 0; i < LSC_COUNT(all); i++) {
        nn_graph *g = model(all[i].name);
        CHECK_INT(nn_graph_layout(g)->n_learned, all[i].n);
        nn_graph_free(g);
    }
}

/* model_loader.py of tomgoldstein/loss-landscape, commit 0d3788e. */
static void every_model_of_the_other_tool_is_here(void **state)
{
    (void)state;
    static const char *const names[] = {
        "vgg9",
        "densenet121",
        "resnet18",
        "resnet18_noshort",
        "resnet34",
        "resnet34_noshort",
        "resnet50",
        "resnet50_noshort",
        "resnet101",
        "resnet101_noshort",
        "resnet152",
        "resnet152_noshort",
        "resnet20",
        "resnet20_noshort",
        "resnet32_noshort",
        "resnet44_noshort",
        "resnet50_16_noshort",
        "resnet56",
        "resnet56_noshort",
        "resnet110",
        "resnet110_noshort",
        "wrn56_2",
        "wrn56_2_noshort",
        "wrn56_4",
        "wrn56_4_noshort",
        "wrn56_8",
        "wrn56_8_noshort",
        "wrn110_2_noshort",
        "wrn110_4_noshort",
    };
    CHECK_INT(LSC_COUNT(names), 29);
    for (size_t i = 0; i < LSC_COUNT(names); i++)
        nn_graph_free(model(names[i]));
}

/* Where a bottleneck has no shortcut it has no rectifier either, in the other tool; a basic block has one. */
static void blocks_without_shortcuts_end_as_in_the_other_tool(void **state)
{
    (void)state;
    static const struct {
        const char *name, *last; /* module before the mean over the map */
        bool rectified;
    } all[] = {{"resnet50_noshort", "layer4.2.bn3", false}, {"resnet18_noshort", "layer4.1.bn2", true}};
    for (size_t i = 0; i < LSC_COUNT(all); i++) {
        nn_graph *g = model(all[i].name);
        int x = g->n_nodes - 4; /* in front of the mean, flatten, linear */
        CHECK_INT(g->nodes[x].op == &nn_op_relu, all[i].rectified);
        CHECK_STR(g->nodes[all[i].rectified ? x - 1 : x].name, all[i].last);
        nn_graph_free(g);
    }
}

static void layouts_are_those_of_the_state_dicts(void **state)
{
    (void)state;
    static const struct {
        const char *model, *name;
        int rank;
        int64_t shape[4];
    } all[] = {
        {"torchvision_resnet50", "conv1.weight", 4, {64, 3, 7, 7}},
        {"torchvision_resnet50", "layer1.0.downsample.0.weight", 4, {256, 64, 1, 1}},
        {"torchvision_resnet50", "layer1.0.downsample.1.running_var", 1, {256}},
        {"torchvision_resnet50", "layer3.5.conv2.weight", 4, {256, 256, 3, 3}},
        {"torchvision_resnet50", "layer4.0.conv3.weight", 4, {2048, 512, 1, 1}},
        {"torchvision_resnet50", "fc.weight", 2, {10, 2048}},
        {"torchvision_resnet34", "layer3.5.bn2.num_batches_tracked", 0, {0}},
        {"resnet101", "layer3.22.conv3.weight", 4, {1024, 256, 1, 1}},
        {"resnet152", "layer2.7.bn3.bias", 1, {512}},
        {"wrn110_4_noshort", "layer3.17.conv2.weight", 4, {256, 256, 3, 3}},
        {"resnet50_16_noshort", "layer1.7.conv1.weight", 4, {16, 16, 3, 3}},
        {"vgg16", "features.40.weight", 4, {512, 512, 3, 3}},
        {"vgg16", "features.41.running_mean", 1, {512}},
        {"vgg19", "features.49.weight", 4, {512, 512, 3, 3}},
        {"vgg19", "fc.0.weight", 2, {512, 512}},
        {"vgg19", "classifier.bias", 1, {10}},
        {"densenet121", "dense3.23.conv1.weight", 4, {128, 992, 1, 1}},
        {"densenet121", "trans2.conv.weight", 4, {256, 512, 1, 1}},
        {"face_resnet18", "model.layer2.0.downsample.0.weight", 4, {128, 64, 1, 1}},
        {"face_resnet18", "model.bn1.num_batches_tracked", 0, {0}},
        {"face_resnet18", "fc.weight", 2, {10, 512}},
        {"face_resnet20", "model.layer3.0.shortcut.0.weight", 4, {64, 32, 1, 1}},
        {"face_resnet20", "fc.weight", 2, {10, 64}},
    };
    for (size_t i = 0; i < LSC_COUNT(all); i++) {
        nn_graph *g = model(all[i].model);
        const lsc_block *b = block_of(g, all[i].name);
        CHECK_INT(b->rank, all[i].rank);
        for (int j = 0; j < b->rank; j++)
            CHECK_INT(b->shape[j], all[i].shape[j]);
        nn_graph_free(g);
    }
}

/* The released face checkpoint has 122 entries of `model` without model.fc, and fc.weight (reference of its keys:
 * 237 = 122 + fc.weight + 114 second names, 2 of the 122 being model.fc). */
static void the_face_network_has_the_entries_of_the_released_checkpoints(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("face_resnet18", NULL, 1, &g));
    CHECK_INT(nn_graph_layout(g)->n_blocks, 122 - 2 + 1);
    CHECK_INT(nn_graph_layout(g)->n_learned, 11177024);
    nn_graph_free(g);
}

static void a_model_without_shortcuts_has_none(void **state)
{
    (void)state;
    nn_graph *g = model("resnet110_noshort");
    for (int i = 0; i < nn_graph_layout(g)->n_blocks; i++)
        CHECK(strstr(nn_graph_layout(g)->blocks[i].name, "shortcut") == NULL);
    for (int i = 1; i < g->n_nodes; i++)
        CHECK(g->nodes[i].op != &nn_op_add);
    nn_graph_free(g);
}

static void an_unknown_model_is_told_the_known_ones(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_FAILS(nn_model_graph("resnet21\033", NULL, 10, &g), LSC_ERR_ARG,
                "no model 'resnet21\\x1b' (known: resnet20 ");
    CHECK_FAILS(nn_model_graph("mlp", NULL, 0, &g), LSC_ERR_ARG, "mlp: 0 classes");
    CHECK_FAILS(nn_model_graph("resnet20", &(nn_shape){1, {5}}, 2, &g), LSC_ERR_SHAPE, "needs [C, H, W]");
    CHECK_FAILS(nn_model_graph("vgg9", &(nn_shape){3, {3, 28, 28}}, 2, &g), LSC_ERR_SHAPE,
                "vgg9: a map of 7 x 7 cannot be halved: use images of 32 x 32");
    CHECK_FAILS(nn_model_graph("resnet20", &(nn_shape){3, {3, 8, 9}}, 2, &g), LSC_ERR_SHAPE, "square images");
    CHECK_FAILS(nn_model_graph("resnet20", &(nn_shape){3, {3, 0, 0}}, 2, &g), LSC_ERR_ARG, "all positive");
    CHECK(nn_model_at(-1) == NULL && nn_model_at(1000) == NULL);
    CHECK(g == NULL);
}

static void models_take_other_images(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {1, 28, 28}}, 7, &g));
    CHECK_INT(block_of(g, "conv1.weight")->shape[1], 1);
    CHECK_INT(block_of(g, "linear.weight")->shape[0], 7);
    CHECK_INT(block_of(g, "linear.weight")->shape[1], 64);
    nn_graph_free(g);
    CHECK_OK(nn_model_graph("mlp", &(nn_shape){1, {12}}, 2, &g));
    CHECK_INT(block_of(g, "fc1.weight")->shape[1], 12);
    nn_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parameters_come_first_and_buffers_behind),
        TEST(blocks_leave_no_gaps_in_any_model),
        TEST(models_have_as_many_parameters_as_their_definitions),
        TEST(every_model_of_the_other_tool_is_here),
        TEST(blocks_without_shortcuts_end_as_in_the_other_tool),
        TEST(layouts_are_those_of_the_state_dicts),
        TEST(the_face_network_has_the_entries_of_the_released_checkpoints),
        TEST(a_model_without_shortcuts_has_none),
        TEST(an_unknown_model_is_told_the_known_ones),
        TEST(models_take_other_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
