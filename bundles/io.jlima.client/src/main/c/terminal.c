// SPDX-License-Identifier: Apache-2.0
// The caller's terminal, and signals.

#include "limactl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_raw;
static bool wants_raw;
static bool catching;
static volatile sig_atomic_t interrupts;
int signal_pipe[2] = {-1, -1};

// Also called by signal handlers: tcsetattr is safe there.
void restore_terminal(void) {
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

void catch_signals(void) {
    open_signal_pipe();
    catching = true;
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, note);
    handle(SIGHUP, note);
}

void raw_terminal(bool raw) {
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

void answer_signals(void) {
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
