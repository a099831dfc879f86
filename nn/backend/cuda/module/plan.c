/*
 * The graph  y = relu(conv(x, w) + shift + z)  in cuDNN's graph interface, and its plan.
 *
 * Tensors are NHWC with dimensions in the order NCHW; sums, shift and what lies between the operations, which never
 * leaves the registers, are float. The plan is the first of cuDNN's ranking (mode A, then FALLBACK) that is allowed.
 * Source: the cuDNN 9 graph interface, docs.nvidia.com/deeplearning/cudnn.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "nn/backend/cuda/module/module.h"

enum { MOST_CONFIGS = 16 };
static const int64_t MOST_WORKSPACE = (int64_t)1 << 30;

typedef cudnnBackendDescriptor_t descriptor;

/* ---- descriptors --------------------------------------------------------------------------------- */

/* A new descriptor that is freed with the plan. */
static int part(module_plan *p, cudnnBackendDescriptorType_t type, descriptor *out)
{
    int result = CUDA_DONE;
    if (p->n_parts == MODULE_PLAN_PARTS)
        return module_fail(CUDA_FAILED, "a graph of more than %d parts", MODULE_PLAN_PARTS);
    CUDNN_TRY(cudnnBackendCreateDescriptor(type, &p->parts[p->n_parts]));
    *out = p->parts[p->n_parts++];
cleanup:
    return result;
}

static void drop_parts(module_plan *p, int down_to)
{
    while (p->n_parts > down_to)
        cudnnBackendDestroyDescriptor(p->parts[--p->n_parts]);
}

#define SET(of, attribute, type, n, values) CUDNN_TRY(cudnnBackendSetAttribute(of, attribute, type, n, values))
#define SET_PART(of, attribute, value)      SET(of, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &(value))

