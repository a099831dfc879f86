/*
 * The graph  y = relu(conv(x, w) + shift + z)  in cuDNN's graph interface.
 *
 * Tensors are NHWC with dimensions in the order NCHW; sums, shift and what lies between the operations, which never
 * leaves the registers, are float. Source: the cuDNN 9 graph interface, docs.nvidia.com/deeplearning/cudnn.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/module/module.h"

typedef cudnnBackendDescriptor_t descriptor;

/* ---- descriptors --------------------------------------------------------------------------------- */

int module_part(module_plan *p, cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out)
{
    int result = CUDA_DONE;
    if (p->n_parts == MODULE_PLAN_PARTS)
        return module_fail(CUDA_FAILED, "a graph of more than %d parts", MODULE_PLAN_PARTS);
    CUDNN_TRY(cudnnBackendCreateDescriptor(type, &p->parts[p->n_parts]));
    *out = p->parts[p->n_parts++];
cleanup:
    return result;
}

/* [N, C, H, W] in NHWC order. in_registers: between operations. */
static int tensor(module_plan *p, int64_t uid, cudnnDataType_t type, const int64_t dim[4], bool in_registers,
                  descriptor *out)
{
    int result = CUDA_DONE;
    const int64_t stride[4] = {dim[1] * dim[2] * dim[3], 1, dim[1] * dim[3], dim[1]}, alignment = 16;
    MODULE_TRY(module_part(p, CUDNN_BACKEND_TENSOR_DESCRIPTOR, out));
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dim);
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, stride);
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &uid);
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
    MODULE_SET(*out, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &in_registers);
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
    MODULE_TRY(module_part(p, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, &kind));
    MODULE_SET(kind, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
    MODULE_SET(kind, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type);
    if (b == NULL)
        MODULE_SET(kind, CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, 1, &nan);
    CUDNN_TRY(cudnnBackendFinalize(kind));
    MODULE_TRY(module_part(p, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, out));
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, kind);
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
    if (b != NULL)
        MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
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
    MODULE_TRY(module_part(p, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, &kind));
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pad);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, pad);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, stride);
    MODULE_SET(kind, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilation);
    CUDNN_TRY(cudnnBackendFinalize(kind));
    MODULE_TRY(module_part(p, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, out));
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, kind);
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w);
    MODULE_SET_PART(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
    MODULE_SET(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one);
    MODULE_SET(*out, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}

/* ---- the graph ------------------------------------------------------------------------------------ */

static cudnnDataType_t type_of(cuda_real real)
{
    return real == CUDA_F16 ? CUDNN_DATA_HALF : real == CUDA_BF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

int module_graph(module_plan *p, const cuda_conv_shape *s, cudnnHandle_t handle, descriptor *out)
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
    MODULE_TRY(module_part(p, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, out));
    if (handle != NULL)
        MODULE_SET(*out, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
    MODULE_SET(*out, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, ops);
    CUDNN_TRY(cudnnBackendFinalize(*out));
cleanup:
    return result;
}
