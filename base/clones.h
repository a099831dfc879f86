/*
 * clones.h - LSC_CLONES before a function: it is compiled for several instruction sets, and the best that the machine
 * has is chosen when the program starts. The arithmetic is the same in all, and so are the bits (-ffp-contract=off).
 * Sanitizers are not ready when that choice is made, so under them there is one version.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CLONES_H
#define LSC_CLONES_H

#include <stdint.h> /* defines __GLIBC__ */

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LSC_ONE_VERSION
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LSC_ONE_VERSION
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(LSC_ONE_VERSION)
#define LSC_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LSC_CLONES
#endif

#endif
