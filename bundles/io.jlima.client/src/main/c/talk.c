// SPDX-License-Identifier: Apache-2.0
// Talks with the daemon: frames, and the caller's streams.

#include "limactl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- The connection ----

int connection = -1;
bool accepted;

// A daemon that is gone is noticed where its frames are read, and perhaps it has sent the exit code before.
void send_all(const unsigned char *data, size_t length) {
    while (length > 0) {
        ssize_t sent = send(connection, data, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return;
        }
        if (sent > 0) {
            data += sent;
            length -= (size_t) sent;
        }
    }
}

// The body lies behind room for the header.
void send_frame(unsigned char type, unsigned char *frame, size_t length) {
    frame[0] = type;
    put_number(frame + 1, (uint32_t) length);
    send_all(frame, HEADER + length);
}

static void await_end(void) {
    unsigned char ignored[256];
    ssize_t count;
    do {
        count = recv(connection, ignored, sizeof ignored, 0);
    } while (count > 0 || (count < 0 && errno == EINTR));
}

// ---- Streams ----

static uint32_t credit;
static bool input_ended;

static void grant(uint32_t bytes) {
    if (bytes > INT_MAX - credit) {
        fail("the daemon sent a frame that makes no sense");
    }
    credit += bytes;
}

// Sends what the daemon has room for, and an empty frame at the end of the input.
static void read_input(void) {
    static unsigned char frame[HEADER + PIECE];
    ssize_t count = read(0, frame + HEADER, credit < PIECE ? credit : PIECE);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    // An input that cannot be read, a directory or a lost terminal, is one that has ended.
    size_t length = count > 0 ? (size_t) count : 0;
    input_ended = length == 0;
    credit -= (uint32_t) length;
    send_frame(STDIN, frame, length);
}

static void write_failed(int to) {
    if (errno == EINTR || errno == EAGAIN) {
        return;
    }
    if (errno == EPIPE) {
        // Whoever started us has the signal ignored that would have ended us. It is no error all the same.
        leave(UNHEARD);
    }
    fail("cannot write to standard %s: %s", to == 1 ? "output" : "error", strerror(errno));
}

// How much can be written without waiting for the reader, once poll has said that something can.
static size_t fitting(int to, size_t length) {
    struct stat kind;
    int queued;
    if (length <= PIPE_BUF || fstat(to, &kind) < 0 || !S_ISFIFO(kind.st_mode)) {
        return length;
    }
    // An empty pipe takes all that it can hold, any other that poll calls writable at least PIPE_BUF; see pipe(7).
    int holds = ioctl(to, FIONREAD, &queued) == 0 && queued == 0 ? fcntl(to, F_GETPIPE_SZ) : 0;
    size_t room = holds > PIPE_BUF ? (size_t) holds : PIPE_BUF;
    return length < room ? length : room;
}

// Writes some of it; how much.
size_t write_output(int to, const unsigned char *data, size_t length) {
    ssize_t written = write(to, data, fitting(to, length));
    if (written < 0) {
        write_failed(to);
        return 0;
    }
    return (size_t) written;
}

// ---- Frames ----

// What came from the daemon and was not dealt with yet.
static unsigned char buffer[PIECE + HEADER];
static size_t begin;
static size_t end;

// Of the output that is being written.
static int output = -1;
static size_t output_left;

