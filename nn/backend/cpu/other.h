/*
 * other.h - what the files of ops without a kernel of their own share: other.c, and other_r.c with the R-operator.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_OTHER_H
#define CPU_OTHER_H

#include "nn/backend/cpu/cpu.h"

typedef struct {
    float *whole;       /* arrays of the whole batch, if the step needs all images */
    char *saved;        /* what the op leaves for backward: of each block or thread, or of the whole batch */
    size_t saved_bytes; /* of one */
    float *dblock;      /* [units, learned_floats] */
    int64_t learned_floats;
    float *rwhole; /* of the R-operator, as above */
    char *rsaved;
} other;

/* Row-major arrays of `images` images: inputs, output, and with backward their gradients; the same of the R-operator.
 */
typedef struct {
    float *in[NN_MAX_IN], *din[NN_MAX_IN], *out, *dout;
    int64_t floats; /* of one image, all together */
} arrays;

/* In this memory, which takes `floats` times `images`; NULL: only to know that. */
arrays cpu_other_lay_out(const cpu_step *s, float *memory, int64_t images);
/* Those of the step: in its own memory if it needs all images, else in the thread's. */
arrays cpu_other_arrays(const cpu_step *s, const cpu_worker *w);
/* How many images the arrays are of: all, or a block's. */
int64_t cpu_other_images(const cpu_step *s);
/* How many copies there are of what the op leaves behind. */
int64_t cpu_other_copies(const cpu_step *s);
/* Block j of the node is a parameter. */
bool cpu_other_is_learned(const cpu_step *s, int j);
/* Elements of one image, without padding. */
int64_t cpu_other_row(const cpu_step *s, int value);
/* The block's place in arrays of the whole batch, or the beginning of its own. */
int64_t cpu_other_place(const cpu_step *s, const cpu_block *b);
/* Which of the copies belongs to the block. */
int cpu_other_section(const cpu_step *s, const cpu_block *b);
nn_op_args cpu_other_arguments(const cpu_step *s, const arrays *a, int64_t n, int section);
/* A block of a value, of its derivative or of its gradient, into the array. */
void cpu_other_read(const cpu_step *s, const cpu_block *b, int value, const float *from, float *array);
void cpu_other_read_inputs(const cpu_step *s, const cpu_block *b, const arrays *a);
/* Where the gradients by parameters, added to the unit's, and by n images go. */
void cpu_other_aim(const cpu_step *s, const arrays *a, int64_t n, int unit, bool begins, void *dblock[NN_MAX_BLOCKS],
                   void *din[NN_MAX_IN]);
void cpu_other_write_gradients(const cpu_step *s, const cpu_block *b, const arrays *a);

/* other_r.c */
lsc_status cpu_other_make_r(cpu_step *s);
void cpu_other_free_r(cpu_step *s);
lsc_status cpu_other_gather_forward_r(const cpu_step *s, const cpu_block *b);
void cpu_other_combine_forward_r(const cpu_step *s);
lsc_status cpu_other_forward_r(const cpu_step *s, const cpu_block *b);
lsc_status cpu_other_gather_backward_r(const cpu_step *s, const cpu_block *b);
void cpu_other_combine_backward_r(const cpu_step *s);
lsc_status cpu_other_backward_r(const cpu_step *s, const cpu_block *b);

#endif
