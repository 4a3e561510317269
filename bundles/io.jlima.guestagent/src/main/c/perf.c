// SPDX-License-Identifier: Apache-2.0
// Events of the kernel by perf_event_open(2): a tracepoint that tells of each TCP socket that enters or leaves LISTEN,
// and a probe of ours where UDP sockets are bound. The kernel filters; nothing is copied but what we asked for.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    // Pages of each processor's buffer; perf_event_open(2) wants a power of two. Some 700 events fit into 64 KiB.
    PAGES = 16,
    // More than a record takes: its header (8), the size of the sample (4), and the 60 or so bytes of the tracepoint, of
    // which the kernel's own fields may become more.
    LARGEST = 256,
    STATE_LISTEN = 10, // include/net/tcp_states.h; FILTER names it too
    PROCESSORS = 1024, // so many are watched at most; Debian's kernel knows 8192, of which nobody gives a guest that many
    PATH = 512,        // the folder of tracefs is an option
    FORMAT = 4096,     // a format file is of one page, tracefs makes it in one
    // So many events in a row are looked at when they come, and one more each so many milliseconds. After that events are
    // read by the clock, as long as there are any: a wake-up for each costs a guest more than the program that binds.
    // 25 ms are half of what a port may take to appear on the host.
    PROMPT = 20,
    REFILL_MS = 100,
    BATCH_MS = 25,
};
#define FILTER "newstate==10||oldstate==10"

struct ring {
    struct source source;
    struct perf_event_mmap_page *page;
    size_t page_size;
    struct ring *next;
    bool resting;
};
static struct ring *rings;

// Where the fields are in a record of the tracepoint.
static struct {
    uint16_t id;
    unsigned protocol, protocol_size, family, number, state, address, address6;
    unsigned socket, socket_size; // size 0 where the kernel does not tell
} tcp;
static struct {
    uint16_t id;
    unsigned number;
} udp;

static bool read_file(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static bool read_event(const char *event, const char *file, char *text, size_t size) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/events/%s/%s", options.tracing, event, file);
    return read_file(path, text, size);
}

// Offset of a field of a format file, `name` with what follows it there.
static bool field(const char *format, const char *name, unsigned *offset, unsigned *size) {
    const char *at = strstr(format, name);
    return at != NULL && sscanf(at + strlen(name), " offset:%u; size:%u;", offset, size) == 2;
}

static bool learn_tcp(void) {
    char text[FORMAT];
    unsigned size;
    if (!read_event("sock/inet_sock_set_state", "id", text, sizeof text)) {
        return false;
    }
    tcp.id = (uint16_t)atoi(text);
    if (!read_event("sock/inet_sock_set_state", "format", text, sizeof text)) {
        return false;
    }
    if (!field(text, " skaddr;", &tcp.socket, &tcp.socket_size) || tcp.socket_size > sizeof(uint64_t)) {
        tcp.socket_size = 0;
    }
    return field(text, " protocol;", &tcp.protocol, &tcp.protocol_size) && field(text, " family;", &tcp.family, &size)
           && size == 2 && field(text, " sport;", &tcp.number, &size) && size == 2
           && field(text, " newstate;", &tcp.state, &size) && size == 4 && field(text, " saddr[4];", &tcp.address, &size)
           && size == 4 && field(text, " saddr_v6[16];", &tcp.address6, &size) && size == 16;
}

// The number that a UDP socket is to be bound to; 0 when the kernel chooses.
static bool learn_udp(void) {
    static const char probe[] = "p:lima/udp_bind udp_lib_get_port number=$arg2:u16";
    char path[PATH];
    char text[FORMAT];
    unsigned size;
    snprintf(path, sizeof path, "%s/kprobe_events", options.tracing);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    // It is there already after a restart of the agent.
    ssize_t written = write(fd, probe, sizeof probe - 1);
    (void)written;
    close(fd);
    if (!read_event("lima/udp_bind", "id", text, sizeof text)) {
        return false;
    }
    udp.id = (uint16_t)atoi(text);
    return read_event("lima/udp_bind", "format", text, sizeof text) && field(text, " number;", &udp.number, &size)
           && size == 2;
}

static void take(const uint8_t *data, size_t size) {
    uint16_t id;
    uint16_t number;
    if (size < sizeof id) {
        return;
    }
    memcpy(&id, data, sizeof id);
    if (id == udp.id && udp.id != 0 && size >= udp.number + 2) {
        memcpy(&number, data + udp.number, sizeof number);
        watch_udp_event(number != 0);
    } else if (id == tcp.id && size >= tcp.address6 + 16 && size >= tcp.address + 4
               && size >= tcp.socket + tcp.socket_size) {
        uint64_t socket = 0;
        uint16_t family;
        uint16_t protocol = data[tcp.protocol];
        int32_t state;
        // Only compared for being the same, so that the order of bytes is no matter.
        memcpy(&socket, data + tcp.socket, tcp.socket_size);
        memcpy(&family, data + tcp.family, sizeof family);
        memcpy(&number, data + tcp.number, sizeof number);
        memcpy(&state, data + tcp.state, sizeof state);
        if (tcp.protocol_size == 2) {
            memcpy(&protocol, data + tcp.protocol, sizeof protocol);
        }
        if (protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6)) {
            return;
        }
        struct port port = {.transport = OVER_TCP, .family = family == AF_INET6 ? 6 : 4, .number = number};
        if (family == AF_INET6) {
            memcpy(port.address, data + tcp.address6, 16);
        } else {
            memcpy(port.address, data + tcp.address, 4);
        }
        watch_tcp_event(&port, socket, state == STATE_LISTEN);
    }
}

