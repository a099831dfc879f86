/*
 * The peak of the machine: independent chains of fused multiply-adds, as many as hide their latency, that touch no
 * memory. This file alone is compiled for the machine it is built on.
 * SPDX-License-Identifier: MIT
 */
#include "benchmarks/bench.h"

#include <pthread.h>

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define CHAINS 12
#define CALLS  100000

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));

typedef struct {
    pthread_t thread;
    double seconds, rate;
} runner;

/* CALLS times CHAINS multiply-adds. The empty assembly keeps the compiler from seeing through the loop. */
static void multiply_add(vector *chain, vector a, vector b)
{
    for (int64_t i = 0; i < CALLS; i++) {
#pragma GCC unroll 12
        for (int j = 0; j < CHAINS; j++) {
            chain[j] = chain[j] * a + b;
            __asm__ volatile("" : "+x"(chain[j]));
        }
    }
}

static void *run(void *argument)
{
    runner *r = argument;
    vector chain[CHAINS] = {{0}}, a = {0}, b = {0};
    double started = lsc_seconds(), now = started;
    int64_t calls = 0;
    a += 0.999F;
    b += 0.001F;
    for (; now - started < r->seconds; now = lsc_seconds(), calls++)
        multiply_add(chain, a, b);
    r->rate = (double)calls * CALLS * CHAINS * WIDTH * 2 / (now - started);
    return NULL;
}

double bench_peak(int threads, double seconds)
{
    runner *runners = lsc_calloc((size_t)threads, sizeof *runners);
    double sum = 0;
    int started = 0;
    for (; runners && started < threads; started++) {
        runners[started].seconds = seconds;
        if (pthread_create(&runners[started].thread, NULL, run, &runners[started]) != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(runners[i].thread, NULL);
        sum += runners[i].rate;
    }
    lsc_free(runners);
    return sum;
}
