/*
 * See emulator.h.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/emulator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <functional>
#include <vector>

/* ---- fibers ------------------------------------------------------------------------------------- */

#define STACK 65536

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_)
    {
    }
};

struct fiber {
    ucontext_t context;
    bool done, waits;
};

struct shared_array {
    void *memory;
    uint64_t block;
};

/* Of one thread of the process: what runs there. */
struct emulator {
    dim3 thread, block, block_size, grid;
    std::vector<fiber> fibers;
    std::vector<char> stacks;
    std::vector<shared_array> shared;
    std::vector<unsigned> order;
    std::function<void()> body;
    bool plain; /* the kernel has no barriers: its threads need not be fibers */
    ucontext_t scheduler;
    unsigned current;
    uint64_t blocks; /* so far */
    emulator_settings settings;
};

static thread_local emulator here;

emulator_settings *emulator_of_thread(void)
{
    return &here.settings;
}

static void enter(void)
{
    here.body();
    here.fibers[here.current].done = true;
    swapcontext(&here.fibers[here.current].context, &here.scheduler);
}

static void barrier(int line)
{
    emulator_settings *s = &here.settings;
    bool known = false;
    if (here.plain) {
        fprintf(stderr, "emulator: a kernel that is not listed as having barriers met one in line %d\n", line);
        abort();
    }
    for (int i = 0; i < s->n_lines; i++)
        known = known || s->lines[i] == line;
    if (!known && s->n_lines < 16)
        s->lines[s->n_lines++] = line;
    if (line == s->skipped)
        return;
    unsigned me = here.current;
    here.fibers[me].waits = true;
    swapcontext(&here.fibers[me].context, &here.scheduler);
}

/* In every block, the first thread that names an array finds it poisoned. */
static void poison(void *memory, size_t size)
{
    for (shared_array &a : here.shared)
        if (a.memory == memory) {
            if (a.block != here.blocks)
                memset(memory, 0xff, size);
            a.block = here.blocks;
            return;
        }
    here.shared.push_back({memory, here.blocks});
    memset(memory, 0xff, size);
}

static void choose_order(unsigned n)
{
    uint64_t state = 88172645463325252u + here.blocks;
    here.order.resize(n);
    for (unsigned i = 0; i < n; i++)
        here.order[i] = here.settings.order == EMULATOR_BACKWARD ? n - 1 - i : i;
    for (unsigned i = n - 1; here.settings.order == EMULATOR_SHUFFLED && i > 0; i--) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17; /* xorshift, Marsaglia 2003 */
        unsigned j = (unsigned)(state % (i + 1)), swapped = here.order[i];
        here.order[i] = here.order[j];
        here.order[j] = swapped;
    }
}

static void make_fibers(unsigned n)
{
    here.fibers.assign(n, fiber());
    here.stacks.resize((size_t)n * STACK);
    for (unsigned t = 0; t < n; t++) {
        ucontext_t *c = &here.fibers[t].context;
        getcontext(c);
        c->uc_stack.ss_sp = &here.stacks[(size_t)t * STACK];
        c->uc_stack.ss_size = STACK;
        c->uc_link = NULL;
        makecontext(c, enter, 0);
    }
}

/* Each thread runs to its next barrier; when all have met there, or ended, they go on. */
static void run_block(unsigned n)
{
    here.blocks++;
    choose_order(n);
    for (unsigned i = 0; here.plain && i < n; i++) {
        here.thread = dim3(here.order[i], 0, 0);
        here.body();
    }
    if (here.plain)
        return;
    make_fibers(n);
    for (unsigned left = n; left > 0;) {
        left = 0;
        for (unsigned i = 0; i < n; i++) {
            unsigned t = here.order[i];
            if (here.fibers[t].done)
                continue;
            here.fibers[t].waits = false;
            here.current = t;
            here.thread = dim3(t, 0, 0);
            swapcontext(&here.scheduler, &here.fibers[t].context);
            left += !here.fibers[t].done;
        }
    }
}

static bool has_barriers(const char *kernel)
{
    static const char *const with[] = {"k_weights", "k_linear", "k_l2norm", "k_sums", "k_point", "k_moments", "k_peak"};
    for (const char *name : with)
        if (strcmp(name, kernel) == 0)
            return true;
    return false;
}

static void run_grid(const char *kernel, dim3 grid, unsigned threads, const std::function<void()> &body)
{
    here.plain = !has_barriers(kernel);
    here.grid = grid;
    here.block_size = dim3(threads);
    here.body = body;
    for (unsigned y = 0; y < grid.y; y++)
        for (unsigned x = 0; x < grid.x; x++) {
            here.block = dim3(x, y, 0);
            run_block(threads);
        }
}

/* ---- the kernels ---------------------------------------------------------------------------------- */

#define LSC_EMULATED
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define threadIdx here.thread
#define blockIdx  here.block
#define blockDim  here.block_size
#define gridDim   here.grid
#define KERNEL_SHARED(type, name, count)                                                                               \
    alignas(16) static thread_local type name[count];                                                                  \
    poison(name, sizeof name)
#define KERNEL_BARRIER()                        barrier(__LINE__)
#define KERNEL_RUN(kernel, grid, threads, args) (run_grid(#kernel, dim3(grid), threads, [=] { kernel(args); }), 0)
#include "nn/backend/cuda/kernels/input.cu"
#include "nn/backend/cuda/kernels/join.cu"
#include "nn/backend/cuda/kernels/linear.cu"
#include "nn/backend/cuda/kernels/loss.cu"
#include "nn/backend/cuda/kernels/moments.cu"
#include "nn/backend/cuda/kernels/peaks.cu"
#include "nn/backend/cuda/kernels/pool.cu"
#include "nn/backend/cuda/kernels/shape.cu"
#include "nn/backend/cuda/kernels/weights.cu"

static const struct {
    const char *name;
    size_t size;
    int (*run)(const void *args, void *stream);
} kernels[] = {
#define KERNEL(name, file) {#name, sizeof(cuda_##name), cuda_run_##name},
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL
};

void emulator_run(int kernel, const void *args)
{
    kernels[kernel].run(args, NULL);
}

size_t emulator_args_size(int kernel)
{
    return kernels[kernel].size;
}

const char *emulator_name(int kernel)
{
    return kernels[kernel].name;
}
