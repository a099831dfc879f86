/*
 * Every convolution of every network, fused as the backend fuses it, gets a plan of cuDNN for a device that is not
 * there: for its properties alone, compiled to the end, with a driver that drives nothing (cuda/fake_driver.sh).
 *     test_cuda_plans DEVICE ARITHMETIC PART PARTS     a row of tests/golden/cuda-devices, of nn_arithmetic; shapes
 *                                                      PART, PART + PARTS, ... of all
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "cuda/properties.h"
#include "nn/backend/cuda/plans.h"

enum { MOST_SHAPES = 4096, BATCH = 512 };

static const char *device;
static int arithmetic, part, parts;

/* ---- shapes ------------------------------------------------------------------------------------ */

static struct {
    cuda_conv_shape shapes[MOST_SHAPES];
    char texts[MOST_SHAPES][CUDA_SHAPE_TEXT];
    int n;
} all;

static void keep_shape(cuda_conv_shape shape)
{
    char text[CUDA_SHAPE_TEXT];
    cuda_shape_text(&shape, text);
    for (int i = 0; i < all.n; i++)
        if (strcmp(all.texts[i], text) == 0)
            return;
    CHECK(all.n < MOST_SHAPES);
    memcpy(all.texts[all.n], text, sizeof text);
    all.shapes[all.n++] = shape;
}

/* The rectifier may run apart. */
static void keep_with_and_without_rectifier(cuda_conv_shape shape)
{
    keep_shape(shape);
    shape.relu = false;
    keep_shape(shape);
}

/* Of one network, by the backend's own steps: with batch norm in the convolutions, or without. */
static void collect(const nn_graph *g, nn_statistics statistics)
{
    cuda_net net = {.g = g,
                    .o = {.batch = BATCH, .real = CUDA_F32, .strict = arithmetic == NN_FP32, .statistics = statistics}};
    net.o.real = arithmetic == NN_FP16 ? CUDA_F16 : arithmetic == NN_BF16 ? CUDA_BF16 : CUDA_F32;
    CHECK_OK(cuda_steps_make(&net));
    for (int i = 0; i < net.n_steps; i++)
        if (net.steps[i].kind == &cuda_kind_conv)
            keep_with_and_without_rectifier(cuda_step_shape(&net, &net.steps[i]));
    lsc_free(net.values);
    lsc_free(net.alias);
    lsc_free(net.steps);
    lsc_free(net.slot_bytes);
}

static void collect_all(void)
{
    for (int i = 0; nn_model_at(i) != NULL; i++) {
        nn_graph *g = NULL;
        CHECK_OK(nn_model_graph(nn_model_at(i)->name, NULL, 10, &g));
        collect(g, NN_FROZEN);
        collect(g, NN_BATCH);
        nn_graph_free(g);
    }
}

/* ---- plans ------------------------------------------------------------------------------------- */

static void every_convolution_has_a_plan(void **state)
{
    int made = 0, missing = 0;
    int64_t workspace = 0;
    (void)state;
    collect_all();
    CHECK(all.n > 50);
    const module_target target = {.properties = properties_of(device)};
    for (int i = part; i < all.n; i += parts, made++) {
        module_cursor best = {0};
        module_plan plan;
        if (module_plan_next(&all.shapes[i], &target, &best, &plan) != CUDA_DONE) {
            missing++;
            print_error("%s: %s\n", all.texts[i], module_error());
        }
        workspace = plan.workspace > workspace ? plan.workspace : workspace;
        module_plan_free(&plan);
    }
    cudnnBackendDestroyDescriptor(target.properties);
    print_message("%s, %s: plans for %d of %d convolutions (%d in all), at most %lld bytes of workspace\n", device,
                  nn_arithmetic_name((nn_arithmetic)arithmetic), made - missing, made, all.n, (long long)workspace);
    CHECK_INT(missing, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(every_convolution_has_a_plan)};
    nn_arithmetic a;
    if (argc != 5 || !nn_arithmetic_find(argv[2], &a))
        return 64;
    device = argv[1];
    arithmetic = (int)a;
    part = atoi(argv[3]);
    parts = atoi(argv[4]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
