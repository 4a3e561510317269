// SPDX-License-Identifier: Apache-2.0
// Speaks as sshfs and libfuse do, with pipes for the server and the kernel, and says what became of each error.
#include <errno.h>
#include <linux/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { INIT = 1, MKDIR = 14, WRITE = 6, STATUS = 101, DATA = 103 };

static int server[2];
static int requests[2];
static int kernel[2];

static void check(const char *what, int good) {
    if (!good) {
        printf("FAIL %s\n", what);
        exit(1);
    }
}

static void put(unsigned char *at, uint32_t number) {
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(number >> (24 - 8 * i));
    }
}

static void ask(unsigned char type, uint32_t number) {
    unsigned char head[9] = {0, 0, 0, 9, type};
    char rest[4] = "rest";
    char got[13];
    put(head + 5, number);
    struct iovec pieces[] = {{head, sizeof head}, {rest, sizeof rest}};
    check("a request is written", writev(requests[1], pieces, 2) == 13);
    check("a request is the same", read(requests[0], got, sizeof got) == 13 && memcmp(got, head, sizeof head) == 0);
}

// Reads an answer as sshfs does, the head first. Only whole pieces are there at a time.
static void answer(unsigned char type, uint32_t number, uint32_t code, size_t piece) {
    unsigned char packet[17] = {0, 0, 0, 13, type};
    put(packet + 5, number);
    put(packet + 9, code);
    memcpy(packet + 13, "tail", 4);
    size_t sizes[] = {5, 12};
    size_t at = 0;
    for (int part = 0; part < 2; part++) {
        unsigned char got[12];
        size_t have = 0;
        while (have < sizes[part]) {
            size_t some = sizes[part] - have < piece ? sizes[part] - have : piece;
            check("the server says it", write(server[1], packet + at, some) == (ssize_t)some);
            ssize_t n = read(server[0], got + have, sizes[part] - have);
            check("it is heard as it is", n == (ssize_t)some && memcmp(got + have, packet + at, some) == 0);
            at += some;
            have += some;
        }
    }
}

static int told(int error) {
    struct fuse_out_header reply = {.len = sizeof reply, .error = error, .unique = 7};
    struct iovec piece = {&reply, sizeof reply};
    struct fuse_out_header got;
    check("the kernel is told", writev(kernel[1], &piece, 1) == sizeof reply);
    check("all of it", read(kernel[0], &got, sizeof got) == sizeof got && got.unique == 7 && got.len == sizeof got);
    check("what sshfs has is left alone", reply.error == error);
    return got.error;
}

static void write_fails(uint32_t number, uint32_t code, size_t piece) {
    ask(WRITE, number);
    answer(STATUS, number, code, piece);
}

int main(void) {
    check("pipes", pipe(server) == 0 && pipe(requests) == 0 && pipe(kernel) == 0);
    check("at first an I/O error is one", told(-EIO) == -EIO);
    for (size_t piece = 1; piece <= 12; piece++) {
        write_fails(1, 14, piece);
        check("no space", told(-EIO) == -ENOSPC);
        write_fails(2, 4, piece);
        check("a write that fails otherwise", told(-EIO) == -EIO);
    }
    ask(MKDIR, 3);
    answer(STATUS, 3, 14, 12);
    check("no space for what is no write", told(-EIO) == -ENOSPC);
    ask(MKDIR, 4);
    answer(STATUS, 4, 4, 12);
    check("what fails with an errno of its own changes nothing", told(-EIO) == -ENOSPC && told(-EPERM) == -EPERM);
    ask(WRITE, 5);
    answer(STATUS, 5, 0, 12);
    check("nor does what succeeds", told(-EIO) == -ENOSPC && told(0) == 0);
    answer(DATA, 5, 4, 12);
    check("nor what is data", told(-EIO) == -ENOSPC);
    ask(MKDIR, 6);
    answer(STATUS, 6, 26, 12);
    check("another error that sshfs does not know", told(-EIO) == -EIO);
    write_fails(0xffffffff, 14, 12);
    check("the last of numbers", told(-EIO) == -ENOSPC);

    // Of more on the way than are kept the oldest are forgotten, and none is taken for another.
    write_fails(7, 4, 12);
    check("another failure", told(-EIO) == -EIO);
    ask(WRITE, 8);
    ask(WRITE, 8 + 4096);
    answer(STATUS, 8 + 4096, 14, 12);
    check("the latter", told(-EIO) == -ENOSPC);
    answer(STATUS, 8, 4, 12);
    check("the former", told(-EIO) == -ENOSPC);

    // What is written to the server is left alone, whatever it looks like.
    struct fuse_out_header same = {.len = sizeof same, .error = -EIO};
    struct fuse_out_header sent;
    struct iovec rest = {&same, sizeof same};
    check("a rest is written", writev(requests[1], &rest, 1) == sizeof same);
    check("as it is", read(requests[0], &sent, sizeof sent) == sizeof sent && sent.error == -EIO);

    // What is on its way when the connection is lost, and what was open before, are I/O errors.
    ask(INIT, 3);
    check("a new connection", told(-EIO) == -EIO);
    write_fails(9, 14, 12);
    int closed[2];
    unsigned char head[5];
    check("another pipe", pipe(closed) == 0 && close(closed[1]) == 0);
    check("a connection that is lost", read(closed[0], head, sizeof head) == 0);
    check("makes I/O errors", told(-EIO) == -EIO);
    write_fails(10, 14, 12);

    // What is read otherwise, of the same file or another, is nobody's answer.
    unsigned char other[40] = {0, 0, 0, 13, STATUS, 0, 0, 0, 2, 0, 0, 0, 4};
    check("other words", write(server[1], other, sizeof other) == sizeof other);
    check("are read", read(server[0], other, sizeof other) == sizeof other);
    check("and change nothing", told(-EIO) == -ENOSPC);
    // A message of two pieces, and one that is no reply of a header alone.
    struct fuse_out_header reply = {.len = sizeof reply + 1, .error = -EIO};
    char byte = 'x';
    struct iovec pieces[] = {{&reply, sizeof reply}, {&byte, 1}};
    struct fuse_out_header got;
    check("two pieces", writev(kernel[1], pieces, 2) == sizeof reply + 1);
    check("are left alone", read(kernel[0], &got, sizeof got) == sizeof got && got.error == -EIO);
    check("the rest", read(kernel[0], &byte, 1) == 1 && byte == 'x');
    errno = 0;
    check("errors are the libc's", read(-1, &byte, 1) == -1 && errno == EBADF);
    puts("good");
    return 0;
}