// False at the end of the connection.
static bool receive(void) {
    if (begin > 0) {
        memmove(buffer, buffer + begin, end - begin);
        end -= begin;
        begin = 0;
    }
    ssize_t count = recv(connection, buffer + end, sizeof buffer - end, 0);
    if (count > 0) {
        end += (size_t) count;
    }
    return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

static size_t expected_length(unsigned char type) {
    switch (type) {
    case EXIT:
    case ENDING:
    case STDIN_CREDIT:
        return 4;
    case RAW_TERMINAL:
        return 1;
    default:
        return 0;
    }
}

// Deals with the next whole frame, or the beginning of an output, if there is one. True when `code` is known.
static bool next_frame(int *code) {
    const unsigned char *frame = buffer + begin;
    unsigned char type = frame[0];
    size_t length = get_number(frame + 1);
    const unsigned char *body = frame + HEADER;
    if (type == STDOUT || type == STDERR) {
        if (length > LONGEST_OUTPUT) {
            fail("the daemon sent a frame that makes no sense");
        }
        begin += HEADER;
        output = type == STDOUT ? 1 : 2;
        output_left = length;
        return false;
    }
    if (type < ACCEPTED || type > LEAVE_OUTPUT) {
        fail("the daemon sent a frame of unknown type %d", type);
    }
    if (length != expected_length(type)) {
        fail("the daemon sent a frame that makes no sense");
    }
    begin += HEADER + length;
    switch (type) {
    case ACCEPTED:
        accepted = true;
        return false;
    case OTHER_VERSION:
        // It ends now; wait for that, so that its lock is free for a daemon of our version.
        await_end();
        *code = ASK_ANOTHER_DAEMON;
        return true;
    case STDIN_CREDIT:
        grant(get_number(body));
        return false;
    case RAW_TERMINAL:
        raw_terminal(body[0] != 0);
        return false;
    case CATCH_SIGNALS:
        catch_signals();
        return false;
    case LEAVE_OUTPUT:
        // All that came before it is written.
        send_frame(OUTPUT_LEFT, (unsigned char[HEADER]){0}, 0);
        return false;
    case NOBODY_READS:
        // Of a pipe that the daemon writes. Whoever writes it here dies of the signal, unless that is ignored.
        raise(SIGPIPE);
        leave(UNHEARD);
    case ENDING:
        // The command was to end the daemon: it is done when the daemon is gone, and the connection with it.
        await_end();
        *code = (int) (get_number(body) & 0xff);
        return true;
    default:
        *code = (int) (get_number(body) & 0xff);
        return true;
    }
}

static bool has_frame(void) {
    size_t held = end - begin;
    if (held < HEADER) {
        return false;
    }
    // What follows is at most four bytes, unless it is output, which need not be there as a whole.
    size_t needed = HEADER + expected_length(buffer[begin]);
    return held >= needed || get_number(buffer + begin + 1) != needed - HEADER;
}

// What the daemon's end leaves to be said.
static int ended(void) {
    if (!accepted) {
        return ASK_ANOTHER_DAEMON;
    }
    if (output_left > 0 || end > begin) {
        fail("the daemon's answer was cut off");
    }
    fail("the daemon ended before the command was done; virtual machines are not affected."
         " Give the command again; the daemon's last words are shown by: limactl daemon log");
}

// Waits until something can be moved, and moves it. False at the end of the connection.
static bool move_some(size_t writable) {
    enum { SOCKET, SIGNALS, INPUT, OUTPUT, ALL };
    struct pollfd wait[ALL] = {
        [SOCKET] = {.fd = writable == 0 ? connection : -1, .events = POLLIN},
        [SIGNALS] = {.fd = signal_pipe[0], .events = POLLIN},
        [INPUT] = {.fd = credit > 0 && !input_ended ? 0 : -1, .events = POLLIN},
        [OUTPUT] = {.fd = writable > 0 ? output : -1, .events = POLLOUT},
    };
    if (poll(wait, ALL, -1) < 0) {
        if (errno != EINTR) {
            fail("cannot wait: %s", strerror(errno));
        }
        return true;
    }
    if (wait[SIGNALS].revents != 0) {
        answer_signals();
    }
    if (wait[OUTPUT].revents != 0) {
        size_t written = write_output(output, buffer + begin, writable);
        begin += written;
        output_left -= written;
    }
    if (wait[SOCKET].revents != 0 && !receive()) {
        return false;
    }
    if (wait[INPUT].revents != 0) {
        read_input();
    }
    return true;
}

// Carries frames until the command has ended.
int serve(void) {
    begin = end = output_left = 0;
    int code;
    while (true) {
        size_t held = end - begin;
        size_t writable = held < output_left ? held : output_left;
        if (output_left == 0 && has_frame()) {
            if (next_frame(&code)) {
                return code;
            }
        } else if (!move_some(writable)) {
            return ended();
        }
    }
}
