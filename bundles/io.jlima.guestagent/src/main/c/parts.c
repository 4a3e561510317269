// SPDX-License-Identifier: Apache-2.0
// Mounts parts of a file system where they belong: the agent does it, and a call of its own asks it to, for the guest's
// shell. sudo would do, but takes an emulated guest longer than the mounts do. Another call waits for a mount.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// More than the names of a few hundred mounts; and seconds that a file system which hangs may take.
enum { LONGEST = 1 << 20, PATIENCE = 20 };

// A bind mount is made first and made read-only then; mount(2).
static bool part_mount(const char *source, const char *point, bool read_only) {
    if (mount(source, point, NULL, MS_BIND, NULL) != 0) {
        return false;
    }
    if (read_only && mount(NULL, point, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0) {
        int error = errno;
        umount2(point, MNT_DETACH);
        errno = error;
        return false;
    }
    return true;
}

// The next text of the list, which ends with a zero; NULL if there is none.
static const char *next(const char **at, const char *end) {
    const char *text = *at;
    const char *zero = text < end ? memchr(text, 0, (size_t)(end - text)) : NULL;
    if (zero == NULL) {
        return NULL;
    }
    *at = zero + 1;
    return text;
}

static ssize_t read_all(int fd, char *list, size_t room) {
    ssize_t size = 0;
    ssize_t got;
    while ((got = read(fd, list + size, room - (size_t)size)) > 0) {
        size += got;
    }
    return got < 0 ? got : size;
}

static bool write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0) {
            return false;
        }
        data += written;
        size -= (size_t)written;
    }
    return true;
}

// The first text is where the whole is; then there are three for each part.
static bool mount_listed(const char *at, const char *end) {
    const char *whole = next(&at, end);
    // What is mounted within a part must not be mounted within the whole, too, and go with it; mount_namespaces(7).
    if (whole == NULL || mount(NULL, whole, NULL, MS_PRIVATE, NULL) != 0) {
        complain(whole == NULL ? "list" : whole, whole == NULL ? EINVAL : errno);
        return false;
    }
    bool good = true;
    const char *place;
    while ((place = next(&at, end)) != NULL) {
        const char *part = next(&at, end);
        const char *point = part == NULL ? NULL : next(&at, end);
        char source[PATH_MAX];
        if (point == NULL || snprintf(source, sizeof source, "%s%s", whole, part) >= (int)sizeof source) {
            complain("list", EINVAL);
            good = false;
            break;
        }
        if (!part_mount(source, point, strcmp(place, "rw") != 0)) {
            complain(point, errno);
            good = false;
        }
    }
    if (umount2(whole, MNT_DETACH) != 0) {
        complain(whole, errno);
        good = false;
    }
    return good;
}

// For a process of its own, since what is looked at may hang: nothing of the agent stays open in it but the connection,
// by which the caller hears what is complained of, and a zero at the end if all is well.
static _Noreturn void answer(int fd) {
    static char list[LONGEST];
    alarm(PATIENCE);
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDERR_FILENO);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
        for (int other = 3; other < 65536; other++) {
            close(other);
        }
    }
    ssize_t size = read_all(STDIN_FILENO, list, sizeof list);
    if (size < 0) {
        complain("list", errno);
    } else if (mount_listed(list, list + size)) {
        (void)write_all(STDERR_FILENO, "", 1);
    }
    _exit(0);
}

static void caller_came(struct source *source, uint32_t events) {
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        answer(fd);
    }
    if (child < 0) {
        complain("fork", errno);
    }
    close(fd);
}

// Beside the agent's own socket.
static void name_socket(char *path, size_t size, const char *agent) {
    snprintf(path, size, "%s.mounts", agent);
}

void parts_serve(void) {
    static struct source served = {.fd = -1, .ready = caller_came};
    char path[PATH_MAX];
    // Whoever may not be root by sudo is not to mount things by this either.
    if (options.socket == NULL || options.private_socket) {
        return;
    }
    name_socket(path, sizeof path, options.socket);
    socket_listen(&served, path);
}

// Runs the program that mounts the whole.
static bool run(char **words) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        // It holds for what waits in the foreground, and not for what that leaves in the background.
        alarm(PATIENCE);
        execvp(words[0], words);
        complain(words[0], errno);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool ask(const char *agent, const char *whole, const char *list, size_t size) {
    char path[PATH_MAX];
    name_socket(path, sizeof path, agent);
    int fd = connect_unix(path);
    if (fd < 0 || fcntl(fd, F_SETFL, 0) != 0 || !write_all(fd, whole, strlen(whole) + 1) || !write_all(fd, list, size) ||
        shutdown(fd, SHUT_WR) != 0) {
        complain(path, errno);
        return false;
    }
    char answer[4096];
    ssize_t got = read_all(fd, answer, sizeof answer);
    bool good = got > 0 && answer[got - 1] == '\0';
    if (got > 0) {
        (void)write_all(STDERR_FILENO, answer, (size_t)got - (good ? 1 : 0));
    }
    return good;
}

// Whether sshfs is mounted at a point, which is written as in the table.
static bool in_table(FILE *table, const char *point) {
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    rewind(table);
    while (!found && getline(&line, &room, table) > 0) {
        // The fifth word; proc_pid_mountinfo(5).
        char *word = line;
        for (int i = 0; word != NULL && i < 4; i++) {
            word = strchr(word, ' ');
            word = word == NULL ? NULL : word + 1;
        }
        size_t length = strlen(point);
        found = word != NULL && strncmp(word, point, length) == 0 && word[length] == ' ' &&
                strstr(word + length, " - fuse.sshfs ") != NULL;
    }
    free(line);
    return found;
}

int mount_await(const char *point, const char *pid) {
    FILE *table = fopen("/proc/self/mountinfo", "re");
    pid_t mounting = (pid_t)strtol(pid, NULL, 10);
    if (table == NULL || mounting <= 0) {
        complain(table == NULL ? "/proc/self/mountinfo" : pid, table == NULL ? errno : EINVAL);
        return 1;
    }
    // The table tells when it has changed. Of the end of a program that is not a child nothing does.
    struct pollfd news = {.fd = fileno(table), .events = POLLPRI};
    while (!in_table(table, point)) {
        if (kill(mounting, 0) != 0) {
            return 1;
        }
        poll(&news, 1, 1000);
    }
    return 0;
}

int parts_mount(const char *agent, const char *whole, char **words) {
    static char list[LONGEST - PATH_MAX];
    ssize_t size = read_all(STDIN_FILENO, list, sizeof list);
    if (size < 0 || mkdir(whole, 0700) != 0) {
        complain(size < 0 ? "list" : whole, errno);
        return 1;
    }
    bool good = run(words) && ask(agent, whole, list, (size_t)size);
    return rmdir(whole) == 0 && good ? 0 : 1;
}
