/*
 * cases.h - kernels on the emulator against their formulas. A case runs its kernel once, over fresh numbers and memory
 * that begins as NaN, and returns its largest error in units of what is allowed; not at most 1: it is wrong.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_CUDA_CASES_H
#define LSC_TEST_CUDA_CASES_H

#include "cuda/emulator.h"
#include "support/support.h"

typedef double (*run_case)(cuda_real real);
double case_inputs(cuda_real real); /* cases.c */
double case_joins(cuda_real real);
double case_pools(cuda_real real);
double case_shapes(cuda_real real);
double case_linear_layer(cuda_real real);
double case_unit_rows(cuda_real real);
double case_batch_norms(cuda_real real); /* cases_norm.c */
double case_weights_of_norms(cuda_real real);
double case_peaks(cuda_real real); /* cases_exponents.c */
double case_exponents(cuda_real real);
double case_folded_weights(cuda_real real);          /* cases_weights.c */
double case_weights_of_tensor_cores(cuda_real real); /* floats with 10 bits of mantissa, whatever the real is */
double case_unit_weights(cuda_real real);
/* Whether a negative running variance is noted, and no other. */
bool case_negative_variance(void);

/* Numbers in -1 .. 1 that depend only on where they are used. */
double case_value(int stream, int64_t i);
/* |got - want| in units of `allowed`; NaN and unwritten memory are infinitely wrong. */
double case_error(double got, double want, double allowed);
/* *worst becomes the larger of both. */
void case_worse(double *worst, double error);
void case_fill(float *x, int stream, int64_t n); /* with such numbers */
/* x [n] in the real's bits, and rounded to it in place. */
void case_to_real(cuda_real real, float *x, void *to, int64_t n);
float case_real_at(cuda_real real, const void *x, int64_t i); /* of such bits */
double case_unit(cuda_real real);                             /* one ulp of rounding to it, relative */
#define POISON(array) memset(array, 0xff, sizeof array)

#endif
