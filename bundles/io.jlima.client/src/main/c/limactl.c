// SPDX-License-Identifier: Apache-2.0
// limactl: sends words, environment and directory of its caller to the daemon, and the daemon's answer to its caller.
// The twin of the Java class io.jlima.client.Client, for Linux; docs/design.md has the protocol. It knows nothing else.
//
// What is much and goes to a pipe does not go through here: the daemon opens the pipe itself.
// All else is copied, by one thread and one poll(2). It never makes its caller's descriptors non-blocking, since they are shared with the shell
// it was started from; instead it writes no more than fits, and a signal cuts short what blocks all the same.

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

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

extern char **environ;

static char *home;
static char *prefix;
static char *version;

// ---- Words for people ----

static void restore_terminal(void);

__attribute__((noreturn)) static void leave(int code) {
    restore_terminal();
    exit(code);
}

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    restore_terminal();
    va_list arguments;
    va_start(arguments, format);
    fputs("limactl: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...) {
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

// A buffer that grows.
struct bytes {
    unsigned char *data;
    size_t length;
    size_t room;
};

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

static void put_number(unsigned char *at, uint32_t number) {
    at[0] = (unsigned char) (number >> 24);
    at[1] = (unsigned char) (number >> 16);
    at[2] = (unsigned char) (number >> 8);
    at[3] = (unsigned char) number;
}

static uint32_t get_number(const unsigned char *at) {
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

static char *working_directory(void) {
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
static struct bytes encode(int count, char **words) {
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

// ---- The daemon ----

static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) {
        fail("no socket can be had: %s", strerror(errno));
    }
    // With its queue full of other clients a daemon takes its time, and connect waits for it.
    while (connect(connection, (struct sockaddr *) &address, sizeof address) < 0) {
        if (errno != EINTR) {
            int why = errno;
            close(connection);
            errno = why;
            return -1;
        }
    }
    return connection;
}

// Prints the end of the log that the daemon has left.
static void show_last_words(const char *log) {
    FILE *file = fopen(log, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", log, strerror(errno));
        return;
    }
    char *lines[LAST_WORDS] = {0};
    size_t count = 0;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        free(lines[count % LAST_WORDS]);
        lines[count++ % LAST_WORDS] = line;
        line = NULL;
        room = 0;
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < LAST_WORDS; i++) {
        char *shown = lines[(count + i) % LAST_WORDS];
        if (shown != NULL) {
            fputs(shown, stderr);
            free(shown);
        }
    }
}

// The daemon must not keep what this program was started with, whatever its number.
static void close_all_but_standard_streams(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
        return;
    }
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int descriptor = 3; descriptor < most; descriptor++) {
        close(descriptor);
    }
}

// Runs lib/daemon.sh, which returns when the daemon serves.
static void start_daemon(void) {
    pid_t child = fork();
    if (child < 0) {
        fail("no process can be started: %s", strerror(errno));
    }
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0) {
            _exit(1);
        }
        close_all_but_standard_streams();
        setenv("_JLIMA_PREFIX", prefix, 1);
        setenv("_JLIMA_VERSION", version, 1);
        char *script = text("%s/lib/daemon.sh", prefix);
        execl("/bin/sh", "sh", script, home, (char *) NULL);
        _exit(1);
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("the daemon's start cannot be watched: %s", strerror(errno));
        }
    }
    if (status != 0) {
        fail("the daemon could not be started");
    }
}

static char *socket_path(void) {
    char *path = text("%s/_daemon/sock", home);
    size_t limit = sizeof ((struct sockaddr_un *) NULL)->sun_path;
    if (strlen(path) >= limit) {
        fail("LIMA_HOME %s is too long for a socket in it: a socket's path may have at most %zu bytes."
             " Choose a shorter LIMA_HOME",
             home, limit - 1);
    }
    return path;
}

static int connect_to_daemon(void) {
    char *path = socket_path();
    int connection = connect_to(path);
    if (connection < 0) {
        start_daemon();
        connection = connect_to(path);
    }
    if (connection < 0) {
        char *log = text("%s/_daemon/log", home);
        fprintf(stderr, "limactl: the daemon does not answer (%s); the end of its log %s:\n", strerror(errno), log);
        show_last_words(log);
        free(log);
        leave(1);
    }
    free(path);
    return connection;
}

// ---- The connection ----

static int connection = -1;
static bool accepted;

