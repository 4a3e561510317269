// SPDX-License-Identifier: Apache-2.0
// Keeps the table of ports true. An event says that something may have changed; what is so, the kernel is asked, since
// events come from all network namespaces, and a little before the change.
#include "agent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
    // A socket is in LISTEN a moment before it can be found; after the last of these the whole table is read.
    LOOKS = 3,
    WAITING = 64,
    UDP_PAUSE_MS = 50,
    UNLIKELY_PAUSE_MS = 1000,
    SCAN_MS = 1000,
};
static const int delay_ms[LOOKS] = {1, 4, 20};

// Events whose socket could not be found yet.
static struct {
    struct port port;
    uint64_t socket;
    int looks;
    int64_t due;
} waiting[WAITING];
static unsigned waiting_count;

// What the events since the last look were about, and the first and the last word on each.
enum { HEARD = 128 };
static struct {
    struct port port;
    uint64_t socket;
    bool came;
    bool listens;
    bool listened;
} heard[HEARD];
static unsigned heard_count;

static bool events;
static bool udp_events;
static int64_t last_udp;
static int64_t last_tcp;
static int destroyed = -1;

static void dump_tcp(void) {
    last_tcp = now_ms();
    waiting_count = 0;
    diag_dump(OVER_TCP);
}

// Reads the whole table soon, and not more often than that.
static void dump_tcp_soon(void) {
    int64_t now = now_ms();
    if (now - last_tcp >= UDP_PAUSE_MS) {
        dump_tcp();
    } else {
        waiting_count = 0;
        waiting[waiting_count].socket = 0;
        waiting[waiting_count].looks = LOOKS;
        waiting[waiting_count++].due = last_tcp + UDP_PAUSE_MS;
        timer_at(TIMER_TCP, last_tcp + UDP_PAUSE_MS);
    }
}

static void look(const struct port *port, uint64_t socket, int looks) {
    uint32_t interface = 0;
    struct port plain = port_plain(port);
    struct port_entry *entry = port_find(&plain);
    if (port->number == 0) {
        // listen() without bind(): the number is chosen after the event.
        looks = LOOKS;
    } else {
        switch (diag_tcp(port, &interface)) {
            case DIAG_PRESENT:
                port_present(&plain, interface);
                return;
            case DIAG_FAILED:
            case DIAG_OTHER:
                // Another one hides it, or sockets cannot be looked up one by one.
                looks = LOOKS;
                break;
            case DIAG_ABSENT:
                if (entry != NULL && port_interface(entry) != 0) {
                    interface = port_interface(entry);
                    if (diag_tcp(port, &interface) == DIAG_PRESENT) {
                        return;
                    }
                }
                break;
        }
    }
    if (looks < LOOKS && waiting_count < WAITING) {
        waiting[waiting_count].port = *port;
        waiting[waiting_count].socket = socket;
        waiting[waiting_count].looks = looks;
        waiting[waiting_count].due = now_ms() + delay_ms[looks];
        timer_at(TIMER_TCP, waiting[waiting_count].due);
        waiting_count++;
    } else {
        dump_tcp_soon();
    }
}

// A socket has left LISTEN. Another one may listen there still, and another namespace's may have ended.
static void look_after_end(const struct port *port, struct port_entry *entry) {
    uint32_t interface = port_interface(entry);
    switch (diag_tcp(port, &interface)) {
        case DIAG_PRESENT:
            break;
        case DIAG_ABSENT:
            port_absent(entry);
            break;
        default:
            dump_tcp_soon();
    }
}

// A socket that ended is not to be looked for any more.
static void end_wait(uint64_t socket) {
    for (unsigned i = 0; i < waiting_count;) {
        if (waiting[i].socket == socket) {
            waiting[i] = waiting[--waiting_count];
        } else {
            i++;
        }
    }
}

void watch_tcp_event(const struct port *port, uint64_t socket, bool listens) {
    unsigned i = 0;
    while (i < heard_count && (heard[i].socket != socket || memcmp(&heard[i].port, port, sizeof *port) != 0)) {
        i++;
    }
    if (i == HEARD) {
        watch_settle();
        i = 0;
    }
    if (i == heard_count) {
        heard[i].port = *port;
        heard[i].socket = socket;
        heard[i].came = listens;
        heard[i].listened = false;
        heard_count++;
    }
    heard[i].listened |= listens;
    heard[i].listens = listens;
}

