// SPDX-License-Identifier: Apache-2.0
// Sessions: a byte channel to a host, hello, and frames.
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    IN_SIZE = 2 * MAX_FRAME,
    OUT_SIZE = 2 * MAX_FRAME + PREAMBLE,
    // Bytes taken from one session before the others have their turn.
    TURN = 1 << 18,
    AWAKE_MS = 500,
    HANGUP_MS = 1000,
};

struct session sessions[SESSIONS];

static const uint8_t magic[8] = {0xf5, 'J', 'L', 'I', 'M', 'A', 'G', 'A'};
static const uint8_t ending[4] = {'E', 'N', 'D', 0xfa};

// --- sending

static size_t pending(const struct session *session) {
    return session->out_end - session->out_at;
}

size_t session_room(struct session *session) {
    if (session->out_at > 0 && OUT_SIZE - session->out_end < MAX_FRAME) {
        memmove(session->out, session->out + session->out_at, pending(session));
        session->out_end -= session->out_at;
        session->out_at = 0;
    }
    return OUT_SIZE - session->out_end;
}

uint8_t *frame_begin(struct session *session) {
    return session->out + session->out_end + HEADER;
}

void frame_end(struct session *session, enum frame_type type, uint32_t id, size_t body) {
    uint8_t *p = session->out + session->out_end;
    p[0] = (uint8_t)type;
    p[1] = 0;
    put16(p + 2, (unsigned)body);
    put32(p + 4, id);
    put32(p + HEADER + body, session->tag_out++);
    session->out_end += HEADER + body + TRAILER;
}

static void send_record(struct session *session, enum record_kind kind, uint64_t nonce, bool preamble) {
    // What is left of an earlier session is of no use: its reader looks for this record.
    session->out_at = 0;
    session->out_end = 0;
    if (preamble) {
        memset(session->out, 0, PREAMBLE);
        session->out_end = PREAMBLE;
    }
    uint8_t *p = session->out + session->out_end;
    memset(p, 0, RECORD);
    memcpy(p, magic, sizeof magic);
    p[8] = (uint8_t)kind;
    p[9] = PROTOCOL_VERSION;
    p[10] = PROTOCOL_VERSION;
    put64(p + 12, nonce);
    memcpy(p + RECORD - sizeof ending, ending, sizeof ending);
    session->out_end += RECORD;
}

// True when something went out.
static bool flush(struct session *session) {
    bool sent = false;
    while (pending(session) > 0 && session->source.fd >= 0) {
        ssize_t done = write(session->source.fd, session->out + session->out_at, pending(session));
        if (done <= 0) {
            break;
        }
        session->out_at += (size_t)done;
        sent = true;
    }
    if (pending(session) == 0) {
        session->out_at = 0;
        session->out_end = 0;
    }
    return sent;
}

// What the session itself has to say; false when there was no room.
static bool speak(struct session *session) {
    if (session_room(session) < MAX_FRAME) {
        return false;
    }
    if (session->pong) {
        session->pong = false;
        put64(frame_begin(session), session->pong_body);
        frame_end(session, FRAME_PONG, 0, 8);
    }
    if (session->clocked) {
        session->clocked = false;
        uint8_t *p = frame_begin(session);
        put64(p, (uint64_t)session->clock_drift);
        p[8] = session->clock_set;
        put32(p + 9, (uint32_t)session->clock_error);
        frame_end(session, FRAME_CLOCKED, 0, 13);
    }
    if (session->remark != NULL) {
        size_t size = strlen(session->remark);
        memcpy(frame_begin(session), session->remark, size);
        frame_end(session, FRAME_REMARK, 0, size);
        session->remark = NULL;
    }
    if (!stage_pump(session) || !ports_pump(session)) {
        return false;
    }
    for (struct listener *listener = session->listeners, *next; listener != NULL; listener = next) {
        next = listener->next;
        if (session_room(session) < MAX_FRAME || !listener_pump(listener)) {
            return false;
        }
        if (listener->gone) {
            listener_close(session, listener->id);
        }
    }
    // Each stream has one turn; one that could say more is queued again.
    for (struct stream *last = session->run_last; session->run_first != NULL;) {
        struct stream *stream = session->run_first;
        session->run_first = stream->run_next;
        if (session->run_first == NULL) {
            session->run_last = NULL;
        }
        stream->queued = false;
        bool end = stream == last;
        bool content = stream_pump(stream);
        if (!content) {
            return false;
        }
        if (end) {
            break;
        }
    }
    return session->run_first == NULL;
}

bool session_pump(struct session *session) {
    for (int round = 0; round < 16; round++) {
        bool done = !session->open || speak(session);
        bool sent = flush(session);
        if (done || !sent) {
            return false;
        }
    }
    return true;
}

bool sessions_pump(void) {
    bool more = false;
    for (unsigned i = 0; i < SESSIONS; i++) {
        more |= sessions[i].used && session_pump(&sessions[i]);
    }
    return more;
}

// --- receiving