// A daemon that is gone is noticed where its frames are read, and perhaps it has sent the exit code before.
static void send_all(const unsigned char *data, size_t length) {
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
static void send_frame(unsigned char type, unsigned char *frame, size_t length) {
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

// ---- Terminal and signals ----

static struct termios saved;
static volatile sig_atomic_t is_raw;
static bool wants_raw;
static bool catching;
static volatile sig_atomic_t interrupts;
static int signal_pipe[2] = {-1, -1};

// Also called by signal handlers: tcsetattr is safe there.
static void restore_terminal(void) {
    if (is_raw) {
        is_raw = 0;
        tcsetattr(0, TCSADRAIN, &saved);
    }
}

static void make_raw(void) {
    if (!is_raw && tcgetattr(0, &saved) < 0) {
        return;
    }
    struct termios raw = saved;
    cfmakeraw(&raw);
    // First, so that a signal in between finds it to restore.
    is_raw = 1;
    tcsetattr(0, TCSADRAIN, &raw);
}

// Leaves it to the loop to answer, and wakes it up.
static void note(int number) {
    int why = errno;
    unsigned char byte = (unsigned char) number;
    if (write(signal_pipe[1], &byte, 1) < 0) {
        // Full: then there are signals enough to answer.
        errno = why;
    }
    errno = why;
}

// The first Ctrl-C is the daemon's to answer, the second ends this program at once.
static void on_interrupt(int number) {
    if (++interrupts > 1) {
        restore_terminal();
        _exit(INTERRUPTED);
    }
    note(number);
}

// Dies of it as if it had not been caught, but not with the caller's terminal in disorder.
static void on_death(int number) {
    restore_terminal();
    signal(number, SIG_DFL);
    raise(number);
}

// Handles the signal unless whoever started us wants it ignored. What blocks is cut short: no SA_RESTART.
static void handle(int number, void (*handler)(int)) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
        return;
    }
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

static void open_signal_pipe(void) {
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        fail("no pipe can be had: %s", strerror(errno));
    }
}

static void catch_signals(void) {
    open_signal_pipe();
    catching = true;
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, note);
    handle(SIGHUP, note);
}

static void raw_terminal(bool raw) {
    wants_raw = raw;
    if (!raw) {
        restore_terminal();
        return;
    }
    open_signal_pipe();
    if (!catching) {
        handle(SIGINT, on_death);
        handle(SIGTERM, on_death);
        handle(SIGHUP, on_death);
    }
    handle(SIGQUIT, on_death);
    handle(SIGPIPE, on_death);
    handle(SIGWINCH, note);
    handle(SIGTSTP, note);
    handle(SIGCONT, note);
    make_raw();
}

static void send_size(void) {
    struct winsize size;
    if (ioctl(0, TIOCGWINSZ, &size) == 0) {
        unsigned char frame[HEADER + 8];
        put_number(frame + HEADER, size.ws_col);
        put_number(frame + HEADER + 4, size.ws_row);
        send_frame(RESIZE, frame, 8);
    }
}

static void forward(const char *name) {
    unsigned char frame[HEADER + 4];
    size_t length = strlen(name);
    memcpy(frame + HEADER, name, length);
    send_frame(SIGNAL, frame, length);
}

// Stops like any program that is sent to the background; the terminal is the shell's meanwhile.
static void stop_here(void) {
    restore_terminal();
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    handle(SIGTSTP, note);
}

