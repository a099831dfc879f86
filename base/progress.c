/*
 * The progress line: "points 120/441 (27 %), 3.1/s, 1 min 44 s left, loss 0.31".
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"
#include "base/log.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SILENT_S   2.0
#define TERMINAL_S 0.2
#define LINES_S    30.0

double lsc_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double lsc_processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void lsc_duration(double seconds, char *out, size_t n)
{
    if (!(seconds >= 0 && seconds < 1e12)) {
        snprintf(out, n, "unknown");
        return;
    }
    long long s = llround(seconds);
    if (s < 60)
        snprintf(out, n, "%lld s", s);
    else if (s < 3600)
        snprintf(out, n, "%lld min %02lld s", s / 60, s % 60);
    else
        snprintf(out, n, "%lld h %02lld min", s / 3600, s % 3600 / 60);
}

void lsc_progress_start(lsc_progress *p, const char *what, int64_t done, int64_t total)
{
    double now = lsc_seconds();
    *p = (lsc_progress){.what = what, .total = total, .first = done, .now = done, .started = now, .drawn = now};
}

/* Where the line would wrap on the terminal, it is cut; not within a UTF-8 character. */
static void fit(char *text, size_t columns)
{
    size_t end = strlen(text);
    if (end <= columns)
        return;
    for (end = columns; end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80;)
        end--;
    text[end] = '\0';
}

static size_t terminal_columns(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
        return 80;
    return size.ws_col;
}

static void describe(const lsc_progress *p, double now, const char *note, bool ended, char *out, size_t n)
{
    char left[48];
    double spent = now - p->started;
    double rate = spent > 0 ? (double)(p->now - p->first) / spent : 0;

    lsc_duration(ended ? spent : rate > 0 ? (double)(p->total - p->now) / rate : NAN, left, sizeof left);
    snprintf(out, n, "%s %lld/%lld (%.0f %%), %.3g/s, %s%s%s%s", p->what, (long long)p->now, (long long)p->total,
             p->total > 0 ? floor(100.0 * (double)p->now / (double)p->total) : 100.0, rate, left, ended ? "" : " left",
             note == NULL ? "" : ", ", note == NULL ? "" : note);
}

static void show(lsc_progress *p, double now, const char *note, bool ended)
{
    char text[512];
    bool terminal = isatty(STDERR_FILENO) == 1;

    describe(p, now, note, ended, text, sizeof text);
    if (terminal)
        fit(text, terminal_columns() - 16); /* less the name of the program */
    lsc_log_line(text, terminal, ended);
    p->drawn = now;
    p->shown = true;
}

void lsc_progress_update(lsc_progress *p, int64_t done, const char *note)
{
    double now = lsc_seconds();
    double interval = isatty(STDERR_FILENO) == 1 ? TERMINAL_S : LINES_S;

    p->now = done;
    if (!lsc_log_shows(LSC_LOG_INFO) || now - p->started < SILENT_S || now - p->drawn < interval)
        return;
    show(p, now, note, false);
}

void lsc_progress_end(lsc_progress *p)
{
    if (p->shown)
        show(p, lsc_seconds(), NULL, true);
    p->shown = false;
}
