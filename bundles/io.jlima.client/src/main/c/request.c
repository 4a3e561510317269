// SPDX-License-Identifier: Apache-2.0
// Words for people, and the request that the daemon is sent.

#include "limactl.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

extern char **environ;

// ---- Words for people ----

void leave(int code) {
    restore_terminal();
    exit(code);
}

void fail(const char *format, ...) {
    restore_terminal();
    va_list arguments;
    va_start(arguments, format);
    fputs("limactl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

char *text(const char *format, ...) {
    va_list arguments;
    char *made = NULL;
    va_start(arguments, format);
    if (vasprintf(&made, format, arguments) < 0) {
        fail("out of memory");
    }
    va_end(arguments);
    return made;
}

// ---- Bytes ----

static void append(struct bytes *to, const void *data, size_t length) {
    if (length > to->room - to->length) {
        size_t room = (to->length + length) * 2;
        unsigned char *grown = realloc(to->data, room);
        if (grown == NULL) {
            fail("out of memory");
        }
        to->data = grown;
        to->room = room;
    }
    if (length > 0) {
        memcpy(to->data + to->length, data, length);
        to->length += length;
    }
}

void put_number(unsigned char *at, uint32_t number) {
    at[0] = (unsigned char) (number >> 24);
    at[1] = (unsigned char) (number >> 16);
    at[2] = (unsigned char) (number >> 8);
    at[3] = (unsigned char) number;
}

uint32_t get_number(const unsigned char *at) {
    return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

static void append_number(struct bytes *to, size_t number) {
    unsigned char four[4];
    put_number(four, (uint32_t) number);
    append(to, four, sizeof four);
}

static void append_string(struct bytes *to, const char *string, size_t length) {
    append_number(to, length);
    append(to, string, length);
}

static void append_text(struct bytes *to, const char *string) {
    append_string(to, string, strlen(string));
}

// ---- The request ----

char *working_directory(void) {
    char *directory = getcwd(NULL, 0);
    // As a JVM has it: where there is no directory any more, the root must do.
    return directory != NULL && directory[0] == '/' ? directory : text("/");
}

// Whether the daemon can open the stream itself, and have what is as good: a pipe without a name, or /dev/null. A file
// would begin at its first byte, a named pipe may wait for its other end, and a terminal knows who may use it.
static bool can_be_passed(int stream, struct stat *kind) {
    int modes = fcntl(stream, F_GETFL);
    if (modes < 0 || (modes & O_ACCMODE) == (stream == 0 ? O_WRONLY : O_RDONLY) || fstat(stream, kind) < 0) {
        return false;
    }
    if (S_ISCHR(kind->st_mode)) {
        return kind->st_rdev == makedev(1, 3);
    }
    struct statfs where;
    return S_ISFIFO(kind->st_mode) && fstatfs(stream, &where) == 0 && where.f_type == PIPEFS_MAGIC;
}

// Which streams the daemon may open: this process, then stream, device and inode of each. Both outputs come to their
// readers in the order in which they are written, so a file beside a pipe leaves them both to us. People at a terminal
// do not read that fast.
static char *passed_streams(const char *terminals) {
    char *passed = text("%ld", (long) getpid());
    struct stat kinds[3];
    bool can[3];
    for (int stream = 0; stream <= 2; stream++) {
        can[stream] = can_be_passed(stream, &kinds[stream]);
    }
    bool outputs = (can[1] || terminals[1] == '1') && (can[2] || terminals[2] == '1');
    for (int stream = 0; stream <= 2; stream++) {
        if (can[stream] && (stream == 0 || outputs)) {
            char *longer = text("%s %d:%llu:%llu", passed, stream, (unsigned long long) kinds[stream].st_dev,
                                (unsigned long long) kinds[stream].st_ino);
            free(passed);
            passed = longer;
        }
    }
    return passed;
}

// Version, directory, umask, terminals, size, what can be passed, words, environment, as one frame.
struct bytes encode(int count, char **words) {
    struct bytes to = {0};
    unsigned char header[HEADER] = {REQUEST};
    append(&to, header, sizeof header);
    append_text(&to, version);
    char *directory = working_directory();
    append_text(&to, directory);
    free(directory);
    mode_t mask = umask(0);
    umask(mask);
    char *octal = text("%04o", (unsigned) mask);
    append_text(&to, octal);
    free(octal);
    char terminals[] = {isatty(0) ? '1' : '0', isatty(1) ? '1' : '0', isatty(2) ? '1' : '0'};
    append_string(&to, terminals, sizeof terminals);
    struct winsize size;
    if (terminals[1] == '1' && ioctl(1, TIOCGWINSZ, &size) == 0) {
        char *rows_columns = text("%d %d", size.ws_row, size.ws_col);
        append_text(&to, rows_columns);
        free(rows_columns);
    } else {
        append_text(&to, "");
    }
    char *passed = passed_streams(terminals);
    append_text(&to, passed);
    free(passed);
    append_number(&to, (size_t) count);
    for (int i = 0; i < count; i++) {
        append_text(&to, words[i]);
    }
    size_t at = to.length;
    append_number(&to, 0);
    uint32_t variables = 0;
    for (char **variable = environ; *variable != NULL; variable++) {
        const char *equals = strchr(*variable, '=');
        if (equals != NULL) {
            append_string(&to, *variable, (size_t) (equals - *variable));
            append_text(&to, equals + 1);
            variables++;
        }
    }
    put_number(to.data + at, variables);
    if (to.length - HEADER > LONGEST_REQUEST) {
        fail("arguments and environment are longer than the %d MiB that the daemon takes", LONGEST_REQUEST >> 20);
    }
    put_number(to.data + 1, (uint32_t) (to.length - HEADER));
    return to;
}
