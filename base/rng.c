/*
 * Counter-based random numbers: Philox 4x32-10 with key = seed and counter = (index, stream), 128 bits a call.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <Random123/philox.h>
#include <math.h>

typedef struct {
    uint64_t first, second;
} pair;

static pair draw(lsc_rng r, uint64_t index)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)r.stream, (uint32_t)(r.stream >> 32)}};
    philox4x32_key_t key = {{(uint32_t)r.seed, (uint32_t)(r.seed >> 32)}};
    philox4x32_ctr_t bits = philox4x32(counter, key);
    return (pair){bits.v[0] | (uint64_t)bits.v[1] << 32, bits.v[2] | (uint64_t)bits.v[3] << 32};
}

/* The finalizer of splitmix64 (Steele et al. 2014): every input bit reaches every output bit. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t lsc_rng_stream(const char *purpose, uint64_t a, uint64_t b)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */
    for (const char *p = purpose; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    return mixed(mixed(hash + 0x9e3779b97f4a7c15u * a) + 0x9e3779b97f4a7c15u * b);
}

uint64_t lsc_rng_bits(lsc_rng r, uint64_t index)
{
    return draw(r, index).first;
}

double lsc_rng_uniform(lsc_rng r, uint64_t index)
{
    return (double)(draw(r, index).first >> 11) * 0x1p-53;
}

uint64_t lsc_rng_below(lsc_rng r, uint64_t index, uint64_t n)
{
    /* The high half of a 64 x 64 bit product: Lemire 2019, arXiv:1805.10941, without its rejection. */
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)draw(r, index).first * n >> 64);
}

double lsc_rng_normal(lsc_rng r, uint64_t index)
{
    pair bits = draw(r, index);
    double u = (double)((bits.first >> 11) + 1) * 0x1p-53; /* (0, 1]: its logarithm is finite */
    double v = (double)(bits.second >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

void lsc_rng_permutation(lsc_rng r, int64_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)lsc_rng_below(r, (uint64_t)i, (uint64_t)i + 1);
        out[i] = out[j];
        out[j] = i;
    }
}