static void reset(struct session *session) {
    for (size_t i = 0; i < sizeof session->streams / sizeof *session->streams; i++) {
        while (session->streams[i] != NULL) {
            stream_free(session->streams[i]);
        }
    }
    listeners_close(session);
    session->run_first = NULL;
    session->run_last = NULL;
    session->next_id = 2;
    session->open = false;
    session->pong = false;
    session->clocked = false;
    session->stages_told = 0;
    session->ports_changed = false;
    session->ports_synced = false;
    session->remark = NULL;
    ports_forget(session->index);
}

void session_break(struct session *session, bool announce) {
    reset(session);
    if (!session->channel) {
        loop_close(&session->source);
        free(session->in);
        free(session->out);
        session->in = NULL;
        session->out = NULL;
        session->used = false;
    } else if (announce) {
        // Mostly the end of the session was the preamble of a hello.
        session->lost = true;
        timer_at(TIMER_AWAKE, now_ms() + AWAKE_MS);
    }
}

void awake_due(void) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (sessions[i].used && sessions[i].lost) {
            sessions[i].lost = false;
            send_record(&sessions[i], RECORD_AWAKE, 0, true);
        }
    }
}

static void hello(struct session *session, const uint8_t *record) {
    reset(session);
    session->lost = false;
    uint64_t nonce = get64(record + 12);
    if (record[9] > PROTOCOL_VERSION || record[10] < PROTOCOL_VERSION) {
        complain("the host speaks no version of the protocol that this agent knows", 0);
    } else {
        session->open = true;
        // Either side's frames end with a number that nobody else knows, one higher each time.
        session->tag_in = (uint32_t)nonce;
        session->tag_out = (uint32_t)(nonce >> 32);
        session->ports_changed = true;
        session->remark = watch_remark();
    }
    send_record(session, RECORD_ANSWER, nonce, false);
}

// Looks for a hello from there on; returns up to where all is done with.
static size_t look_for_hello(struct session *session, size_t at) {
    while (session->in_size - at >= RECORD) {
        const uint8_t *found = memchr(session->in + at, magic[0], session->in_size - at);
        if (found == NULL) {
            return session->in_size;
        }
        at = (size_t)(found - session->in);
        if (session->in_size - at < RECORD) {
            break;
        }
        if (memcmp(found, magic, sizeof magic) == 0 && found[8] == RECORD_HELLO
            && memcmp(found + RECORD - sizeof ending, ending, sizeof ending) == 0) {
            hello(session, found);
            return at + RECORD;
        }
        at++;
    }
    return at;
}

// False when the host has broken the protocol.
static bool obey(struct session *session, enum frame_type type, uint32_t id, const uint8_t *body, size_t size) {
    switch (type) {
        case FRAME_OPEN:
            return stream_open(session, id, body, size);
        case FRAME_DATA:
            return stream_data(session, id, body, size);
        case FRAME_CREDIT:
            return size == 4 && stream_credit(session, id, get32(body));
        case FRAME_FIN:
            stream_fin(session, id);
            return true;
        case FRAME_RESET:
            stream_reset(session, id);
            return true;
        case FRAME_LISTEN:
            if (size < 8 || session->listener_count >= MAX_LISTENERS) {
                return false;
            }
            listener_open(session, id, body, size);
            return true;
        case FRAME_UNLISTEN:
            listener_close(session, id);
            return true;
        case FRAME_CLOCK:
            if (size != 16) {
                return false;
            }
            clock_told(session, (int64_t)get64(body), get32(body + 8), get32(body + 12));
            return true;
        case FRAME_TOUCH:
            touch_told(session, body, size);
            return true;
        case FRAME_PING:
            if (size != 8) {
                return false;
            }
            session->pong = true;
            session->pong_body = get64(body);
            return true;
        default:
            return false;
    }
}

// Takes what has arrived; false when the session is gone.
static bool digest(struct session *session) {
    size_t at = 0;
    while (session->used) {
        if (!session->open) {
            at = look_for_hello(session, at);
            if (!session->open) {
                break;
            }
        }
        const uint8_t *p = session->in + at;
        size_t have = session->in_size - at;
        if (have < HEADER) {
            break;
        }
        size_t size = get16(p + 2);
        // A preamble is told from a frame at once, the rest by the number at the end.
        bool sound = p[0] != 0 && p[1] == 0;
        if (sound && have < HEADER + size + TRAILER) {
            break;
        }
        if (sound && get32(p + HEADER + size) == session->tag_in
            && obey(session, p[0], get32(p + 4), p + HEADER, size)) {
            session->tag_in++;
            at += HEADER + size + TRAILER;
        } else {
            session_break(session, true);
        }
    }
    if (session->used && at > 0) {
        session->in_size -= at;
        memmove(session->in, session->in + at, session->in_size);
    }
    return session->used;
}

static void hung_up(struct session *session, int error) {
    struct stat status;
    if (!session->channel) {
        session_break(session, false);
    } else if (error != 0 || (fstat(session->source.fd, &status) == 0 && S_ISSOCK(status.st_mode))) {
        complain("the channel to the host has ended", error);
        sessions_end();
        exit(1);
    } else {
        // A port of virtio reads as ended while no host is there, but also when the first bytes of one have overtaken
        // the word that it has come. So nothing is thrown away yet.
        timer_at(TIMER_HANGUP, now_ms() + HANGUP_MS);
    }
}

