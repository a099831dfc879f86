/*
 * Every convolution of every network, fused as the backend fuses it, gets a plan of cuDNN for a device that is not
 * there: for its properties alone, compiled to the end, with a driver that drives nothing (cuda/fake_driver.sh).
 *     test_cuda_plans DEVICE ARITHMETIC PART PARTS     a row of tests/golden/cuda-devices, of nn_arithmetic; shapes
 *                                                      PART, PART + PARTS, ... of all
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nn/backend/cuda/cuda.h"
#include "nn/backend/cuda/module/module.h"
#include "support/support.h"

enum { MOST_SHAPES = 4096, BATCH = 512 };

static const char *device;
static int arithmetic, part, parts;

/* ---- shapes ------------------------------------------------------------------------------------ */

static struct {
    cuda_conv_shape shapes[MOST_SHAPES];
    int n;
} all;

static int keep_shape(cuda_device *d, const cuda_conv_shape *shape, size_t *workspace, cuda_conv **out)
{
    (void)d;
    (void)out;
    *workspace = 0;
    for (int i = 0; i < all.n; i++)
        if (memcmp(&all.shapes[i], shape, sizeof *shape) == 0)
            return CUDA_DONE;
    CHECK(all.n < MOST_SHAPES);
    memcpy(&all.shapes[all.n++], shape, sizeof *shape);
    return CUDA_DONE;
}

static const char *no_error(void)
{
    return "";
}

/* Of one network, by the backend's own steps. */
static void collect(const nn_graph *g)
{
    const cuda_api api = {.conv_new = keep_shape, .error = no_error};
    const cuda_context context = {.api = &api};
    cuda_net net = {
        .context = &context, .g = g, .o = {.batch = BATCH, .real = CUDA_F32, .strict = arithmetic == NN_FP32}};
    net.o.real = arithmetic == NN_FP16 ? CUDA_F16 : arithmetic == NN_BF16 ? CUDA_BF16 : CUDA_F32;
    CHECK_OK(cuda_steps_make(&net));
    for (int i = 0; i < net.n_steps; i++)
        if (net.steps[i].kind->make != NULL)
            CHECK_OK(net.steps[i].kind->make(&net, &net.steps[i]));
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
        collect(g);
        nn_graph_free(g);
    }
}

/* ---- plans ------------------------------------------------------------------------------------- */

static cudnnBackendDescriptor_t properties(void)
{
    cudnnBackendDescriptor_t d = NULL;
    char *path = lsc_format("cuda-devices/%s.json", device), *json = test_read(golden_path(path), NULL);
    CHECK_INT(cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &d), CUDNN_STATUS_SUCCESS);
    CHECK_INT(cudnnBackendSetAttribute(d, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                                       (int64_t)strlen(json), json),
              CUDNN_STATUS_SUCCESS);
    CHECK_INT(cudnnBackendFinalize(d), CUDNN_STATUS_SUCCESS);
    lsc_free(json);
    lsc_free(path);
    return d;
}

static void every_convolution_has_a_plan(void **state)
{
    int made = 0, missing = 0;
    int64_t workspace = 0;
    (void)state;
    collect_all();
    CHECK(all.n > 50);
    cudnnBackendDescriptor_t d = properties();
    for (int i = part; i < all.n; i += parts, made++) {
        const cuda_conv_shape *s = &all.shapes[i];
        module_plan plan;
        int result = module_plan_make(s, NULL, d, &plan);
        if (result != CUDA_DONE) {
            missing++;
            print_error("%d x %d, stride %d, %lld -> %lld channels of %lld x %lld%s%s: %s\n", s->kernel, s->kernel,
                        s->stride, (long long)s->c, (long long)s->k, (long long)s->h, (long long)s->w,
                        s->sum ? ", sum" : "", s->relu ? ", relu" : "", module_error());
        }
        workspace = plan.workspace > workspace ? plan.workspace : workspace;
        module_plan_free(&plan);
    }
    cudnnBackendDestroyDescriptor(d);
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
