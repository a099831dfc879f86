/*
 * loader.h - finds and opens the module losscope_cuda.so, once in a process:
 *     $LOSSCOPE_CUDA_MODULE, which then is the only place;
 *     the folder of modules beside the program, as in the build and where it is installed;
 *     where the loader looks for libraries.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_LOADER_H
#define CUDA_LOADER_H

#include "base/base.h"
#include "nn/backend/cuda/device.h"

/* cuDNN has no engines for some of our graphs on older cards. */
#define CUDA_LEAST_MAJOR 8

/* LSC_ERR_ABSENT: no module, one that cannot be opened, or of another version, with what to do about it. */
lsc_status cuda_load(const cuda_api **out);
/* Devices that can be used: their numbers in number [most]; *n at least 1. LSC_ERR_ABSENT: there is none, and why:
 * no module, no driver, no card, only cards that are too old. LSC_ERR_BACKEND: one that fails; where more than one is
 * wanted it is left out with a warning. */
lsc_status cuda_usable(const cuda_api **api, int *number, int most, int *n);
/* That one, of --device cuda:i. Fails as above. */
lsc_status cuda_check_device(const cuda_api *api, int number);
/* One line on device i for --list, NULL past the last; too old a card is listed with that. */
const char *cuda_device_text(int i, char *out, size_t n);

#endif
