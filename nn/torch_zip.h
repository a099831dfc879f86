/*
 * torch_zip.h - the zip archives of torch.save, in memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_TORCH_ZIP_H
#define NN_TORCH_ZIP_H

#include "nn/arena.h"

typedef struct nn_zip nn_zip;
/* Returns new. Borrows the bytes and the arena. */
lsc_status nn_zip_open(const uint8_t *bytes, size_t n, nn_arena *arena, nn_zip **out);
void nn_zip_close(nn_zip *z);
/* Members lie in one folder, the one of "FOLDER/data.pkl". */
bool nn_zip_has(const nn_zip *z, const char *name);
/* The content of "FOLDER/name": within the bytes, or unpacked into the arena, once. Check sums are not looked at:
 * PyTorch can leave them out (torch.serialization.set_crc32_options). LSC_ERR_FORMAT: absent, or not whole. */
lsc_status nn_zip_read(nn_zip *z, const char *name, const uint8_t **content, size_t *n);

#endif
