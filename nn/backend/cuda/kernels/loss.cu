/*
 * From logits to the results of a point: the loss of each sample in double, sums over fixed blocks of samples in a
 * fixed tree, means. The bits depend neither on the chunks nor on the device. SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"
#include "nn/loss_values.h"

#define SUM_THREADS   256
#define POINT_THREADS 32

static __device__ double value_of(int loss, int64_t k, const double *z, int32_t label, uint8_t *correct)
{
    enum {
#define LOSS(name, file) LOSS_##name,
#include "nn/losses.def"
#undef LOSS
    };
    switch (loss) {
#define LOSS(name, file)                                                                                               \
    case LOSS_##name:                                                                                                  \
        return nn_value_##name(k, z, label, correct);
#include "nn/losses.def"
#undef LOSS
    }
    return 0;
}

static __device__ bool all_finite(int k, const double *z)
{
    NN_ROLLED
    for (int j = 0; j < k; j++)
        if (!isfinite(z[j]))
            return false;
    return true;
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_loss(cuda_loss a)
{
    KERNEL_EACH(i, a.n)
    {
        int64_t sample = a.state->first + i;
        const double *z = a.logits + i * a.k;
        uint8_t correct = 0;
        if (sample >= a.total)
            continue;
        double loss = value_of(a.loss, a.k, z, a.labels[a.index != NULL ? a.index[sample] : sample], &correct);
        if (!all_finite(a.k, z))
            a.state->not_finite = 1; /* whoever writes, writes the same */
        if (a.state->negative)
            loss = NAN;
        a.losses[sample] = loss;
        a.correct[sample] = correct && !isnan(loss);
    }
}

/* Of domain `field - 1`, or of all samples. */
static __device__ __forceinline__ bool counts(const cuda_sums &a, int64_t sample, int field)
{
    return field == 0 || a.domains[a.index != NULL ? a.index[sample] : sample] == field - 1;
}

extern "C" __global__ void __launch_bounds__(SUM_THREADS) k_sums(cuda_sums a)
{
    KERNEL_SHARED(double, loss, SUM_THREADS);
    KERNEL_SHARED(int, samples, SUM_THREADS);
    KERNEL_SHARED(int, right, SUM_THREADS);
    const int t = (int)threadIdx.x, field = (int)blockIdx.y;
    const int64_t first = (int64_t)blockIdx.x * CUDA_SUM_BLOCK;
    const int64_t end = first + CUDA_SUM_BLOCK < a.total ? first + CUDA_SUM_BLOCK : a.total;

    loss[t] = 0;
    samples[t] = right[t] = 0;
    for (int64_t i = first + t; i < end; i += SUM_THREADS)
        if (counts(a, i, field)) {
            loss[t] += a.losses[i];
            samples[t]++;
            right[t] += a.correct[i];
        }
    KERNEL_BARRIER();
    for (int half = SUM_THREADS / 2; half > 0; half /= 2) {
        if (t < half) {
            loss[t] += loss[t + half];
            samples[t] += samples[t + half];
            right[t] += right[t + half];
        }
        KERNEL_BARRIER();
    }
    if (t == 0) {
        cuda_sum *out = &a.partial[(int64_t)field * a.n_blocks + blockIdx.x];
        out->loss = loss[0];
        out->samples = samples[0];
        out->correct = right[0];
    }
}

/* Block sums in order, a thread for each field; then the state is that of the next point. */
extern "C" __global__ void __launch_bounds__(POINT_THREADS) k_point(cuda_point a)
{
    double *out = a.out + a.state->point * (a.n_fields + 1);
    for (int field = (int)threadIdx.x; field < a.n_fields; field += POINT_THREADS) {
        cuda_sum sum = {0, 0, 0};
        NN_ROLLED
        for (int block = 0; block < a.n_blocks; block++) {
            const cuda_sum *part = &a.partial[(int64_t)field * a.n_blocks + block];
            sum.loss += part->loss;
            sum.samples += part->samples;
            sum.correct += part->correct;
        }
        out[field == 0 ? 0 : field + 1] = sum.samples > 0 ? sum.loss / (double)sum.samples : NAN;
        if (field == 0)
            out[1] = (double)sum.correct / (double)sum.samples;
    }
    KERNEL_BARRIER();
    if (threadIdx.x == 0) {
        a.notes[a.state->point].negative = a.state->negative;
        a.notes[a.state->point].not_finite = a.state->not_finite;
        a.state->point++;
        a.state->first = 0;
        a.state->negative = a.state->not_finite = 0;
    }
}

extern "C" __global__ void __launch_bounds__(1) k_advance(cuda_advance a)
{
    a.state->first += a.n;
}

KERNEL_LAUNCHER(loss, kernel_blocks(a->n), KERNEL_THREADS)
KERNEL_LAUNCHER(sums, dim3((unsigned)a->n_blocks, (unsigned)a->n_fields), SUM_THREADS)
KERNEL_LAUNCHER(point, 1, POINT_THREADS)
KERNEL_LAUNCHER(advance, 1, 1)