void watch_settle(void) {
    unsigned count = heard_count;
    heard_count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct port plain = port_plain(&heard[i].port);
        uint64_t socket = heard[i].socket;
        if (heard[i].listens) {
            look(&heard[i].port, socket, 0);
            continue;
        }
        if (socket != 0) {
            if (heard[i].came) {
                // The very same has come and gone, and nothing is as it was not before.
                continue;
            }
            end_wait(socket);
        }
        struct port_entry *entry = port_find(&plain);
        uint32_t interface = 0;
        if (entry != NULL) {
            look_after_end(&heard[i].port, entry);
        } else if (heard[i].listened && diag_tcp(&heard[i].port, &interface) == DIAG_PRESENT) {
            // It came and went; here it was another one that went.
            port_present(&plain, interface);
        }
    }
}

void watch_tcp_due(void) {
    int64_t now = now_ms();
    unsigned count = waiting_count;
    for (unsigned i = 0; i < count && i < waiting_count;) {
        if (waiting[i].due > now) {
            timer_at(TIMER_TCP, waiting[i].due);
            i++;
            continue;
        }
        struct port port = waiting[i].port;
        uint64_t socket = waiting[i].socket;
        int looks = waiting[i].looks;
        waiting[i] = waiting[--waiting_count];
        count--;
        if (looks >= LOOKS) {
            dump_tcp();
        } else {
            look(&port, socket, looks + 1);
        }
    }
}

static void dump_udp_within(int64_t pause) {
    int64_t now = now_ms();
    if (now - last_udp >= pause) {
        last_udp = now;
        diag_dump(OVER_UDP);
    } else {
        timer_at(TIMER_UDP, last_udp + pause);
    }
}

void watch_udp_event(bool likely) {
    if (likely) {
        // The probe is at the begin of the bind: what is found at once is told at once, what is not is found then.
        dump_udp_within(UDP_PAUSE_MS);
        timer_at(TIMER_UDP, now_ms() + UDP_PAUSE_MS);
    } else {
        // Mostly a client's socket, which has a peer before anybody looks.
        timer_at(TIMER_UDP, now_ms() + UNLIKELY_PAUSE_MS);
    }
}

void watch_udp_due(void) {
    dump_udp_within(0);
}

void watch_lost(void) {
    dump_tcp_soon();
    dump_udp_within(UDP_PAUSE_MS);
}

void watch_scan_due(void) {
    if (!events) {
        dump_tcp();
    }
    if (!udp_events) {
        dump_udp_within(0);
    }
    if (!events || !udp_events) {
        timer_at(TIMER_SCAN, now_ms() + SCAN_MS);
    }
}

// --- the end of UDP sockets, which the kernel tells by netlink

static void destroyed_ready(struct source *source, uint32_t happened) {
    static uint8_t buffer[8192];
    (void)happened;
    ssize_t size;
    while ((size = recv(source->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0 || (size < 0 && errno == ENOBUFS)) {
    }
    dump_udp_within(UDP_PAUSE_MS);
}

static void watch_destroyed(void) {
    static struct source told = {.fd = -1, .ready = destroyed_ready};
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = 1U << (SKNLGRP_INET_UDP_DESTROY - 1) | 1U << (SKNLGRP_INET6_UDP_DESTROY - 1),
    };
    destroyed = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (destroyed < 0 || bind(destroyed, (struct sockaddr *)&groups, sizeof groups) != 0) {
        complain("ends of UDP sockets", errno);
        udp_events = false;
        return;
    }
    told.fd = destroyed;
    loop_add(&told, EPOLLIN);
}

void watch_begin(void) {
    events = !options.no_events && perf_begin();
    udp_events = events && perf_has_udp();
    if (udp_events) {
        watch_destroyed();
    }
    // After the events have begun, so that none falls in between.
    dump_tcp();
    dump_udp_within(0);
    if (!events || !udp_events) {
        complain(watch_remark(), 0);
        timer_at(TIMER_SCAN, now_ms() + SCAN_MS);
    }
}

const char *watch_remark(void) {
    return !events       ? "no events of the guest's kernel: its ports are looked at once a second"
           : !udp_events ? "no probes in the guest's kernel: its UDP ports are looked at once a second"
                         : NULL;
}