/* [N, C, H, W] in NHWC order. in_registers: between operations. */
static int tensor(module_plan *p, int64_t uid, cudnnDataType_t type, const int64_t dim[4], bool in_registers,
                  descriptor *out)
{
    int result = CUDA_DONE;
    const int64_t stride[4] = {dim[1] * dim[2] * dim[3], 1, dim[1] * dim[3], dim[1]}, alignment = 16;
    MODULE_TRY(part(p, CUDNN_BACKEND_TENSOR_DESCRIPTOR, out));
    SET(*out, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    SET(*out, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dim);
    SET(*out, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, stride);
    SET(*out, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &uid);
    SET(*out, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
    SET(*out, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &in_registers);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}

/* y = x + b, or relu(x) where b is NULL; NaN stays NaN. */
static int pointwise(module_plan *p, descriptor x, descriptor b, descriptor y, descriptor *out)
{
    int result = CUDA_DONE;
    descriptor kind = NULL;
    const cudnnPointwiseMode_t mode = b != NULL ? CUDNN_POINTWISE_ADD : CUDNN_POINTWISE_RELU_FWD;
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const cudnnNanPropagation_t nan = CUDNN_PROPAGATE_NAN;
    MODULE_TRY(part(p, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, &kind));
    SET(kind, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    SET(kind, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type);
    if (b == NULL)
        SET(kind, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
    CUDNN_TRY(cudnnBackendFinalize(kind));
    MODULE_TRY(part(p, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, out));
    SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, kind);
    SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b != NULL)
        SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}

static int convolution(module_plan *p, const cuda_conv_shape *s, descriptor x, descriptor w, descriptor y,
                       descriptor *out)
{
    int result = CUDA_DONE;
    descriptor kind = NULL;
    const int64_t pad[2] = {s->pad, s->pad}, stride[2] = {s->stride, s->stride}, dilation[2] = {1, 1}, axes = 2;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    const cudnnDataType_t type = CUDNN_DATA_FLOAT;
    const float one = 1, zero = 0;
    MODULE_TRY(part(p, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, &kind));
    SET(kind, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    SET(kind, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    SET(kind, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes);
    SET(kind, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pad);
    SET(kind, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, pad);
    SET(kind, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
    SET(kind, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilation);
    CUDNN_TRY(cudnnBackendFinalize(kind));
    MODULE_TRY(part(p, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, out));
    SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, kind);
    SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
    SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w);
    SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
    SET(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one);
    SET(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}

/* ---- the graph ------------------------------------------------------------------------------------ */

static cudnnDataType_t type_of(cuda_real real)
{
    return real == CUDA_F16 ? CUDNN_DATA_HALF : real == CUDA_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

static int graph(module_plan *p, const cuda_conv_shape *s, cudnnHandle_t handle, descriptor *out)
{
    int result = CUDA_DONE;
    const cudnnDataType_t type = type_of(s->real), f32 = CUDNN_DATA_FLOAT;
    const int64_t in[4] = {s->n, s->c, s->h, s->w}, to[4] = {s->n, s->k, s->oh, s->ow};
    const int64_t filter[4] = {s->k, s->c, s->kernel, s->kernel}, channel[4] = {1, s->k, 1, 1};
    descriptor x = NULL, w = NULL, shift = NULL, z = NULL, y = NULL, ops[4], between[3];
    const int last = 1 + s->sum + s->relu; /* operations after the convolution */
    int n = 0;

    MODULE_TRY(tensor(p, MODULE_UID_X, type, in, false, &x));
    MODULE_TRY(tensor(p, MODULE_UID_W, type, filter, false, &w));
    MODULE_TRY(tensor(p, MODULE_UID_SHIFT, f32, channel, false, &shift));
    MODULE_TRY(tensor(p, MODULE_UID_Y, type, to, false, &y));
    if (s->sum)
        MODULE_TRY(tensor(p, MODULE_UID_Z, type, to, false, &z));
    for (int i = 0; i < last; i++)
        MODULE_TRY(tensor(p, 100 + i, f32, to, true, &between[i]));
    MODULE_TRY(convolution(p, s, x, w, between[0], &ops[n++]));
    for (int i = 1; i <= last; i++) {
        descriptor b = i == 1 ? shift : i == 2 && s->sum ? z : NULL;
        MODULE_TRY(pointwise(p, between[i - 1], b, i == last ? y : between[i], &ops[n++]));
    }
    MODULE_TRY(part(p, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, out));
    if (handle != NULL)
        SET(*out, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
    SET(*out, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, ops);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}

/* ---- plans ----------------------------------------------------------------------------------------- */

static bool is_allowed(cudnnBackendNumericalNote_t note, bool strict)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
        return false;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
        return !strict;
    default:
        return true;
    }
}

/* The engine of a configuration: its number, and whether its notes are allowed. */
static int judge(module_plan *p, descriptor config, bool strict, bool *allowed)
{
    int result = CUDA_DONE;
    descriptor engine = NULL;
    cudnnBackendNumericalNote_t notes[CUDNN_NUMERICAL_NOTE_TYPE_COUNT];
    int64_t n = 0, got = 0;
    MODULE_TRY(part(p, CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine));
    CUDNN_TRY(
        cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got, &engine));
    CUDNN_TRY(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &got, &p->engine));
    CUDNN_TRY(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                       CUDNN_NUMERICAL_NOTE_TYPE_COUNT, &n, notes));
    *allowed = true;
    for (int64_t i = 0; i < n; i++)
        *allowed = *allowed && is_allowed(notes[i], strict);
cleanup:
    return result;
}

/* One configuration; out->plan stays NULL if it is not allowed, or cannot be built, which is no failure. */
static int try_config(module_plan *p, descriptor config, cudnnHandle_t handle, descriptor properties, bool strict)
{
    int result = CUDA_DONE, parts = p->n_parts;
    descriptor plan = NULL;
    bool allowed = false;
    int64_t got = 0;
    MODULE_TRY(judge(p, config, strict, &allowed));
    if (!allowed)
        goto cleanup;
    MODULE_TRY(part(p, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan));
    if (handle != NULL)
        SET(plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
    if (properties != NULL)
        SET_PART(plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, properties);
    SET_PART(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
    if (cudnnBackendFinalize(plan) != CUDNN_STATUS_SUCCESS)
        goto cleanup;
    CUDNN_TRY(cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &got,
                                       &p->workspace));
    if (p->workspace <= MOST_WORKSPACE)
        p->plan = plan;
cleanup:
    if (p->plan == NULL)
        drop_parts(p, parts);
    return result;
}

static int try_mode(module_plan *p, cudnnBackendHeurMode_t mode, descriptor of, cudnnHandle_t handle,
                    descriptor properties, bool strict)
{
    int result = CUDA_DONE;
    descriptor ranking = NULL, configs[MOST_CONFIGS];
    int64_t n = 0;
    MODULE_TRY(part(p, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &ranking));
    SET_PART(ranking, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, of);
    SET(ranking, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (properties != NULL)
        SET_PART(ranking, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, properties);
    if (cudnnBackendFinalize(ranking) != CUDNN_STATUS_SUCCESS)
        goto cleanup; /* this mode knows none */
    for (int i = 0; i < MOST_CONFIGS; i++)
        MODULE_TRY(part(p, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configs[i]));
    CUDNN_TRY(cudnnBackendGetAttribute(ranking, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                       MOST_CONFIGS, &n, configs));
    for (int64_t i = 0; i < n && i < MOST_CONFIGS && p->plan == NULL; i++)
        MODULE_TRY(try_config(p, configs[i], handle, properties, strict));
cleanup:
    return result;
}

int module_plan_make(const cuda_conv_shape *shape, cudnnHandle_t handle, descriptor properties, module_plan *out)
{
    int result = CUDA_DONE;
    descriptor of = NULL;
    memset(out, 0, sizeof *out);
    MODULE_TRY(graph(out, shape, handle, &of));
    for (int mode = 0; mode < 2 && out->plan == NULL; mode++) {
        int parts = out->n_parts;
        MODULE_TRY(try_mode(out, mode == 0 ? CUDNN_HEUR_MODE_A : CUDNN_HEUR_MODE_FALLBACK, of, handle, properties,
                            shape->strict));
        if (out->plan == NULL)
            drop_parts(out, parts);
    }
    if (out->plan == NULL)
        result = module_fail(CUDA_UNSUPPORTED, "cuDNN has no plan for a convolution %d x %d from %lld to %lld channels",
                             shape->kernel, shape->kernel, (long long)shape->c, (long long)shape->k);
cleanup:
    return result;
}

void module_plan_free(module_plan *p)
{
    drop_parts(p, 0);
    p->plan = NULL;
}
