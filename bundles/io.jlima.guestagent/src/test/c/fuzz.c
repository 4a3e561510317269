// SPDX-License-Identifier: Apache-2.0
// Feeds the agent's side of a session with what a host may send, sound or not. LLVMFuzzerTestOneInput() is libFuzzer's
// entry point; compiled with -DDRIVER it has a simple driver of its own:
//   fuzz SECONDS [SEED]
// Whatever the input asks for is done in a cage: no network but its own, no files but an empty folder's.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
    (void)written;
    close(fd);
}

static void enter_cage(void) {
    char map[64];
    unsigned uid = getuid();
    unsigned gid = getgid();
    int namespaces = CLONE_NEWNET | CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER);
    if (unshare(namespaces) != 0) {
        perror("no cage");
        exit(77);
    }
    if (uid != 0) {
        write_text("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", uid);
        write_text("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", gid);
        write_text("/proc/self/gid_map", map);
    }
    // The sanitizer looks into /proc when it ends.
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "/tmp", "tmpfs", 0, NULL) != 0
        || mkdir("/tmp/pr", 0755) != 0 || mkdir("/tmp/pr/ax", 0755) != 0 || mknod("/tmp/pr/ax/yb", S_IFREG | 0644, 0) != 0
        || mkdir("/tmp/proc", 0755) != 0 || mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL) != 0
        || chroot("/tmp") != 0 || chdir("/") != 0) {
        perror("no cage");
        exit(77);
    }
}

static void begin(void) {
    static bool begun;
    if (!begun) {
        begun = true;
        enter_cage();
        options.keep_clock = true;
        options.no_events = true;
        options.touch_anywhere = true;
        options.touch_here = true;
        loop_begin();
        diag_begin();
        watch_begin();
    }
}

static void drain(int fd) {
    static uint8_t dump[65536];
    for (int round = 0; round < 200; round++) {
        bool more = loop_once(false);
        while (recv(fd, dump, sizeof dump, MSG_DONTWAIT) > 0) {
            more = true;
        }
        if (!more) {
            return;
        }
    }
}

static void put(int fd, const uint8_t *data, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) {
            if (sent < 0 && errno != EAGAIN) {
                return;
            }
            drain(fd);
            continue;
        }
        data += sent;
        size -= (size_t)sent;
    }
    drain(fd);
}

// The first byte chooses: bytes as they are, or frames whose ends are made to fit. In the latter each frame is type,
// id, two bytes of length of its body (of which at most 4095 are there), and the body.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t frame[MAX_FRAME];
    static const uint8_t hello[RECORD] = {0xf5, 'J', 'L', 'I', 'M', 'A', 'G', 'A', 1, 1, 1, [28] = 'E', 'N', 'D', 0xfa};
    int pair[2];
    if (size < 1) {
        return 0;
    }
    begin();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        return 0;
    }
    bool raw = data[0] & 1;
    bool channel = data[0] & 2;
    if (session_begin(pair[0], channel) == NULL && session_begin(pair[0], !channel) == NULL) {
        abort();
    }
    data++;
    size--;
    if (raw) {
        put(pair[1], data, size);
    } else {
        put(pair[1], hello, sizeof hello);
        for (uint32_t tag = 0; size >= 4; tag++) {
            size_t body = get16(data + 2) % 4096;
            body = body < size - 4 ? body : size - 4;
            frame[0] = data[0];
            frame[1] = 0;
            put16(frame + 2, (unsigned)body);
            put32(frame + 4, data[1]);
            memcpy(frame + HEADER, data + 4, body);
            put32(frame + HEADER + body, tag);
            put(pair[1], frame, HEADER + body + TRAILER);
            data += 4 + body;
            size -= 4 + body;
        }
    }
    close(pair[1]);
    // A channel would end the agent with it.
    for (unsigned i = 0; i < SESSIONS; i++) {
        sessions[i].channel = false;
    }
    for (int round = 0; round < 200 && loop_once(false); round++) {
    }
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (sessions[i].used) {
            abort();
        }
    }
    return 0;
}

#ifdef DRIVER
static uint64_t state;

static uint32_t any(uint32_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % below;
}

