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
#include <sys/statvfs.h>
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

enum {
    SHOW_CONTENT = 3,
    SHOW_ATTRIBUTES = 4,
    SHOW_BY_SIGN = 0x80,
    // Kind, seconds, nanoseconds, length of the mount point.
    TOUCH_HEAD = 1 + 8 + 4 + 2,
    MAX_PATH = 4096,
    // Of what waits for the other process. The kernel counts some hundred bytes for each message beside its own.
    TOUCH_BUFFER = 1 << 20,
};

// From linux/mount.h, which the headers of older C libraries do not go well with; the numbers are the same everywhere.
enum { NR_OPEN_TREE = 428, NR_MOUNT_SETATTR = 442, TREE_CLONE = 1, ATTR_READ_ONLY = 1 };
struct mount_change {
    uint64_t set, clear, propagation, namespace;
};

static bool newer(struct timespec a, struct timespec b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

// The kernel's struct statx, which not every C library knows.
struct facts_time {
    int64_t seconds;
    uint32_t nanos;
    int32_t unused;
};
struct facts {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, unused;
    uint64_t inode, size, blocks, attributes_mask;
    struct facts_time accessed, born, changed, modified;
    uint64_t rest[16];
};
_Static_assert(sizeof(struct facts) == 256, "statx(2)");
enum { FORCE_SYNC = 0x2000, BASIC_STATS = 0x7ff };

static struct timespec plain(struct facts_time time) {
    return (struct timespec){.tv_sec = (time_t)time.seconds, .tv_nsec = (long)time.nanos};
}

// Has watchers see the file without a change of its content. Of its time, the kernel tells them two different things.
static void show(int file, int kind, bool by_sign, struct timespec time) {
    char same[40];
    struct facts facts;
    // What the server says, and not what was kept of what it once said.
    if (syscall(SYS_statx, file, "", AT_EMPTY_PATH | FORCE_SYNC, BASIC_STATS, &facts) != 0
        || !(S_ISREG(facts.mode) || S_ISDIR(facts.mode))) {
        return;
    }
    if (!by_sign && newer(plain(facts.modified), time)) {
        // It has changed since, and that will be told too; its new time must not be lost.
        return;
    }
    snprintf(same, sizeof same, "/proc/self/fd/%d", file);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, time};
    if (kind == SHOW_ATTRIBUTES) {
        times[0] = plain(facts.accessed);
    }
    int failed = utimensat(AT_FDCWD, same, times, 0);
    // Nothing is written, but whoever waits for the end of writing sees it. A program that is open for writing cannot be
    // run at that moment.
    if (failed == 0 && kind == SHOW_CONTENT && S_ISREG(facts.mode) && !(facts.mode & 0111)) {
        int writer = open(same, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (writer >= 0) {
            close(writer);
        }
    }
}

// The mounted directory; -1 when nothing is mounted there.
static int mounted(const char *point) {
    struct stat inside;
    struct stat outside;
    int folder = open(point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && !options.touch_anywhere
        && (fstat(folder, &inside) != 0 || fstatat(folder, "..", &outside, 0) != 0 || inside.st_dev == outside.st_dev)) {
        close(folder);
        return -1;
    }
    return folder;
}

// The same directory by a mount of our own, which is in no mount table, is gone when it is closed, and is not read-only.
static int writable(int folder) {
    struct mount_change change = {.clear = ATTR_READ_ONLY};
    struct statvfs status;
    if (fstatvfs(folder, &status) != 0 || !(status.f_flag & ST_RDONLY)) {
        return folder;
    }
    int tree = (int)syscall(NR_OPEN_TREE, folder, "", AT_EMPTY_PATH | O_CLOEXEC | TREE_CLONE);
    if (tree < 0) {
        return folder;
    }
    syscall(NR_MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &change, sizeof change);
    close(folder);
    return tree;
}

// What the path leads to below the folder, which it does not leave; by no link, and into no other mount. Takes the
// folder, and cuts the path.
static int below(int folder, char *path) {
    struct stat first;
    struct stat status;
    int file = folder;
    if (fstat(file, &first) != 0) {
        close(file);
        return -1;
    }
    for (char *name = path, *next; name != NULL && *name != '\0'; name = next) {
        next = strchr(name, '/');
        if (next != NULL) {
            *next++ = '\0';
        }
        int inner = *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0
            ? -1
            : openat(file, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | (next != NULL ? O_DIRECTORY : 0));
        close(file);
        if (inner < 0) {
            return -1;
        }
        file = inner;
        if (fstat(file, &status) != 0 || status.st_dev != first.st_dev) {
            close(file);
            return -1;
        }
    }
    return file;
}

// One message, which is as long as it says: touch_told() has looked.
static void touch(const uint8_t *message, size_t size) {
    char point[MAX_PATH + 1];
    char path[MAX_PATH + 1];
    size_t length = get16(message + 13);
    memcpy(point, message + TOUCH_HEAD, length);
    point[length] = '\0';
    memcpy(path, message + TOUCH_HEAD + length, size - TOUCH_HEAD - length);
    path[size - TOUCH_HEAD - length] = '\0';
    struct timespec time = {.tv_sec = (time_t)get64(message + 1), .tv_nsec = (long)get32(message + 9)};
    int folder = mounted(point);
    if (folder >= 0 && message[0] & SHOW_BY_SIGN) {
        folder = writable(folder);
    }
    int file = folder < 0 ? -1 : below(folder, path);
    if (file >= 0) {
        show(file, message[0] & ~SHOW_BY_SIGN, message[0] & SHOW_BY_SIGN, time);
        close(file);
    }
}

static void touch_all(int from) {
    static uint8_t message[TOUCH_HEAD + 2 * MAX_PATH];
    for (ssize_t size; (size = recv(from, message, sizeof message, 0)) > 0;) {
        touch(message, (size_t)size);
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

// A kind of an earlier version, or of a later one, is passed over.
static bool is_sound(const uint8_t *body, size_t size) {
    int kind = size > TOUCH_HEAD ? body[0] & ~SHOW_BY_SIGN : 0;
    if ((kind != SHOW_CONTENT && kind != SHOW_ATTRIBUTES) || get32(body + 9) >= 1000000000 || body[TOUCH_HEAD] != '/') {
        return false;
    }
    size_t point = get16(body + 13);
    return point < MAX_PATH && TOUCH_HEAD + point <= size && size - TOUCH_HEAD - point < MAX_PATH
        && memchr(body + TOUCH_HEAD, 0, size - TOUCH_HEAD) == NULL;
}

void touch_told(struct session *session, const uint8_t *body, size_t size) {
    if (!is_sound(body, size)) {
        return;
    }
    if (options.touch_here) {
        touch(body, size);
        return;
    }
    for (int attempt = 0; attempt < 2; attempt++) {
        int pair[2];
        if (touches < 0) {
            if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
                return;
            }
            int room = TOUCH_BUFFER;
            if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0) {
                setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
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
        if (send(touches, body, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
            return;
        }
        if (errno == EAGAIN) {
            session->remark = "some changes of files are not told to watchers: a mount takes its time";
            return;
        }
        close(touches);
        touches = -1;
    }
}
