/*
 * The ways in which the emulated device computes a convolution: all give the same values, in times that are settings.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "cuda/emulated.h"
#include "nn/backend/cuda/plans.h"

enum { MOST_TEXT = CUDA_SHAPE_TEXT + 32 };

static int new_conv(const cuda_conv_shape *shape, int plan, bool apart, cuda_conv **out)
{
    cuda_conv *c = calloc(1, sizeof *c);
    if (c == NULL)
        return emulated_fail(CUDA_NO_MEMORY, "out of memory on the host");
    c->shape = *shape;
    c->plan = plan;
    c->apart = apart;
    /* Which ones differ does not repeat itself with the convolutions of a network: the sequence of Thue and Morse. */
    c->other = emulated_control.differ &&
               __builtin_parityll((uint64_t)__atomic_fetch_add(&emulated_control.made, 1, __ATOMIC_RELAXED));
    emulated_live(1);
    *out = c;
    return CUDA_DONE;
}

int emulated_conv_plans(cuda_device *d, const cuda_conv_shape *shape, bool apart, cuda_conv **out, int *n)
{
    int result = emulated_begin_at_once(d, "conv_plans"), made = 0;
    const int plans = emulated_control.plans < *n ? emulated_control.plans : *n;
    for (; made < plans && result == CUDA_DONE; made += result == CUDA_DONE)
        result = new_conv(shape, made, apart, &out[made]);
    if (result == CUDA_DONE)
        *n = made;
    emulated_control.proposed += made;
    return result;
}

static void write_text(const cuda_conv_shape *shape, int plan, bool apart, char text[MOST_TEXT])
{
    char line[CUDA_SHAPE_TEXT];
    snprintf(text, MOST_TEXT, "emulated plan %d%s of %s", plan, apart ? " apart" : "", cuda_shape_text(shape, line));
}

int emulated_conv_save(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n)
{
    char own[MOST_TEXT];
    int result = emulated_begin_at_once(d, "conv_save");
    if (result == CUDA_DONE && (!emulated_control.saves || conv->plan < emulated_control.unsaved))
        result = emulated_fail(CUDA_UNSUPPORTED, "plans cannot be written down");
    if (result != CUDA_DONE)
        return result;
    write_text(&conv->shape, conv->plan, conv->apart, own);
    *n = strlen(own);
    if (text != NULL)
        memcpy(text, own, *n < room ? *n : room);
    return CUDA_DONE;
}

int emulated_conv_load(cuda_device *d, const cuda_conv_shape *shape, const char *text, size_t n, cuda_conv **out)
{
    char own[MOST_TEXT];
    int result = emulated_begin_at_once(d, "conv_load");
    if (result != CUDA_DONE)
        return result;
    for (int i = 0; i < 2 * emulated_control.plans; i++) {
        const int plan = i / 2;
        const bool apart = i % 2;
        write_text(shape, plan, apart, own);
        if (strlen(own) != n || memcmp(own, text, n) != 0)
            continue;
        emulated_control.loaded++;
        return new_conv(shape, plan, apart, out);
    }
    return emulated_fail(CUDA_UNSUPPORTED, "no plan of this device");
}

size_t emulated_conv_workspace(const cuda_conv *conv)
{
    return 64 * (size_t)(conv->plan + 1);
}

void emulated_conv_free(cuda_device *d, cuda_conv *conv)
{
    (void)d;
    if (conv == NULL)
        return;
    free(conv);
    emulated_live(-1);
}

int emulated_conv_time(cuda_conv *conv, double *seconds)
{
    const double own = emulated_control.seconds[conv->plan][conv->timed++ % EMULATED_TIMES];
    emulated_control.timed++;
    if (own < 0)
        return emulated_fail(CUDA_FAILED, "this plan does not run");
    *seconds = own;
    return CUDA_DONE;
}
