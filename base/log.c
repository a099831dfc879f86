/*
 * Lines on stderr: "program: text", each written at once so that threads do not mix theirs.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"
#include "base/log.h"

#include <string.h>

#define TEXT_MAX 2048

static char program[64] = "losscope";
static lsc_log_level level = LSC_LOG_INFO;
static bool line_open; /* a progress line stands on the terminal */

void lsc_log_set(const char *name, lsc_log_level new_level)
{
    snprintf(program, sizeof program, "%s", name);
    level = new_level;
}

bool lsc_log_shows(lsc_log_level of)
{
    return level >= of;
}

/* Text may hold paths and names from files: what could steer a terminal is escaped, lines stay lines. */
static const char *harmless(const char *text, char *out, size_t n)
{
    char line[TEXT_MAX];
    size_t used = 0;

    for (;; text++) {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        used += strlen(lsc_shown(line, out + used, n - used));
        text += length;
        if (*text == '\0' || used + 2 >= n)
            return out;
        out[used++] = '\n';
        out[used] = '\0';
    }
}

void lsc_log_line(const char *text, bool redraw, bool finish)
{
    const char *start = line_open ? "\r\033[K" : "";
    char shown[4 * TEXT_MAX];

    fprintf(stderr, "%s%s: %s%s", start, program, harmless(text, shown, sizeof shown), redraw && !finish ? "" : "\n");
    line_open = redraw && !finish;
}

static void log_line(lsc_log_level of, const char *kind, const char *format, va_list args)
{
    char text[TEXT_MAX];

    if (!lsc_log_shows(of))
        return;
    int n = snprintf(text, sizeof text, "%s", kind);
    vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    lsc_log_line(text, false, true);
}

void lsc_log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LSC_LOG_QUIET, "", format, args);
    va_end(args);
}

void lsc_log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LSC_LOG_INFO, "", format, args);
    va_end(args);
}

void lsc_log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LSC_LOG_WARN, "warning: ", format, args);
    va_end(args);
}

void lsc_log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LSC_LOG_DEBUG, "", format, args);
    va_end(args);
}
