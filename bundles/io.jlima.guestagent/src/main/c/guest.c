// SPDX-License-Identifier: Apache-2.0
// What the host has done in the guest: the clock, and changes of files.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void clock_told(struct session *session, int64_t seconds, uint32_t nanos, uint32_t threshold_ms) {
    struct timespec guest;
    clock_gettime(CLOCK_REALTIME, &guest);
    int64_t drift;
    session->clocked = true;
    session->clock_set = false;
    session->clock_error = 0;
    // No clock that can be set is so far off.
    if (nanos >= 1000000000 || seconds < 0 || seconds > INT32_MAX * (int64_t)4
        || __builtin_mul_overflow(guest.tv_sec - seconds, (int64_t)1000000000, &drift)) {
        session->clock_error = EINVAL;
        session->clock_drift = 0;
        return;
    }
    drift += guest.tv_nsec - (int64_t)nanos;
    session->clock_drift = drift;
    int64_t limit = (int64_t)threshold_ms * 1000000;
    if (!options.keep_clock && (drift > limit || drift < -limit)) {
        struct timespec host = {.tv_sec = (time_t)seconds, .tv_nsec = (long)nanos};
        if (clock_settime(CLOCK_REALTIME, &host) == 0) {
            session->clock_set = true;
        } else {
            session->clock_error = errno;
        }
    }
}

// --- file events

// A file system that is served by the host may let us wait for ever, and we may be the way to it: a process of its own
// does this.
static int touches = -1;

enum { CREATED = 0, MODIFIED = 1, DELETED = 2 };

// Has watchers see the file without a change of its content or its time.
static void touch(const char *path, bool written) {
    int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (file < 0) {
        return;
    }
    if (fstat(file, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) {
        char same[40];
        snprintf(same, sizeof same, "/proc/self/fd/%d", file);
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status.st_mtim};
        utimensat(AT_FDCWD, same, times, 0);
        if (written && S_ISREG(status.st_mode)) {
            // Nothing is written, but whoever waits for the end of writing sees it.
            int writer = open(same, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
            if (writer >= 0) {
                close(writer);
            }
        }
    }
    close(file);
}

static void touch_all(int from) {
    char message[4200];
    for (ssize_t size; (size = recv(from, message, sizeof message - 1, 0)) > 0;) {
        message[size] = '\0';
        char *path = message + 1;
        touch(path, message[0] != DELETED);
        if (message[0] != MODIFIED) {
            char *slash = strrchr(path, '/');
            if (slash != NULL) {
                slash[slash == path] = '\0';
                touch(path, false);
            }
        }
    }
}

// A descriptor that lives on in here would keep a connection open that was closed.
static void keep_only(int fd) {
    if (syscall(SYS_close_range, 3U, (unsigned)fd - 1, 0) == 0
        && syscall(SYS_close_range, (unsigned)fd + 1, ~0U, 0) == 0) {
        return;
    }
    for (int other = 3; other < 65536; other++) {
        if (other != fd) {
            close(other);
        }
    }
}

void touch_told(const uint8_t *body, size_t size) {
    if (size < 3 || size > 4097 || body[0] > DELETED || body[1] != '/' || memchr(body + 1, 0, size - 1) != NULL) {
        return;
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        int pair[2];
        if (touches < 0) {
            if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
                return;
            }
            pid_t child = fork();
            if (child == 0) {
                keep_only(pair[1]);
                touch_all(pair[1]);
                _exit(0);
            }
            close(pair[1]);
            if (child < 0) {
                close(pair[0]);
                return;
            }
            touches = pair[0];
        }
        // When it is stuck the rest is lost, and not the agent.
        if (send(touches, body, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN) {
            return;
        }
        close(touches);
        touches = -1;
    }
}
