/*
 * log.h - what log.c and progress.c share: who may write to stderr, and the line that is redrawn.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_LOG_H
#define LSC_LOG_H

#include "base/base.h"

bool lsc_log_shows(lsc_log_level of);
/* Write "program: text". redraw: the line stays open, the next one takes its place; finish: end it. */
void lsc_log_line(const char *text, bool redraw, bool finish);

#endif
