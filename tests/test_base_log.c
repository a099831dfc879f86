/*
 * Lines on stderr, the progress line, durations, stop requests. What is written is caught by running this
 * program itself, with a pipe for stderr, or with a terminal of its own.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void durations_read_like_speech(void **state)
{
    static const struct {
        double seconds;
        const char *want;
    } rows[] = {
        {0, "0 s"},
        {0.4, "0 s"},
        {2.6, "3 s"},
        {59.4, "59 s"},
        {59.6, "1 min 00 s"},
        {125, "2 min 05 s"},
        {3599.7, "1 h 00 min"},
        {4200, "1 h 10 min"},
        {360000, "100 h 00 min"},
        {-1, "unknown"},
        {1e300, "unknown"},
    };
    char text[32];
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        lsc_duration(rows[i].seconds, text, sizeof text);
        CHECK_STR(text, rows[i].want);
    }
    lsc_duration(0.0 / (lsc_seconds() * 0), text, sizeof text);
    CHECK_STR(text, "unknown");
}

/* A progress of 100 points that started 20 s ago, at 10. */
static void report(void)
{
    lsc_progress p;
    lsc_progress_start(&p, "points", 10, 100);
    lsc_progress_update(&p, 11, NULL); /* silent: two seconds have not passed */
    p.started -= 20;
    lsc_progress_update(&p, 12, "too early"); /* silent off a terminal: 30 s since the last line */
    p.drawn -= 31;
    lsc_progress_update(&p, 50, "loss 0.31");
    lsc_progress_update(&p, 51, "too soon after the last");
    lsc_log_info("a line between");
    p.drawn -= 31;
    lsc_progress_update(&p, 60, NULL);
    lsc_progress_update(&p, 100, NULL);
    lsc_progress_end(&p);
    lsc_progress_end(&p);
}

static void levels(void)
{
    lsc_log_warn("shown %d", 1);
    lsc_log_info("hidden");
    lsc_log_set("landscape", LSC_LOG_DEBUG);
    lsc_log_debug("shown %s", "2");
    lsc_log_error("a\033[2J/run.bin:\n  b\r: bad");
    lsc_log_set("landscape", LSC_LOG_QUIET);
    lsc_log_warn("hidden");
}

static void wait_for_stop(void)
{
    lsc_stop_install();
    fputs("ready\n", stdout);
    fflush(stdout);
    kill(getpid(), SIGTERM);
    fputs(lsc_stop_requested() ? "term\n" : "no\n", stdout);
    kill(getpid(), SIGINT);
    fputs("first int\n", stdout);
    fflush(stdout);
    kill(getpid(), SIGINT);
    fputs("not reached\n", stdout);
}

static int child(const char *what)
{
    lsc_log_set("train", strcmp(what, "levels") == 0 ? LSC_LOG_WARN : LSC_LOG_INFO);
    if (strcmp(what, "levels") == 0)
        levels();
    else if (strcmp(what, "report") == 0)
        report();
    else
        wait_for_stop();
    return 0;
}

static void run_child(const char *what, test_result *r)
{
    const char *const argv[] = {"/proc/self/exe", what, NULL};
    test_run(&(test_command){.argv = argv}, r);
}

static void lines_are_shown_from_their_level_on(void **state)
{
    test_result r;
    (void)state;
    run_child("levels", &r);
    CHECK_STR(r.err, "train: warning: shown 1\nlandscape: shown 2\n"
                     "landscape: a\\x1b[2J/run.bin:\n  b\\x0d: bad\n");
    CHECK_STR(r.out, "");
    test_result_free(&r);
}

static void progress_off_a_terminal_is_a_line_now_and_then(void **state)
{
    test_result r;
    (void)state;
    run_child("report", &r);
    /* 40 points in 20 s; the rates of a process that was held up may be a little lower */
    CHECK_HAS(r.err, "train: points 50/100 (50 %), ");
    CHECK_HAS(r.err, "/s, ");
    CHECK_HAS(r.err, " left, loss 0.31\n");
    CHECK_HAS(r.err, "train: a line between\n");
    CHECK_HAS(r.err, "train: points 60/100 (60 %), ");
    CHECK_HAS(r.err, "train: points 100/100 (100 %), ");
    CHECK(strstr(r.err, "too") == NULL);
    CHECK(strchr(r.err, '\033') == NULL);
    int lines = 0;
    for (char *p = r.err; *p != '\0'; p++)
        lines += *p == '\n';
    CHECK_INT(lines, 4);
    test_result_free(&r);
}

static void read_terminal(int fd, char *out, size_t n)
{
    size_t used = 0;
    for (ssize_t k; used < n - 1 && (k = read(fd, out + used, n - 1 - used)) > 0;)
        used += (size_t)k;
    out[used] = '\0';
}

static void progress_on_a_terminal_is_redrawn_in_place(void **state)
{
    struct winsize narrow = {.ws_col = 50, .ws_row = 20};
    int fd = -1, status = -1;
    char out[4096];
    (void)state;
    pid_t pid = forkpty(&fd, NULL, NULL, &narrow);
    CHECK(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "self", "report", (char *)NULL);
        _exit(127);
    }
    read_terminal(fd, out, sizeof out);
    close(fd);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    CHECK_HAS(out, "train: points 50/100 (50 %), ");
    CHECK_HAS(out, "\r\033[Ktrain: a line between\r\n"); /* the line makes room and comes back below */
    CHECK_HAS(out, "train: points 60/100 (60 %), ");
    CHECK_HAS(out, "\r\033[Ktrain: points 100/100 (100 %)");
    CHECK(strstr(out, "too soon") == NULL);
    CHECK(strstr(out, "loss 0.31") == NULL); /* 50 columns: the note is cut, the line does not wrap */
}

static void a_request_to_stop_sets_a_flag_and_the_second_interrupt_ends(void **state)
{
    test_result r;
    (void)state;
    run_child("stop", &r);
    CHECK_STR(r.out, "ready\nterm\nfirst int\n");
    CHECK_INT(r.signal, SIGINT);
    test_result_free(&r);
    CHECK(!lsc_stop_requested());
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(durations_read_like_speech),
        TEST(lines_are_shown_from_their_level_on),
        TEST(progress_off_a_terminal_is_a_line_now_and_then),
        TEST(progress_on_a_terminal_is_redrawn_in_place),
        TEST(a_request_to_stop_sets_a_flag_and_the_second_interrupt_ends),
    };
    if (argc == 2)
        return child(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
