/*
 * torch_fixture.h - files as torch.save writes them, made by hand: pickles in letters (protocol 0), storages, and
 * what is around them.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TORCH_FIXTURE_H
#define LSC_TORCH_FIXTURE_H

#include "support/support.h"

/* Pieces of a pickle. A dict is "(d" and entries; a whole pickle ends with ".". */
#define STORAGE(class, key, n) "(Vstorage\nctorch\n" class "\nV" key "\nVcpu\nI" n "\ntQ"
/* size and stride: "I2\nI3\n" */
#define TENSOR(storage, offset, size, stride)                                                                          \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage "I" offset "\n(" size "t(" stride "tI00\nNtR"
#define ENTRY(name, value) "V" name "\n" value "s"
/* Two floats of the storage "0", and a dict with them as `name`. */
#define PAIR       TENSOR(STORAGE("FloatStorage", "0", "2"), "0", "I2\n", "I1\n")
#define DICT(name) "(d" ENTRY(name, PAIR)

/* The bytes of a storage. */
typedef struct {
    const char *key;
    int64_t elements;
    const void *bytes;
    size_t n;
} torch_storage;

/* The file in memory that nn_tensors_parse takes: before PyTorch 1.6, and since. */
uint8_t *torch_old_file(const char *object, const torch_storage *s, int n_storages, size_t *n);
uint8_t *torch_zip_file(const char *object, const torch_storage *s, int n_storages, size_t *n);

/* A zip archive piece by piece; level 0 stores, 9 deflates. */
typedef struct torch_zip torch_zip;
torch_zip *torch_zip_begin(void);
void torch_zip_add(torch_zip *z, const char *name, const void *bytes, size_t n, int level);
uint8_t *torch_zip_end(torch_zip *z, size_t *n);

#endif