// Takes one record and returns its size; 0 when there is no sense in it.
static size_t take_record(const uint8_t *data, size_t size, uint64_t at) {
    // Records are of whole words and may go round the end.
    uint8_t record[LARGEST];
    struct perf_event_header header;
    for (size_t i = 0; i < sizeof header; i++) {
        ((uint8_t *)&header)[i] = data[(at + i) % size];
    }
    if (header.size < sizeof header) {
        return 0;
    }
    size_t body = header.size - sizeof header;
    size_t kept = body < sizeof record ? body : sizeof record;
    for (size_t i = 0; i < kept; i++) {
        record[i] = data[(at + sizeof header + i) % size];
    }
    if (header.type == PERF_RECORD_LOST) {
        watch_lost();
    } else if (header.type == PERF_RECORD_SAMPLE && kept >= 4) {
        uint32_t raw;
        memcpy(&raw, record, sizeof raw);
        take(record + 4, raw < kept - 4 ? raw : kept - 4);
    }
    return header.size;
}

// Takes what there is, and says whether there was anything.
static bool read_ring(struct ring *ring) {
    const uint8_t *data = (const uint8_t *)ring->page + ring->page_size;
    size_t size = PAGES * ring->page_size;
    uint64_t tail = ring->page->data_tail;
    uint64_t begun = tail;
    // What the kernel has seen of our progress when it wrote up to the head, at the worst.
    uint64_t seen = tail;
    for (;;) {
        uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
        // The kernel tells of a loss with the event after it, which may never come.
        bool full = head - seen > size - LARGEST;
        seen = tail;
        while (tail < head) {
            size_t taken = take_record(data, size, tail);
            if (taken == 0) {
                full = true;
                taken = head - tail;
            }
            tail += taken;
        }
        if (full) {
            watch_lost();
        }
        if (tail == seen) {
            break;
        }
        __atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_SEQ_CST);
    }
    return tail != begun;
}

static bool is_prompt(void) {
    static int64_t filled;
    static int64_t left;
    int64_t now = now_ms();
    int64_t more = (now - filled) / REFILL_MS;
    if (more > 0) {
        left = left + more < PROMPT ? left + more : PROMPT;
        filled = now;
    }
    return left > 0 && left-- > 0;
}

static void rest(struct ring *ring) {
    // Until it is armed again no event wakes us.
    ring->resting = true;
    timer_at(TIMER_RINGS, now_ms() + BATCH_MS);
}

static void arm(struct ring *ring) {
    // Armed before it is read: arming polls the event, which takes back the kernel's word of what is there already.
    ring->resting = false;
    loop_change(&ring->source, EPOLLIN | EPOLLONESHOT);
    read_ring(ring);
}

static void ring_ready(struct source *source, uint32_t events) {
    struct ring *ring = (struct ring *)source;
    (void)events;
    if (is_prompt()) {
        arm(ring);
        watch_settle();
    } else {
        rest(ring);
    }
}

void rings_due(void) {
    for (struct ring *ring = rings; ring != NULL; ring = ring->next) {
        if (ring->resting) {
            if (read_ring(ring)) {
                rest(ring);
            } else {
                arm(ring);
            }
        }
    }
    watch_settle();
}

static int open_event(uint16_t id, int processor) {
    struct perf_event_attr event = {
        .type = PERF_TYPE_TRACEPOINT,
        .size = sizeof event,
        .config = id,
        .sample_period = 1,
        .sample_type = PERF_SAMPLE_RAW,
        .wakeup_events = 1,
    };
    return (int)syscall(SYS_perf_event_open, &event, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

// Opens one processor's events; both kinds share a buffer.
static bool begin_on(int processor) {
    struct ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        return false;
    }
    ring->source.ready = ring_ready;
    ring->page_size = (size_t)sysconf(_SC_PAGESIZE);
    ring->source.fd = open_event(tcp.id, processor);
    if (ring->source.fd < 0) {
        free(ring);
        return false;
    }
    void *memory = mmap(NULL, (PAGES + 1) * ring->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->source.fd, 0);
    if (memory == MAP_FAILED || ioctl(ring->source.fd, PERF_EVENT_IOC_SET_FILTER, FILTER) != 0) {
        complain("perf", errno);
        close(ring->source.fd);
        free(ring);
        return false;
    }
    ring->page = memory;
    ring->next = rings;
    rings = ring;
    if (udp.id != 0) {
        int second = open_event(udp.id, processor);
        if (second < 0 || ioctl(second, PERF_EVENT_IOC_SET_OUTPUT, ring->source.fd) != 0) {
            complain("probe of UDP", errno);
            udp.id = 0;
        }
    }
    loop_add(&ring->source, EPOLLIN | EPOLLONESHOT);
    return true;
}

bool perf_has_udp(void) {
    return udp.id != 0;
}

bool perf_begin(void) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/events", options.tracing);
    if (access(path, F_OK) != 0) {
        mount("tracefs", options.tracing, "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    }
    if (!learn_tcp()) {
        return false;
    }
    if (!learn_udp()) {
        udp.id = 0;
    }
    int begun = 0;
    long processors = sysconf(_SC_NPROCESSORS_CONF);
    for (int i = 0; i < processors && i < PROCESSORS; i++) {
        begun += begin_on(i);
    }
    return begun > 0;
}