void hangup_due(void) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct pollfd state = {.fd = sessions[i].source.fd};
        if (sessions[i].used && sessions[i].channel && poll(&state, 1, 0) == 1 && (state.revents & POLLHUP)) {
            session_break(&sessions[i], false);
            sessions[i].in_size = 0;
            sessions[i].out_at = 0;
            sessions[i].out_end = 0;
        }
    }
}

static void channel_ready(struct source *source, uint32_t events) {
    struct session *session = (struct session *)source;
    (void)events;
    for (size_t taken = 0; taken < TURN;) {
        ssize_t got = read(source->fd, session->in + session->in_size, IN_SIZE - session->in_size);
        if (got > 0) {
            session->in_size += (size_t)got;
            taken += (size_t)got;
            if (!digest(session)) {
                return;
            }
            // Keeps the answers from waiting for the end of the turn.
            session_pump(session);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            hung_up(session, got < 0 ? errno : 0);
            return;
        }
    }
    // There may be more, of which an edge-triggered epoll does not tell again.
    loop_change(source, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP);
}

struct session *session_begin(int fd, bool channel) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct session *session = &sessions[i];
        // The channel has a place of its own.
        if (session->used || (i == 0) != channel) {
            continue;
        }
        memset(session, 0, sizeof *session);
        session->in = malloc(IN_SIZE);
        session->out = malloc(OUT_SIZE);
        if (session->in == NULL || session->out == NULL) {
            free(session->in);
            free(session->out);
            return NULL;
        }
        session->index = i;
        session->channel = channel;
        session->used = true;
        session->next_id = 2;
        session->source.fd = fd;
        session->source.ready = channel_ready;
        loop_add(&session->source, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP);
        return session;
    }
    return NULL;
}

void sessions_end(void) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        if (sessions[i].used) {
            // Files of sockets go with them.
            reset(&sessions[i]);
        }
    }
    if (options.socket != NULL) {
        unlink(options.socket);
    }
}

// --- where sessions come from

int connect_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// The device of the named virtio port. The links in /dev/virtio-ports are made by udev, which may not be there yet.
static int open_port(void) {
    DIR *ports = opendir("/sys/class/virtio-ports");
    int found = -1;
    for (struct dirent *entry; ports != NULL && found < 0 && (entry = readdir(ports)) != NULL;) {
        char path[300];
        char name[128];
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
        if (fd >= 0) {
            close(fd);
        }
        if (size <= 0) {
            continue;
        }
        name[size] = '\0';
        name[strcspn(name, "\n")] = '\0';
        if (strcmp(name, options.port) == 0) {
            snprintf(path, sizeof path, "/dev/%s", entry->d_name);
            found = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
            if (found < 0) {
                complain(path, errno);
            }
        }
    }
    if (ports != NULL) {
        closedir(ports);
    }
    return found;
}

static bool take_channel(void) {
    int fd;
    struct stat status;
    if (options.channel == NULL) {
        fd = open_port();
    } else if (stat(options.channel, &status) == 0 && S_ISSOCK(status.st_mode)) {
        fd = connect_unix(options.channel);
    } else {
        fd = open(options.channel, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    if (fd < 0) {
        return false;
    }
    struct session *session = session_begin(fd, true);
    if (session != NULL) {
        send_record(session, RECORD_AWAKE, 0, true);
    }
    return session != NULL;
}

static void device_came(struct source *source, uint32_t events) {
    char buffer[4096];
    (void)events;
    while (read(source->fd, buffer, sizeof buffer) > 0) {
    }
    if (take_channel()) {
        loop_close(source);
    }
}

void channel_open(void) {
    static struct source devices = {.fd = -1, .ready = device_came};
    if (options.channel == NULL) {
        // Begun first, so that no port comes unseen.
        devices.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (devices.fd >= 0) {
            inotify_add_watch(devices.fd, "/dev", IN_CREATE | IN_ATTRIB);
        }
    }
    if (take_channel()) {
        if (devices.fd >= 0) {
            close(devices.fd);
            devices.fd = -1;
        }
    } else if (options.channel != NULL) {
        complain(options.channel, errno);
        exit(1);
    } else if (devices.fd >= 0) {
        loop_add(&devices, EPOLLIN);
    }
}

static void socket_ready(struct source *source, uint32_t events) {
    (void)events;
    int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && session_begin(fd, false) == NULL) {
        close(fd);
    }
}

void socket_listen(struct source *source, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    source->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(path);
    mode_t before = umask(0177);
    bool bound = source->fd >= 0 && bind(source->fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    bound = bound && (options.private_socket || chown(path, options.owner, options.group) == 0);
    if (!bound || listen(source->fd, 8) != 0) {
        complain(path, errno);
        return;
    }
    loop_add(source, EPOLLIN);
}

void socket_serve(void) {
    static struct source served = {.fd = -1, .ready = socket_ready};
    if (options.socket != NULL) {
        socket_listen(&served, options.socket);
    }
}
