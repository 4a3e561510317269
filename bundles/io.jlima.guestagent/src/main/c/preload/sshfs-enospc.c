// SPDX-License-Identifier: Apache-2.0
// Loaded into sshfs by LD_PRELOAD, so that whoever writes to a full disk of the host hears ENOSPC. sshfs makes EIO of that,
// whatever the server's words: this reads along what the server answers, and mends what the kernel is told. It knows
// nothing of sshfs and libfuse but what they speak, SFTP (draft-ietf-secsh-filexfer-02) and the messages of linux/fuse.h,
// and of the guest's libc only what each has, so that one file does for all guests of an architecture.
#include <errno.h>
#include <linux/fuse.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// SSH_FXP_WRITE, SSH_FXP_STATUS; SSH_FX_OK, the last code of version 3, SSH_FX_NO_SPACE_ON_FILESYSTEM of version 5.
enum { WRITE = 6, STATUS = 101, OK = 0, LAST = 8, NO_SPACE = 14 };

// A packet begins with length and type, which sshfs reads by themselves; then come the number of the request, and in a
// STATUS the code.
enum { HEAD = 5, NUMBER = 4, CODE = 4 };

// The requests to write among those on their way, by the last bits of their numbers, which count up. Far more than sshfs
// ever has on the way: the kernel asks it for a few dozen things at a time.
enum { REQUESTS = 4096 };
static atomic_bool writes[REQUESTS];

// Whether the last answer of which sshfs makes EIO was that there is no space.
static atomic_bool full;

// What this thread has read of a packet, and where from.
static _Thread_local int stream = -1;
static _Thread_local size_t have;
static _Thread_local unsigned char packet[HEAD + NUMBER + CODE];

// What dlfcn.h has, where a libc has it; what is not ISO C cast away.
typedef void function(void);
extern function *dlsym(void *, const char *) __attribute__((weak));
#define AFTER_THIS ((void *)-1L)

static uint32_t number_at(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void answered(uint32_t request, uint32_t code) {
    // What else fails has an errno of its own.
    if (code > LAST || (code != OK && atomic_load(&writes[request % REQUESTS]))) {
        atomic_store(&full, code == NO_SPACE);
    }
}

static void heard(int fd, const unsigned char *data, size_t got) {
    if (fd != stream) {
        stream = fd;
        have = 0;
    }
    for (size_t i = 0; i < got && have < sizeof packet; i++) {
        packet[have++] = data[i];
    }
    if (have >= HEAD && packet[HEAD - 1] != STATUS) {
        stream = -1;
    } else if (have == sizeof packet) {
        stream = -1;
        answered(number_at(packet + HEAD), number_at(packet + HEAD + NUMBER));
    }
}

// Both go through libc, since libfuse ends its threads by cancelling them where they wait; pthreads(7).
ssize_t read(int fd, void *data, size_t size) {
    typedef ssize_t reader(int, void *, size_t);
    static _Atomic(reader *) next;
    reader *call = atomic_load(&next);
    if (call == NULL && dlsym != NULL) {
        call = (reader *)dlsym(AFTER_THIS, "read");
        atomic_store(&next, call);
    }
    ssize_t got = call != NULL ? call(fd, data, size) : syscall(SYS_read, fd, data, size);
    if (got > 0 && (size == HEAD || fd == stream)) {
        heard(fd, data, (size_t)got);
    }
    return got;
}

// What glibc has in the place of read(2) for programs that were compiled with _FORTIFY_SOURCE.
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room) {
    if (size > room) {
        __builtin_trap();
    }
    return read(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    typedef ssize_t writer(int, const struct iovec *, int);
    static _Atomic(writer *) next;
    writer *call = atomic_load(&next);
    if (call == NULL && dlsym != NULL) {
        call = (writer *)dlsym(AFTER_THIS, "writev");
        atomic_store(&next, call);
    }
    struct fuse_out_header reply;
    struct iovec mended = {.iov_base = &reply, .iov_len = sizeof reply};
    if (count > 0 && pieces[0].iov_len == HEAD + NUMBER) {
        // A request: sshfs has its head in a piece of its own.
        const unsigned char *head = pieces[0].iov_base;
        atomic_store(&writes[number_at(head + HEAD) % REQUESTS], head[HEAD - 1] == WRITE);
    } else if (count == 1 && pieces[0].iov_len == sizeof reply && atomic_load(&full)) {
        reply = *(const struct fuse_out_header *)pieces[0].iov_base;
        if (reply.len == sizeof reply && reply.error == -EIO) {
            reply.error = -ENOSPC;
            pieces = &mended;
        }
    }
    return call != NULL ? call(fd, pieces, count) : syscall(SYS_writev, fd, pieces, count);
}
