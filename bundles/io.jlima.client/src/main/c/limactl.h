// SPDX-License-Identifier: Apache-2.0
// What the parts of limactl know of each other.
#ifndef LIMACTL_H
#define LIMACTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Client to daemon.
enum { REQUEST = 0, STDIN = 1, RESIZE = 2, SIGNAL = 3, OUTPUT_LEFT = 4 };
// Daemon to client.
enum {
    ACCEPTED = 10,
    OTHER_VERSION = 11,
    STDOUT = 12,
    STDERR = 13,
    EXIT = 14,
    STDIN_CREDIT = 15,
    RAW_TERMINAL = 16,
    CATCH_SIGNALS = 17,
    ENDING = 18,
    NOBODY_READS = 19,
    LEAVE_OUTPUT = 20
};

enum {
    HEADER = 5,               // one byte for the type, four for the length
    LONGEST_OUTPUT = 1 << 20, // of a frame to us
    LONGEST_REQUEST = 4 << 20,
    PIECE = 65536,         // what is moved at once; a pipe of Linux holds as much
    INTERRUPTED = 130,     // exit code of a program that was interrupted: 128 + SIGINT
    UNHEARD = 141,         // and of one whose reader has gone away: 128 + SIGPIPE
    LAST_WORDS = 15,       // lines of the daemon's log that are shown when it does not answer
    ASK_ANOTHER_DAEMON = -1 // what serve() says when this daemon has not taken the command
};

extern char *home;
extern char *prefix;
extern char *version;

// A buffer that grows.
struct bytes {
    unsigned char *data;
    size_t length;
    size_t room;
};

// request.c

__attribute__((noreturn)) void leave(int code);
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
__attribute__((format(printf, 1, 2))) char *text(const char *format, ...);
void put_number(unsigned char *at, uint32_t number);
uint32_t get_number(const unsigned char *at);
char *working_directory(void);
// Version, directory, umask, terminals, size, what can be passed, words, environment, as one frame.
struct bytes encode(int count, char **words);

// daemon.c

char *socket_path(void);
int connect_to_daemon(void);

// terminal.c

extern int signal_pipe[2];
// Also called by signal handlers: tcsetattr is safe there.
void restore_terminal(void);
void catch_signals(void);
void raw_terminal(bool raw);
void answer_signals(void);

// talk.c

extern int connection;
extern bool accepted;
// A daemon that is gone is noticed where its frames are read, and perhaps it has sent the exit code before.
void send_all(const unsigned char *data, size_t length);
// The body lies behind room for the header.
void send_frame(unsigned char type, unsigned char *frame, size_t length);
// Writes some of it; how much.
size_t write_output(int to, const unsigned char *data, size_t length);
// Carries frames until the command has ended.
int serve(void);

#endif
