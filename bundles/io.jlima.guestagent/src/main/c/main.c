// SPDX-License-Identifier: Apache-2.0
// Options, the event loop and its timers.
#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct options options = {
    .port = "io.lima-vm.guest_agent.0",
    .run = "/run",
    .tracing = "/sys/kernel/tracing",
};

static volatile sig_atomic_t ended;
static sigset_t unblocked;
static int epoll = -1;
static struct source *dead;
static int64_t deadlines[TIMERS];
static void (*const due[TIMERS])(void) = {
    [TIMER_TCP] = watch_tcp_due,
    [TIMER_UDP] = watch_udp_due,
    [TIMER_SCAN] = watch_scan_due,
    [TIMER_PEERS] = peers_sweep,
    [TIMER_AWAKE] = awake_due,
    [TIMER_RINGS] = rings_due,
    [TIMER_HANGUP] = hangup_due,
    [TIMER_RULES] = rules_due,
};

void complain(const char *what, int error) {
    dprintf(STDERR_FILENO, "lima-guestagent: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void timer_at(enum timer timer, int64_t when) {
    if (deadlines[timer] == 0 || when < deadlines[timer]) {
        deadlines[timer] = when;
    }
}

void loop_add(struct source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.ptr = source}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, source->fd, &event) != 0) {
        complain("epoll", errno);
    }
}

void loop_change(struct source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.ptr = source}};
    epoll_ctl(epoll, EPOLL_CTL_MOD, source->fd, &event);
}

void loop_close(struct source *source) {
    if (source->fd >= 0) {
        // A descriptor that a child holds too would be reported on after its close.
        epoll_ctl(epoll, EPOLL_CTL_DEL, source->fd, NULL);
        close(source->fd);
        source->fd = -1;
    }
}

void loop_drop(struct source *source) {
    loop_close(source);
    if (!source->dead) {
        source->dead = true;
        source->next_dead = dead;
        dead = source;
    }
}

static void bury(void) {
    while (dead != NULL) {
        struct source *next = dead->next_dead;
        free(dead);
        dead = next;
    }
}

static int run_timers(void) {
    int64_t next = -1;
    bool fired = false;
    for (int i = 0; i < TIMERS; i++) {
        int64_t now = now_ms();
        if (deadlines[i] != 0 && deadlines[i] <= now) {
            deadlines[i] = 0;
            due[i]();
            fired = true;
        }
    }
    if (fired) {
        // What they found is said before we wait for the next event.
        sessions_pump();
    }
    int64_t now = now_ms();
    for (int i = 0; i < TIMERS; i++) {
        if (deadlines[i] != 0) {
            int64_t left = deadlines[i] > now ? deadlines[i] - now : 0;
            next = next < 0 || left < next ? left : next;
        }
    }
    return (int)next;
}

static bool number(const char *text, unsigned *value, char end) {
    char *rest;
    errno = 0;
    unsigned long parsed = strtoul(text, &rest, 10);
    *value = (unsigned)parsed;
    return errno == 0 && rest != text && *rest == end && parsed <= UINT32_MAX;
}

static void usage(void) {
    complain("usage: lima-guestagent [--port NAME | --channel PATH] [--socket PATH [--private]] [--owner UID:GID] [--run FOLDER]"
             " [--tracing FOLDER] [--keep-clock] [--no-events] [--touch-anywhere];"
             " or: lima-guestagent mount-parts SOCKET FOLDER PROGRAM [WORD...] <LIST;"
             " or: lima-guestagent await-mount POINT PID",
             0);
    exit(2);
}

static void read_options(int count, char **words) {
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        if (strcmp(word, "--keep-clock") == 0) {
            options.keep_clock = true;
        } else if (strcmp(word, "--no-events") == 0) {
            options.no_events = true;
        } else if (strcmp(word, "--private") == 0) {
            options.private_socket = true;
        } else if (strcmp(word, "--touch-anywhere") == 0) {
            options.touch_anywhere = true;
        } else if (i + 1 == count) {
            usage();
        } else {
            const char *value = words[++i];
            if (strcmp(word, "--port") == 0) {
                options.port = value;
            } else if (strcmp(word, "--channel") == 0) {
                options.channel = value;
            } else if (strcmp(word, "--socket") == 0) {
                options.socket = value;
            } else if (strcmp(word, "--run") == 0) {
                options.run = value;
            } else if (strcmp(word, "--tracing") == 0) {
                options.tracing = value;
            } else if (strcmp(word, "--owner") == 0) {
                const char *colon = strchr(value, ':');
                if (colon == NULL || !number(value, &options.owner, ':') || !number(colon + 1, &options.group, '\0')) {
                    usage();
                }
            } else {
                usage();
            }
        }
    }
}

static void end(int signal) {
    (void)signal;
    ended = 1;
}

void loop_begin(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        complain("epoll", errno);
        exit(1);
    }
}

bool loop_once(bool wait) {
    struct epoll_event events[64];
    int left = run_timers();
    // The signal that ends us is let in only here, so that none comes between a look and a wait.
    int ready = epoll_pwait(epoll, events, 64, wait ? left : 0, &unblocked);
    if (ready < 0 && errno != EINTR) {
        complain("epoll", errno);
        exit(1);
    }
    for (int i = 0; i < ready; i++) {
        struct source *source = events[i].data.ptr;
        if (!source->dead && source->fd >= 0) {
            source->ready(source, events[i].events);
        }
    }
    bool more = sessions_pump();
    bury();
    return more || ready > 0;
}

int main(int count, char **words) {
    if (count > 4 && strcmp(words[1], "mount-parts") == 0) {
        return parts_mount(words[2], words[3], words + 4);
    }
    if (count == 4 && strcmp(words[1], "await-mount") == 0) {
        return mount_await(words[2], words[3]);
    }
    read_options(count, words);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    loop_begin();
    diag_begin();
    watch_begin();
    if (!options.no_events) {
        rules_begin();
    }
    stage_begin();
    channel_open();
    socket_serve();
    parts_serve();
    sessions_pump();
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    for (bool more = false; !ended;) {
        more = loop_once(!more);
    }
    sessions_end();
    return 0;
}
