/*
 * Running a program and catching what it says.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: environment, limits, then the program. The standard files are in place. */
static void become(const test_command *c)
{
    char number[32];

    for (const char *const *e = c->env; e != NULL && *e != NULL; e++)
        if (strchr(*e, '=') != NULL)
            putenv((char *)*e);
        else
            unsetenv(*e);
    if (c->full_after != 0 || c->kill_at != 0) {
        snprintf(number, sizeof number, "%lld", (long long)(c->full_after < 0 ? 0 : c->full_after));
        if (c->full_after != 0)
            setenv("LSC_TEST_WRITE_BYTES", number, 1);
        snprintf(number, sizeof number, "%lld", (long long)c->kill_at);
        if (c->kill_at != 0)
            setenv("LSC_TEST_KILL_AT", number, 1);
        setenv("LD_PRELOAD", LSC_FAILWRITE, 1);
        setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
    }
    if (c->file_limit > 0)
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)c->file_limit, (rlim_t)c->file_limit});
    if (c->folder != NULL && chdir(c->folder) != 0)
        _exit(126);
    execvp(c->argv[0], (char *const *)c->argv);
    fprintf(stderr, "cannot run %s: %s\n", c->argv[0], strerror(errno));
    _exit(127);
}

typedef struct {
    int in[2], out[2], err[2];
} pipes;

static pid_t start(const test_command *c, pipes *p)
{
    if (pipe2(p->in, O_CLOEXEC) != 0 || pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->err, O_CLOEXEC) != 0)
        fail_msg("no pipes: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(p->in[0], 0);
        dup2(p->out[1], 1);
        dup2(p->err[1], 2);
        signal(SIGPIPE, SIG_DFL);
        become(c);
    }
    if (child < 0)
        fail_msg("cannot fork: %s", strerror(errno));
    close(p->in[0]);
    close(p->out[1]);
    close(p->err[1]);
    return child;
}

/* The input fits in a pipe, so that it can be given at once. */
static void give(int fd, const char *input)
{
    size_t n = input == NULL ? 0 : strlen(input);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    assert_true(n <= 65536);
    if (n > 0 && write(fd, input, n) != (ssize_t)n)
        print_message("the program did not read its input\n");
    signal(SIGPIPE, before);
    close(fd);
}

/* Read what there is; closes the pipe at its end. */
static void take(struct pollfd *p, lsc_text *text)
{
    char buffer[4096];
    ssize_t n = read(p->fd, buffer, sizeof buffer);
    if (n > 0) {
        lsc_text_add_bytes(text, buffer, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        close(p->fd);
        p->fd = -1; /* poll leaves it out */
    }
}

/* False: out of time. */
static bool collect(int out, int err, double deadline, lsc_text *texts)
{
    struct pollfd p[2] = {{.fd = out, .events = POLLIN}, {.fd = err, .events = POLLIN}};

    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (lsc_seconds() > deadline)
            return false;
        if (poll(p, 2, 100) <= 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (p[i].fd >= 0 && p[i].revents != 0)
                take(&p[i], &texts[i]);
    }
    return true;
}

void test_run(const test_command *c, test_result *r)
{
    pipes p;
    int status = 0;
    lsc_text texts[2] = {{0}, {0}};
    double deadline = lsc_seconds() + (c->seconds > 0 ? c->seconds : 50);

    pid_t child = start(c, &p);
    give(p.in[1], c->input);
    lsc_text_add(&texts[0], "%s", "");
    lsc_text_add(&texts[1], "%s", "");
    bool ended = collect(p.out[0], p.err[0], deadline, texts);
    if (!ended)
        kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (!ended)
        fail_msg("%s took too long; it said:\n%s", c->argv[0], texts[1].text);
    *r = (test_result){.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                       .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                       .out = texts[0].text,
                       .err = texts[1].text};
}

void test_result_free(test_result *r)
{
    lsc_free(r->out);
    lsc_free(r->err);
    *r = (test_result){0};
}
