/*
 * op_kernels.h - compiles an op's kernels for float and for double from one source.
 *
 * An op defines NN_KERNELS as the name of its kernel header and includes this file. In a kernel header REAL is
 * the scalar and K(name) the name of this instance of a function; it has no guard. NN_DISPATCH(name) then
 * defines name(args), which calls the instance for args->real.
 * SPDX-License-Identifier: MIT
 */
#define REAL    float
#define K(name) name##_f32
#include NN_KERNELS
#undef REAL
#undef K
#define REAL    double
#define K(name) name##_f64
#include NN_KERNELS
#undef REAL
#undef K

#define NN_DISPATCH(name)                                                                                              \
    static void name(const nn_op_args *a)                                                                              \
    {                                                                                                                  \
        if (a->real == NN_F32)                                                                                         \
            name##_f32(a);                                                                                             \
        else                                                                                                           \
            name##_f64(a);                                                                                             \
    }
