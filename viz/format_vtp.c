/*
 * .vtp: see vtp.c, which the program `landscape` links without the other formats.
 * SPDX-License-Identifier: MIT
 */
#include "viz/format.h"

const viz_format viz_format_vtp = {.name = "vtp", .write = viz_write_vtp};
