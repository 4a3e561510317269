// SPDX-License-Identifier: Apache-2.0
// Streams between the host and sockets of the guest.
#include "agent.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    // What all streams of a session together may hold, roughly; one stream gets from the least to the most.
    BUDGET = 4 << 20,
    LEAST_WINDOW = 16384,
    MOST_WINDOW = 262144,
};

static struct stream **bucket(struct session *session, uint32_t id) {
    return &session->streams[(id >> 1) % (sizeof session->streams / sizeof *session->streams)];
}

static struct stream *find(struct session *session, uint32_t id) {
    struct stream *stream = *bucket(session, id);
    while (stream != NULL && stream->id != id) {
        stream = stream->bucket_next;
    }
    return stream;
}

socklen_t read_address(const uint8_t *body, size_t size, enum transport *transport, struct sockaddr_storage *address) {
    memset(address, 0, sizeof *address);
    if (size < 4) {
        return 0;
    }
    *transport = body[0];
    if (body[0] == OVER_UNIX) {
        struct sockaddr_un *path = (struct sockaddr_un *)address;
        // A NUL in front would name a socket without a file.
        if (body[1] != 0 || size < 5 || size - 4 >= sizeof path->sun_path || memchr(body + 4, 0, size - 4) != NULL) {
            return 0;
        }
        path->sun_family = AF_UNIX;
        memcpy(path->sun_path, body + 4, size - 4);
        return sizeof *path;
    }
    if (body[0] != OVER_TCP && body[0] != OVER_UDP) {
        return 0;
    }
    if (body[1] == 4 && size == 8) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;
        in->sin_family = AF_INET;
        memcpy(&in->sin_port, body + 2, 2);
        memcpy(&in->sin_addr, body + 4, 4);
        return sizeof *in;
    }
    if (body[1] == 6 && size == 20) {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)address;
        in->sin6_family = AF_INET6;
        memcpy(&in->sin6_port, body + 2, 2);
        memcpy(&in->sin6_addr, body + 4, 16);
        return sizeof *in;
    }
    return 0;
}

// --- life

void stream_queue(struct stream *stream) {
    struct session *session = stream->session;
    if (stream->queued) {
        return;
    }
    stream->queued = true;
    stream->run_next = NULL;
    if (session->run_last == NULL) {
        session->run_first = stream;
    } else {
        session->run_last->run_next = stream;
    }
    session->run_last = stream;
}

static void unqueue(struct stream *stream) {
    struct session *session = stream->session;
    struct stream *before = NULL;
    if (!stream->queued) {
        return;
    }
    for (struct stream *at = session->run_first; at != stream; at = at->run_next) {
        before = at;
    }
    if (before == NULL) {
        session->run_first = stream->run_next;
    } else {
        before->run_next = stream->run_next;
    }
    if (session->run_last == stream) {
        session->run_last = before;
    }
    stream->queued = false;
}

static void release_held(struct stream *stream) {
    if (stream->held != NULL) {
        munmap(stream->held, stream->window);
        stream->held = NULL;
    }
    stream->held_size = 0;
    stream->held_at = 0;
}

