// SPDX-License-Identifier: Apache-2.0
// Finds the daemon, and starts one if there is none.

#include "limactl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int channel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (channel < 0) {
        fail("no socket can be had: %s", strerror(errno));
    }
    // With its queue full of other clients a daemon takes its time, and connect waits for it.
    while (connect(channel, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno != EINTR) {
            int why = errno;
            close(channel);
            errno = why;
            return -1;
        }
    }
    return channel;
}

// Prints the end of the log that the daemon has left.
static void show_last_words(const char *log) {
    FILE *file = fopen(log, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", log, strerror(errno));
        return;
    }
    char *lines[LAST_WORDS] = {0};
    size_t count = 0;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        free(lines[count % LAST_WORDS]);
        lines[count++ % LAST_WORDS] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < LAST_WORDS; i++) {
        char *shown = lines[(count + i) % LAST_WORDS];
        if (shown != NULL) {
            fputs(shown, stderr);
            free(shown);
        }
    }
}

// The daemon must not keep what this program was started with, whatever its number.
static void close_all_but_standard_streams(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
        return;
    }
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int descriptor = 3; descriptor < most; descriptor++) {
        close(descriptor);
    }
}

// Runs lib/daemon.sh, which returns when the daemon serves.
static void start_daemon(void) {
    pid_t child = fork();
    if (child < 0) {
        fail("no process can be started: %s", strerror(errno));
    }
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) {
            _exit(1);
        }
        close_all_but_standard_streams();
        setenv("_JLIMA_PREFIX", prefix, 1);
        setenv("_JLIMA_VERSION", version, 1);
        char *script = text("%s/lib/daemon.sh", prefix);
        execl("/bin/sh", "sh", script, home, (char *) NULL);
        _exit(1);
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("the daemon's start cannot be watched: %s", strerror(errno));
        }
    }
    if (status != 0) {
        fail("the daemon could not be started");
    }
}

char *socket_path(void) {
    char *path = text("%s/_daemon/sock", home);
    size_t limit = sizeof ((struct sockaddr_un *) NULL)->sun_path;
    if (strlen(path) >= limit) {
        fail("LIMA_HOME %s is too long for a socket in it: a socket's path may have at most %zu bytes."
             " Choose a shorter LIMA_HOME",
             home, limit - 1);
    }
    return path;
}

int connect_to_daemon(void) {
    char *path = socket_path();
    int channel = connect_to(path);
    if (channel < 0) {
        start_daemon();
        channel = connect_to(path);
    }
    if (channel < 0) {
        char *log = text("%s/_daemon/log", home);
        fprintf(stderr, "limactl: the daemon does not answer (%s); the end of its log %s:\n", strerror(errno), log);
        show_last_words(log);
        free(log);
        leave(1);
    }
    free(path);
    return channel;
}