static void answer_signals(void) {
    unsigned char numbers[64];
    ssize_t count = read(signal_pipe[0], numbers, sizeof numbers);
    for (ssize_t i = 0; i < count; i++) {
        switch (numbers[i]) {
        case SIGINT:
            forward("INT");
            break;
        case SIGTERM:
            forward("TERM");
            break;
        case SIGHUP:
            forward("HUP");
            break;
        case SIGWINCH:
            send_size();
            break;
        case SIGTSTP:
            stop_here();
            break;
        case SIGCONT:
            // The shell has had the terminal in the meantime, and its window may have another size now.
            if (wants_raw) {
                make_raw();
                send_size();
            }
            break;
        default:
            break;
        }
    }
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
static size_t write_output(int to, const unsigned char *data, size_t length) {
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
static int serve(void) {
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

// ---- Commands ----

static int ask(int count, char **words) {
    struct bytes request = encode(count, words);
    // Three tries: a daemon of another version that hands over, one that was just about to end, and a fresh one.
    for (int attempt = 0; attempt < 3; attempt++) {
        accepted = false;
        connection = connect_to_daemon();
        send_all(request.data, request.length);
        int code = serve();
        restore_terminal();
        close(connection);
        if (code != ASK_ANOTHER_DAEMON) {
            free(request.data);
            return code;
        }
    }
    fail("the daemon of %s ends each time it is asked; see its log _daemon/log", home);
}

// Copies the daemon's log; false when there is none.
static bool show_log(void) {
    char *path = text("%s/_daemon/log", home);
    int log = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (log < 0) {
        return false;
    }
    ssize_t count;
    while ((count = read(log, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < count;) {
            done += (ssize_t) write_output(1, buffer + done, (size_t) (count - done));
        }
    }
    close(log);
    return true;
}

static bool has_daemon(void) {
    char *path = socket_path();
    struct stat kind;
    bool there = stat(path, &kind) == 0 && S_ISSOCK(kind.st_mode);
    free(path);
    return there;
}

// `daemon WORD` with no daemon there, which must not start one just to say so. True when that was all.
static bool done_without_daemon(const char *word) {
    if (has_daemon()) {
        return false;
    }
    if (strcmp(word, "stop") == 0 || strcmp(word, "status") == 0) {
        printf("No daemon runs for %s.\n", home);
        return true;
    }
    return strcmp(word, "log") == 0 && show_log();
}

static int restart(void) {
    char *stop[] = {"daemon", "stop"};
    char *status[] = {"daemon", "status"};
    int code = has_daemon() ? ask(2, stop) : 0;
    // Asking the new one how it is starts it.
    return code == 0 ? ask(2, status) : code;
}

// ---- Where everything is ----

// Whatever is opened must not take the place of a stream that the caller has closed.
static void occupy_closed_streams(void) {
    for (int stream = 0; stream <= 2; stream++) {
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) != stream) {
            _exit(1);
        }
    }
}

static char *home_directory(void) {
    const char *given = getenv("LIMA_HOME");
    const char *user = getenv("HOME");
    char *path;
    if (given != NULL && given[0] != '\0') {
        path = text("%s", given);
    } else if (user != NULL && user[0] != '\0') {
        path = text("%s/.lima", user);
    } else {
        fail("neither LIMA_HOME nor HOME is set");
    }
    if (path[0] != '/') {
        char *directory = working_directory();
        char *absolute = text("%s/%s", directory, path);
        free(directory);
        free(path);
        path = absolute;
    }
    return path;
}

static bool cut(char *path, const char *ending) {
    size_t length = strlen(path);
    size_t of_ending = strlen(ending);
    if (length < of_ending || strcmp(path + length - of_ending, ending) != 0) {
        return false;
    }
    path[length - of_ending] = '\0';
    return true;
}

// The folder of the installation: this program is its bin/limactl, or its lib/client/limactl-linux-….
static char *installation(void) {
    char *path = realpath("/proc/self/exe", NULL);
    if (path == NULL) {
        fail("cannot find out where this program is (/proc/self/exe): %s", strerror(errno));
    }
    *strrchr(path, '/') = '\0';
    if (!cut(path, "/bin") && !cut(path, "/lib/client")) {
        fail("this program must be bin/limactl of an installation, but is in %s", path);
    }
    return path;
}

static char *installed_version(void) {
    char *path = text("%s/lib/version", prefix);
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    if (file == NULL || getline(&line, &room, file) <= 0) {
        fail("the installation is not complete: cannot read %s", path);
    }
    fclose(file);
    free(path);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

// Called by the name yq, or yq.lima, it is `limactl yq`.
static bool is_called_yq(char **words) {
    const char *slash = strrchr(words[0], '/');
    const char *name = slash == NULL ? words[0] : slash + 1;
    return strncmp(name, "yq", 2) == 0 && (name[2] == '\0' || name[2] == '.');
}

int main(int count, char **words) {
    occupy_closed_streams();
    home = home_directory();
    prefix = installation();
    version = installed_version();
    if (count > 2 && strcmp(words[1], "daemon") == 0) {
        if (strcmp(words[2], "restart") == 0) {
            leave(restart());
        }
        if (done_without_daemon(words[2])) {
            leave(0);
        }
    }
    if (count > 0 && is_called_yq(words)) {
        words[0] = text("yq");
        leave(ask(count, words));
    }
    leave(ask(count - 1, words + 1));
}
