// SPDX-License-Identifier: Apache-2.0
// How far the guest's boot has got: files that the set-up program leaves in /run.
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *file;
    const char *word;
} stages[] = {
    {"lima-ssh-ready", "ssh-ready"},
    {"lima-boot-failed", "boot-failed"},
    {"lima-boot-done", "boot-done"},
};
enum { STAGES = sizeof stages / sizeof *stages };

static unsigned reached;

static void look(void) {
    reached = 0;
    for (unsigned i = 0; i < STAGES; i++) {
        char path[512];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", options.run, stages[i].file);
        // An empty one has only been begun; its end is an event too.
        if (stat(path, &status) == 0 && (status.st_size > 0 || i == 0)) {
            reached |= 1U << i;
        }
    }
    for (unsigned i = 0; i < SESSIONS; i++) {
        // One that is taken back, as at the start of another run, is told again when it comes again.
        sessions[i].stages_told &= reached;
    }
}

static void ready(struct source *source, uint32_t events) {
    static _Alignas(struct inotify_event) char buffer[4096];
    bool ours = false;
    (void)events;
    for (ssize_t size; (size = read(source->fd, buffer, sizeof buffer)) > 0;) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
            ours |= event->len == 0 || strncmp(event->name, "lima-", 5) == 0;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (ours) {
        look();
    }
}

void stage_begin(void) {
    static struct source marks = {.ready = ready};
    marks.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (marks.fd < 0
        || inotify_add_watch(marks.fd, options.run, IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0) {
        complain(options.run, errno);
        return;
    }
    loop_add(&marks, EPOLLIN);
    look();
}

bool stage_pump(struct session *session) {
    for (unsigned i = 0; i < STAGES; i++) {
        unsigned bit = 1U << i;
        if ((reached & bit) && !(session->stages_told & bit)) {
            if (session_room(session) < MAX_FRAME) {
                return false;
            }
            size_t size = strlen(stages[i].word);
            memcpy(frame_begin(session), stages[i].word, size);
            frame_end(session, FRAME_STAGE, 0, size);
            session->stages_told |= bit;
        }
    }
    return true;
}
