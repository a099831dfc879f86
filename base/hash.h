/*
 * hash.h - SHA-256 (nettle), for naming checkpoints and data in provenance; `sha256sum` prints the same.
 * A target of its own, lsc_hash, since liblosscope does without.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_HASH_H
#define LSC_HASH_H

#include <stddef.h>

#include "losscope.h"

typedef struct lsc_hash lsc_hash;
lsc_status lsc_hash_new(lsc_hash **out); /* returns new */
void lsc_hash_add(lsc_hash *h, const void *bytes, size_t n);
void lsc_hash_hex(lsc_hash *h, char hex[65]); /* of everything so far; starts anew */
void lsc_hash_free(lsc_hash *h);
lsc_status lsc_hash_file(const char *path, char hex[65]);

#endif
