// SPDX-License-Identifier: Apache-2.0
// Mounts parts of a file system where they belong: a call of its own, for the guest's shell.
#include "agent.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

// More than the names of a few hundred mounts.
enum { LONGEST = 1 << 20 };

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

static ssize_t read_all(int fd, char *list) {
    ssize_t size = 0;
    ssize_t got;
    while ((got = read(fd, list + size, (size_t)(LONGEST - size))) > 0) {
        size += got;
    }
    return got < 0 ? got : size;
}

int parts_mount(const char *whole) {
    static char list[LONGEST];
    ssize_t size = read_all(STDIN_FILENO, list);
    if (size <= 0) {
        complain("list", size < 0 ? errno : ENODATA);
        return 1;
    }
    int result = 0;
    // What is mounted within a part must not be mounted within the whole, too, and go with it; mount_namespaces(7).
    if (mount(NULL, whole, NULL, MS_PRIVATE, NULL) != 0) {
        complain(whole, errno);
        return 1;
    }
    const char *at = list;
    const char *end = list + size;
    const char *place;
    while ((place = next(&at, end)) != NULL) {
        const char *part = next(&at, end);
        const char *point = part == NULL ? NULL : next(&at, end);
        char source[PATH_MAX];
        if (point == NULL || snprintf(source, sizeof source, "%s%s", whole, part) >= (int)sizeof source) {
            complain("list", EINVAL);
            return 1;
        }
        if (!part_mount(source, point, strcmp(place, "rw") != 0)) {
            complain(point, errno);
            result = 1;
        }
    }
    if (umount2(whole, MNT_DETACH) != 0 || rmdir(whole) != 0) {
        complain(whole, errno);
        result = 1;
    }
    return result;
}