static size_t add(uint8_t *p, unsigned type, unsigned id, const void *body, size_t size) {
    p[0] = (uint8_t)type;
    p[1] = (uint8_t)id;
    put16(p + 2, (unsigned)size);
    memcpy(p + 4, body, size);
    return 4 + size;
}

// A session as a host might lead it, to be spoiled.
static size_t sound(uint8_t *p) {
    static const uint8_t clock[16] = {[7] = 1, [15] = 100};
    static uint8_t bytes[1500];
    size_t size = 1;
    p[0] = (uint8_t)(any(8) == 0 ? 1 : any(2) * 2);
    unsigned port = 1024 + any(4);
    for (unsigned frames = any(20); frames > 0; frames--) {
        unsigned id = 1 + 2 * any(3);
        uint8_t tcp[12] = {0, 1, 0, 0, (uint8_t)(1 + any(2)), 4, (uint8_t)(port >> 8), (uint8_t)port, 127, 0, 0, 1};
        uint8_t path[12] = {0, 1, 0, 0, 3, 0, 0, 0, '/', 'a', (uint8_t)('a' + any(3))};
        // Kind, no time, three bytes of mount point, and a path below it.
        uint8_t touch[] = {(uint8_t)(3 + any(2) + 128 * any(2)), 0, 0, 0, 0, 0, 0, 0, (uint8_t)any(256), 0, 0, 0, 0, 0, 3,
            '/', 'p', 'r', 'a', 'x', '/', 'y', 'b'};
        touch[15 + any(8)] = (uint8_t)"/./apr.."[any(8)];
        uint8_t more[4] = {0, 0, (uint8_t)any(256), 0};
        switch (any(13)) {
            case 0:
                size += add(p + size, FRAME_OPEN, id, tcp, 12);
                break;
            case 1:
                size += add(p + size, FRAME_OPEN, id, path, 11);
                break;
            case 2:
                size += add(p + size, FRAME_LISTEN, id, tcp, 12);
                break;
            case 3:
                size += add(p + size, FRAME_LISTEN, id, path, 11);
                break;
            case 4:
            case 5:
                size += add(p + size, FRAME_DATA, any(2) ? id : 2 + 2 * any(4), bytes, any(sizeof bytes));
                break;
            case 6:
                size += add(p + size, FRAME_CREDIT, any(2) ? id : 2 + 2 * any(4), more, 4);
                break;
            case 7:
                size += add(p + size, FRAME_FIN, any(2) ? id : 2 + 2 * any(4), "", 0);
                break;
            case 8:
                size += add(p + size, FRAME_RESET, any(2) ? id : 2 + 2 * any(4), "", 0);
                break;
            case 9:
                size += add(p + size, FRAME_CLOCK, 0, clock, 16);
                break;
            case 10:
                size += add(p + size, FRAME_PING, 0, clock, 8);
                break;
            case 11:
                size += add(p + size, FRAME_TOUCH, 0, touch, sizeof touch - any(4));
                break;
            default:
                size += add(p + size, any(2) ? FRAME_UNLISTEN : any(256), id, bytes, any(8));
        }
    }
    return size;
}

int main(int count, char **words) {
    static uint8_t input[65536];
    int64_t end = now_ms() + (count > 1 ? atoi(words[1]) : 5) * 1000;
    state = 0x9e3779b97f4a7c15U ^ (count > 2 ? strtoull(words[2], NULL, 10) : 1);
    unsigned long runs = 0;
    while (now_ms() < end || runs < 1000) {
        size_t size = sound(input);
        for (unsigned spoils = any(3) == 0 ? 0 : any(6); spoils > 0 && size > 1; spoils--) {
            size_t at = any((uint32_t)size);
            switch (any(4)) {
                case 0:
                    input[at] = (uint8_t)any(256);
                    break;
                case 1:
                    input[at] ^= (uint8_t)(1U << any(8));
                    break;
                case 2:
                    size = at + 1;
                    break;
                default: {
                    size_t from = any((uint32_t)size);
                    size_t length = any(40);
                    length = from + length < size ? length : size - from;
                    length = at + length < sizeof input ? length : 0;
                    memmove(input + at, input + from, length);
                    size = at + length > size ? at + length : size;
                }
            }
        }
        LLVMFuzzerTestOneInput(input, size);
        runs++;
    }
    printf("%lu inputs\n", runs);
    return 0;
}
#endif
