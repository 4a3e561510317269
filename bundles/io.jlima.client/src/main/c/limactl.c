// SPDX-License-Identifier: Apache-2.0
// limactl: sends words, environment and directory of its caller to the daemon, and the daemon's answer to its caller.
// The twin of the Java class io.jlima.client.Client, for Linux; docs/design.md has the protocol. It knows nothing else.
//
// What is much and goes to a pipe does not go through here: the daemon opens the pipe itself.
// All else is copied, by one thread and one poll(2). It never makes its caller's descriptors non-blocking, since they are shared with the shell
// it was started from; instead it writes no more than fits, and a signal cuts short what blocks all the same.

#include "limactl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *home;
char *prefix;
char *version;

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
    static unsigned char piece[PIECE];
    char *path = text("%s/_daemon/log", home);
    int log = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (log < 0) {
        return false;
    }
    ssize_t count;
    while ((count = read(log, piece, sizeof piece)) > 0) {
        for (ssize_t done = 0; done < count;) {
            done += (ssize_t) write_output(1, piece + done, (size_t) (count - done));
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
