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

// SSH_FXP_INIT, SSH_FXP_WRITE, SSH_FXP_STATUS.
enum { INIT = 1, WRITE = 6, STATUS = 101 };

// SSH_FX_OK, the last code of version 3, and SSH_FX_NO_SPACE_ON_FILESYSTEM of version 5.
enum { OK = 0, LAST = 8, NO_SPACE = 14 };

// A packet begins with length and type, which sshfs reads by themselves; then come the number of the request, and in a
// STATUS the code.
enum { HEAD = 5, NUMBER = 4, CODE = 4 };

// The latest requests to write, each at the place that the last bits of its number say; the numbers count up. sshfs does not
// wait for the answers to what it writes, so of very many on the way some are forgotten, and count as something else.
enum { REQUESTS = 4096 };
static atomic_uint writes[REQUESTS];

// Whether what sshfs last made EIO of was an answer that there is no space.
static atomic_bool full;

// Where the last request went: the kernel is never told anything there.
static atomic_int server = -1;

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
    if (code > LAST || (code != OK && atomic_load(&writes[request % REQUESTS]) == request)) {
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

// A request: sshfs has its head in a piece of its own.
static void asked(int fd, const unsigned char *head) {
    unsigned char type = head[HEAD - 1];
    uint32_t request = number_at(head + HEAD);
    atomic_store(&server, fd);
    if (type == WRITE) {
        atomic_store(&writes[request % REQUESTS], request);
    } else if (type == INIT) {
        // A new connection, to which files that were open before are EIO.
        atomic_store(&full, false);
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
    if (size == HEAD || fd == stream) {
        if (got > 0) {
            heard(fd, data, (size_t)got);
        } else if (got == 0 || errno != EINTR) {
            // The connection is lost, and sshfs makes EIO of all that was on its way.
            atomic_store(&full, false);
            stream = -1;
        }
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
        asked(fd, pieces[0].iov_base);
    } else if (count == 1 && pieces[0].iov_len == sizeof reply && fd != atomic_load(&server) && atomic_load(&full)) {
        reply = *(const struct fuse_out_header *)pieces[0].iov_base;
        if (reply.len == sizeof reply && reply.error == -EIO) {
            reply.error = -ENOSPC;
            pieces = &mended;
        }
    }
    return call != NULL ? call(fd, pieces, count) : syscall(SYS_writev, fd, pieces, count);
}
