/*
 * kernel.cuh - what our kernels are written in. The tests compile the same sources for the processor: they define
 * LSC_EMULATED and the macros below, and run every thread of a block as a fiber.
 *
 *   KERNEL_SHARED(type, name, count)           an array that the threads of a block share
 *   KERNEL_BARRIER()                           all threads of the block meet
 *   KERNEL_RUN(kernel, grid, threads, ...)     launch on `stream`, returns a cudaError_t
 *   real_load, real_store                      an element of an array of a cuda_real
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_KERNEL_CUH
#define CUDA_KERNEL_CUH

#include "nn/backend/cuda/kernels.h"
#include "nn/device_math.h"

#ifdef LSC_EMULATED
#include "nn/backend/cuda/half.h"
#define real_half_load(bits)   half_to_float(bits)
#define real_half_bits(x)      half_from_float(x)
#define real_bfloat_load(bits) bfloat_to_float(bits)
#define real_bfloat_bits(x)    bfloat_from_float(x)
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#define KERNEL_SHARED(type, name, count) __shared__ type name[count]
#define KERNEL_BARRIER()                 __syncthreads()
#define KERNEL_RUN(kernel, grid, threads, args)                                                                        \
    (kernel<<<grid, threads, 0, (cudaStream_t)stream>>>(args), (int)cudaGetLastError())
#define real_half_load(bits)   __half2float(__ushort_as_half(bits))
#define real_half_bits(x)      __half_as_ushort(__float2half_rn(x))
#define real_bfloat_load(bits) __bfloat162float(__ushort_as_bfloat16(bits))
#define real_bfloat_bits(x)    __bfloat16_as_ushort(__float2bfloat16_rn(x))
#endif

#define KERNEL_THREADS 256

static __device__ __forceinline__ float real_load(int real, const void *p, int64_t i)
{
    if (real == CUDA_F16)
        return real_half_load(((const unsigned short *)p)[i]);
    if (real == CUDA_BF16)
        return real_bfloat_load(((const unsigned short *)p)[i]);
    return ((const float *)p)[i];
}

static __device__ __forceinline__ void real_store(int real, void *p, int64_t i, float x)
{
    if (real == CUDA_F16)
        ((unsigned short *)p)[i] = real_half_bits(x);
    else if (real == CUDA_BF16)
        ((unsigned short *)p)[i] = real_bfloat_bits(x);
    else
        ((float *)p)[i] = x;
}

/* Element by element: each thread takes every so many of the n. */
#define KERNEL_EACH(i, n)                                                                                              \
    for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (int64_t)gridDim.x * blockDim.x)

/* Blocks for n elements. */
static inline unsigned kernel_blocks(int64_t n)
{
    int64_t blocks = (n + KERNEL_THREADS - 1) / KERNEL_THREADS;
    return (unsigned)(blocks < 1 ? 1 : blocks < 65535 ? blocks : 65535);
}

/* cuda_run_NAME(arguments, stream): the launch. */
#define KERNEL_LAUNCHER(name, grid, threads)                                                                           \
    extern "C" int cuda_run_##name(const void *args, void *stream)                                                     \
    {                                                                                                                  \
        const cuda_##name *a = (const cuda_##name *)args;                                                              \
        (void)stream;                                                                                                  \
        return KERNEL_RUN(k_##name, grid, threads, *a);                                                                \
    }

#endif
