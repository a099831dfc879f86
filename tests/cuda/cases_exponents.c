/*
 * Kernels that find how large activations get, and the exponents that keep them in a half, against their formulas.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/cases.h"

#include <math.h>

/* The largest one at this place; two blocks, or as many as there may be and a second round. */
static double peak_case(cuda_real real, int64_t n, int64_t at, int blocks)
{
    enum { VALUES = CUDA_PEAK_BLOCKS * 256 * 16 + 5000 };
    static float x[VALUES], bits[VALUES];
    float peaks[CUDA_PEAK_BLOCKS], most = 0;
    case_fill(x, 27, n);
    x[at] = -3;
    case_to_real(real, x, bits, n);
    POISON(peaks);
    emulator_run(CUDA_KERNEL_peak, &(cuda_peak){.x = bits, .real = real, .n = n, .peaks = peaks});
    for (int i = 0; i < CUDA_PEAK_BLOCKS; i++) {
        if (!(i < blocks ? peaks[i] > 0.5f && peaks[i] <= 3 : peaks[i] == 0)) /* hundreds of values of up to 1 */
            return INFINITY;
        most = peaks[i] > most ? peaks[i] : most;
    }
    return most == 3 ? 0 : INFINITY;
}

double case_peaks(cuda_real real)
{
    const int64_t many = CUDA_PEAK_BLOCKS * 256 * 16 + 5000;
    double worst = peak_case(real, many, many - 1, CUDA_PEAK_BLOCKS);
    for (int64_t at = 0; at < 8000; at += 1999)
        case_worse(&worst, peak_case(real, 8000, at, 2));
    return worst;
}

double case_exponents(cuda_real real)
{
    static const float most[] = {7, 64, 127, 128, 1e-3f, 3e38f, 1e-38f, 0, INFINITY};
    static const int32_t want[] = {-8, 0, 0, -1, 16, -100, 100, 0, 0};
    enum { ALL = LSC_COUNT(most) };
    float peaks[ALL * CUDA_PEAK_BLOCKS];
    int32_t exponents[ALL];
    double worst = 0;
    (void)real;
    for (int i = 0; i < ALL; i++)
        for (int block = 0; block < CUDA_PEAK_BLOCKS; block++)
            peaks[i * CUDA_PEAK_BLOCKS + block] = block == 7 * i ? most[i] : 0;
    POISON(exponents);
    exponents[0] = -8; /* of the images: it stays */
    emulator_run(CUDA_KERNEL_exponents, &(cuda_exponents){.peaks = peaks, .exponents = exponents, .n = ALL});
    for (int i = 0; i < ALL; i++)
        case_worse(&worst, exponents[i] == want[i] ? 0 : INFINITY);
    return worst;
}