// Ends the socket; without having said all of it, its peer is told by a reset where it has such a thing.
static void close_socket(struct stream *stream, bool clean) {
    if (!clean && stream->transport == OVER_TCP && stream->source.fd >= 0) {
        struct linger linger = {.l_onoff = 1};
        setsockopt(stream->source.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    loop_close(&stream->source);
    release_held(stream);
}

void stream_free(struct stream *stream) {
    struct session *session = stream->session;
    struct stream **link = bucket(session, stream->id);
    while (*link != stream) {
        link = &(*link)->bucket_next;
    }
    *link = stream->bucket_next;
    unqueue(stream);
    if (stream->listener != NULL) {
        listener_forget(stream);
    }
    close_socket(stream, stream->fin_sent && stream->fin_done);
    session->stream_count--;
    loop_drop(&stream->source);
    listeners_resume(session);
}

// Closes the stream for this reason, which the host is told.
static void fail(struct stream *stream, int error) {
    close_socket(stream, false);
    stream->over = true;
    stream->error = error;
    stream->say_opened = false;
    stream_queue(stream);
}

// --- to the guest

// Passes on what is held; false when the stream has failed.
static bool pass_on(struct stream *stream) {
    while (stream->held_size > 0 && stream->writable) {
        ssize_t done = send(stream->source.fd, stream->held + stream->held_at, stream->held_size, MSG_NOSIGNAL);
        if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            stream->writable = false;
        } else if (done < 0 && errno != EINTR) {
            // The socket may still have something to say: only this direction is over.
            stream->write_dead = true;
            stream->error = errno;
            stream->consumed += stream->held_size;
            release_held(stream);
        } else if (done > 0) {
            stream->held_at += (uint32_t)done;
            stream->held_size -= (uint32_t)done;
            stream->consumed += (uint32_t)done;
        }
    }
    if (stream->held_size == 0) {
        release_held(stream);
        if (stream->fin_received && !stream->fin_done && !stream->connecting && !stream->over) {
            stream->fin_done = true;
            shutdown(stream->source.fd, SHUT_WR);
        }
    }
    if (stream->consumed >= stream->window / 2 || stream->write_dead || stream->fin_done) {
        stream_queue(stream);
    }
    return true;
}

static bool hold(struct stream *stream, const uint8_t *data, size_t size) {
    if (stream->held == NULL) {
        stream->held = mmap(NULL, stream->window, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stream->held == MAP_FAILED) {
            stream->held = NULL;
            return false;
        }
    }
    if (stream->held_at + stream->held_size + size > stream->window) {
        memmove(stream->held, stream->held + stream->held_at, stream->held_size);
        stream->held_at = 0;
    }
    memcpy(stream->held + stream->held_at + stream->held_size, data, size);
    stream->held_size += (uint32_t)size;
    return true;
}

static void socket_ready(struct source *source, uint32_t events) {
    struct stream *stream = (struct stream *)source;
    if (stream->connecting && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(source->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            fail(stream, error);
            return;
        }
        stream->connecting = false;
        stream->say_opened = true;
        stream_queue(stream);
    }
    if (stream->connecting) {
        return;
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        stream->readable = true;
        stream_queue(stream);
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        stream->writable = true;
        pass_on(stream);
    }
}

struct stream *stream_new(struct session *session, uint32_t id, enum transport transport, int fd, uint32_t credit) {
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    uint32_t window = BUDGET / (session->stream_count + 1);
    window = window < LEAST_WINDOW ? LEAST_WINDOW : window > MOST_WINDOW ? MOST_WINDOW : window;
    stream->session = session;
    stream->id = id;
    stream->transport = transport;
    stream->credit = credit;
    // Nothing is held of datagrams, and the largest is to fit at any time.
    stream->window = transport == OVER_UDP ? MOST_WINDOW : window & ~4095U;
    stream->source.fd = fd;
    stream->source.ready = socket_ready;
    stream->bucket_next = *bucket(session, id);
    *bucket(session, id) = stream;
    session->stream_count++;
    if (fd >= 0) {
        if (transport == OVER_TCP) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        loop_add(&stream->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
    return stream;
}

bool stream_open(struct session *session, uint32_t id, const uint8_t *body, size_t size) {
    enum transport transport;
    struct sockaddr_storage address;
    if (size < 8 || id % 2 == 0 || find(session, id) != NULL) {
        return false;
    }
    socklen_t length = read_address(body + 4, size - 4, &transport, &address);
    if (length == 0) {
        return false;
    }
    // Streams that only wait for their RESET to be sent count as well, so no flood of OPEN takes more memory than this.
    if (session->stream_count >= MAX_STREAMS) {
        return false;
    }
    int type = transport == OVER_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : 0;
    bool connecting = false;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, length) != 0) {
        if (errno == EINPROGRESS) {
            connecting = true;
        } else {
            error = errno;
            close(fd);
            fd = -1;
        }
    }
    struct stream *stream = stream_new(session, id, transport, fd, get32(body));
    if (stream == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    if (error != 0) {
        fail(stream, error);
    } else {
        stream->connecting = connecting;
        stream->say_opened = !connecting;
        stream_queue(stream);
    }
    return true;
}

bool stream_data(struct session *session, uint32_t id, const uint8_t *body, size_t size) {
    struct stream *stream = find(session, id);
    // The host may not have heard yet that the stream is gone.
    if (stream == NULL || stream->over) {
        return true;
    }
    if (stream->fin_received) {
        return false;
    }
    if (stream->transport == OVER_UDP) {
        stream->last_use = now_ms();
        if (stream->listener != NULL) {
            listener_send(stream, body, size);
        } else {
            // What the kernel does not take is lost, as datagrams are.
            ssize_t sent = send(stream->source.fd, body, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            (void)sent;
        }
        stream->consumed += (uint32_t)size;
        if (stream->consumed >= stream->window / 2) {
            stream_queue(stream);
        }
        return true;
    }
    if (stream->consumed + stream->held_size + size > stream->window) {
        return false;
    }
    if (stream->write_dead) {
        stream->consumed += (uint32_t)size;
        stream_queue(stream);
        return true;
    }
    if (stream->held_size == 0 && stream->writable && !stream->connecting) {
        ssize_t done = send(stream->source.fd, body, size, MSG_NOSIGNAL);
        if (done > 0) {
            body += done;
            size -= (size_t)done;
            stream->consumed += (uint32_t)done;
        }
        // Any error shows again, and is dealt with, when the rest is passed on.
    }
    if (size > 0 && !hold(stream, body, size)) {
        fail(stream, ENOMEM);
        return true;
    }
    return pass_on(stream);
}

bool stream_credit(struct session *session, uint32_t id, uint32_t more) {
    struct stream *stream = find(session, id);
    if (stream == NULL) {
        return true;
    }
    if (stream->credit + more < stream->credit) {
        return false;
    }
    stream->credit += more;
    stream_queue(stream);
    return true;
}

void stream_fin(struct session *session, uint32_t id) {
    struct stream *stream = find(session, id);
    if (stream == NULL || stream->over) {
        return;
    }
    stream->fin_received = true;
    if (stream->transport == OVER_UDP) {
        stream_free(stream);
    } else {
        pass_on(stream);
    }
}

void stream_reset(struct session *session, uint32_t id) {
    struct stream *stream = find(session, id);
    if (stream != NULL) {
        stream_free(stream);
    } else {
        listener_close(session, id);
    }
}

// --- to the host

static void say(struct stream *stream, enum frame_type type, uint32_t value) {
    put32(frame_begin(stream->session), value);
    frame_end(stream->session, type, stream->id, 4);
}

static size_t put_peer(uint8_t *p, const struct stream *stream) {
    p[0] = (uint8_t)stream->transport;
    p[1] = 0;
    put16(p + 2, 0);
    if (stream->peer.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&stream->peer;
        p[1] = 4;
        memcpy(p + 2, &in->sin_port, 2);
        memcpy(p + 4, &in->sin_addr, 4);
        return 8;
    }
    if (stream->peer.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&stream->peer;
        p[1] = 6;
        memcpy(p + 2, &in->sin6_port, 2);
        memcpy(p + 4, &in->sin6_addr, 16);
        return 20;
    }
    return 4;
}

// Reads from the socket straight into the session's buffer; false when there is to be no further turn for now.
static bool read_piece(struct stream *stream) {
    struct session *session = stream->session;
    bool datagram = stream->transport == OVER_UDP;
    uint32_t limit = datagram ? MAX_BODY : stream->credit < PIECE ? stream->credit : PIECE;
    ssize_t got = recv(stream->source.fd, frame_begin(session), limit, MSG_DONTWAIT);
    if (got > 0 || (got == 0 && datagram)) {
        if ((uint32_t)got <= stream->credit) {
            stream->credit -= (uint32_t)got;
            frame_end(session, FRAME_DATA, stream->id, (size_t)got);
        }
        return true;
    }
    if (got == 0) {
        stream->readable = false;
        stream->fin_sent = true;
        frame_end(session, FRAME_FIN, stream->id, 0);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        stream->readable = false;
    } else if (errno != EINTR && !datagram) {
        fail(stream, errno);
    }
    return stream->readable;
}

bool stream_pump(struct stream *stream) {
    struct session *session = stream->session;
    // Room for two small frames and a big one.
    if (session_room(session) < MAX_FRAME + 64) {
        stream_queue(stream);
        return false;
    }
    if (stream->say_accepted) {
        stream->say_accepted = false;
        uint8_t *p = frame_begin(session);
        put32(p, stream->listener_id);
        put32(p + 4, stream->window);
        frame_end(session, FRAME_ACCEPTED, stream->id, 8 + put_peer(p + 8, stream));
    }
    if (stream->say_opened) {
        stream->say_opened = false;
        say(stream, FRAME_OPENED, stream->window);
    }
    if (!stream->over && stream->fin_sent && stream->write_dead && !stream->fin_done) {
        // Nothing more comes from there, and nothing goes there.
        fail(stream, stream->error);
    }
    if (stream->over) {
        const char *words = strerror(stream->error);
        size_t size = strlen(words);
        memcpy(frame_begin(session), words, size);
        frame_end(session, FRAME_RESET, stream->id, size);
        stream_free(stream);
        return true;
    }
    if (stream->consumed >= stream->window / 2 || (stream->consumed > 0 && stream->write_dead)) {
        say(stream, FRAME_CREDIT, stream->consumed);
        stream->consumed = 0;
    }
    if (stream->readable && !stream->fin_sent && !stream->connecting && stream->source.fd >= 0
        && (stream->credit > 0 || stream->transport == OVER_UDP)) {
        if (read_piece(stream)) {
            stream_queue(stream);
        }
        if (stream->over) {
            stream_queue(stream);
            return true;
        }
    }
    if (stream->fin_sent && stream->fin_done) {
        stream_free(stream);
    }
    return true;
}
