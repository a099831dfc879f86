/*
 * Stopping on request, and the signal of the file-size limit.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t requested;

static void request(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

void lsc_stop_install(void)
{
    struct sigaction action = {.sa_handler = request, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags |= (int)SA_RESETHAND; /* so the second one finds the default */
    sigaction(SIGINT, &action, NULL);
    /* A write beyond RLIMIT_FSIZE fails with EFBIG then, in libraries and on standard output too. */
    signal(SIGXFSZ, SIG_IGN);
}

bool lsc_stop_requested(void)
{
    return requested != 0;
}

bool lsc_filesize_signal_hold(void)
{
    sigset_t signals, before;

    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    return pthread_sigmask(SIG_BLOCK, &signals, &before) == 0 && sigismember(&before, SIGXFSZ) == 0;
}

void lsc_filesize_signal_release(bool held)
{
    sigset_t signals;
    const struct timespec now = {0};

    if (!held)
        return;
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    while (sigtimedwait(&signals, NULL, &now) == SIGXFSZ) /* the kernel sends it to the thread that wrote */
        ;
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}
