// SPDX-License-Identifier: Apache-2.0
// Sockets of the guest that listen for the host.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PEER_IDLE_MS = 90000 };

static void socket_ready(struct source *source, uint32_t events) {
    (void)events;
    ((struct listener *)source)->readable = true;
}

// The file of a socket that nobody listens at any more is in the way.
static void remove_stale(const struct sockaddr_un *address) {
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) != 0
        && errno == ECONNREFUSED) {
        unlink(address->sun_path);
    }
    if (probe >= 0) {
        close(probe);
    }
}

// As the guest's user, so that it lands where he may write and belongs to him; as root where he may not.
static int bind_unix(int fd, const struct sockaddr_un *address) {
    mode_t before = umask(0177);
    int result = -1;
    int error = EACCES;
    if (setegid(options.group) == 0 && seteuid(options.owner) == 0) {
        remove_stale(address);
        result = bind(fd, (const struct sockaddr *)address, sizeof *address);
        error = errno;
    }
    if (seteuid(0) != 0 || setegid(0) != 0) {
        // Only where the agent is not root, as in tests.
        errno = error;
    } else if (result != 0 && (error == EACCES || error == EADDRINUSE)) {
        remove_stale(address);
        result = bind(fd, (const struct sockaddr *)address, sizeof *address);
        error = errno;
        if (result == 0) {
            result = lchown(address->sun_path, options.owner, options.group);
            error = errno;
        }
    }
    umask(before);
    errno = error;
    return result;
}

static int open_socket(enum transport transport, const struct sockaddr_storage *address, socklen_t size) {
    int type = transport == OVER_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    if (transport == OVER_TCP) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (address->ss_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    int bound = transport == OVER_UNIX ? bind_unix(fd, (const struct sockaddr_un *)address)
                                       : bind(fd, (const struct sockaddr *)address, size);
    if (bound == 0 && (transport == OVER_UDP || listen(fd, 512) == 0)) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

void listener_open(struct session *session, uint32_t id, const uint8_t *body, size_t size) {
    struct listener *listener = calloc(1, sizeof *listener);
    struct sockaddr_storage address;
    if (listener == NULL) {
        return;
    }
    listener->session = session;
    listener->id = id;
    listener->credit = get32(body);
    listener->source.fd = -1;
    listener->source.ready = socket_ready;
    listener->next = session->listeners;
    session->listeners = listener;
    session->listener_count++;
    socklen_t length = read_address(body + 4, size - 4, &listener->transport, &address);
    if (length == 0) {
        listener->error = EINVAL;
        return;
    }
    if (listener->transport != OVER_UNIX) {
        // The form is the same in both.
        listener->port.transport = (uint8_t)listener->transport;
        listener->port.family = body[5];
        listener->port.number = get16(body + 6);
        memcpy(listener->port.address, body + 8, size - 8);
    }
    listener->source.fd = open_socket(listener->transport, &address, length);
    if (listener->source.fd < 0) {
        listener->error = errno;
        return;
    }
    if (listener->transport == OVER_UNIX) {
        strcpy(listener->path, ((struct sockaddr_un *)&address)->sun_path);
    }
    listener->say_listening = true;
    loop_add(&listener->source, EPOLLIN | EPOLLET);
}

static void free_listener(struct listener *listener) {
    while (listener->peers != NULL) {
        stream_free(listener->peers);
    }
    if (listener->path[0] != '\0') {
        unlink(listener->path);
    }
    listener->session->listener_count--;
    loop_drop(&listener->source);
}

void listener_close(struct session *session, uint32_t id) {
    for (struct listener **link = &session->listeners; *link != NULL; link = &(*link)->next) {
        if ((*link)->id == id) {
            struct listener *listener = *link;
            *link = listener->next;
            free_listener(listener);
            return;
        }
    }
}

void listeners_close(struct session *session) {
    while (session->listeners != NULL) {
        listener_close(session, session->listeners->id);
    }
}

void listeners_resume(struct session *session) {
    for (struct listener *listener = session->listeners; listener != NULL; listener = listener->next) {
        listener->readable |= listener->paused;
        listener->paused = false;
    }
}

static struct stream *begin(struct listener *listener, int fd) {
    struct session *session = listener->session;
    struct stream *stream = stream_new(session, session->next_id, listener->transport, fd, listener->credit);
    if (stream != NULL) {
        session->next_id += 2;
        stream->listener_id = listener->id;
        stream->say_accepted = true;
        stream_queue(stream);
    }
    return stream;
}

static void accept_all(struct listener *listener) {
    while (listener->readable) {
        if (listener->session->stream_count >= MAX_STREAMS) {
            listener->readable = false;
            listener->paused = true;
            return;
        }
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(listener->source.fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            // Without descriptors left it goes on when a stream has ended.
            listener->paused = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
            listener->readable = errno == ECONNABORTED || errno == EINTR;
            continue;
        }
        struct stream *stream = begin(listener, fd);
        if (stream == NULL) {
            close(fd);
        } else {
            stream->peer = peer;
        }
    }
}

static bool same_peer(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
    if (a->ss_family == AF_INET && b->ss_family == AF_INET) {
        const struct sockaddr_in *x = (const struct sockaddr_in *)a;
        const struct sockaddr_in *y = (const struct sockaddr_in *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a;
    const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)b;
    return a->ss_family == b->ss_family && x->sin6_port == y->sin6_port
           && memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
}

void listener_forget(struct stream *peer) {
    struct stream **link = &peer->listener->peers;
    while (*link != peer) {
        link = &(*link)->peer_next;
    }
    *link = peer->peer_next;
    peer->listener->peer_count--;
    peer->listener = NULL;
}

static void end_peer(struct stream *peer) {
    listener_forget(peer);
    peer->over = true;
    stream_queue(peer);
}

// The stream of that peer, made if it is new; the one that was silent for longest makes room.
static struct stream *peer_of(struct listener *listener, const struct sockaddr_storage *address, socklen_t size) {
    struct stream *oldest = NULL;
    for (struct stream *peer = listener->peers; peer != NULL; peer = peer->peer_next) {
        if (same_peer(&peer->peer, address)) {
            return peer;
        }
        if (oldest == NULL || peer->last_use < oldest->last_use) {
            oldest = peer;
        }
    }
    if (listener->peer_count >= MAX_PEERS) {
        end_peer(oldest);
    }
    if (listener->session->stream_count >= MAX_STREAMS) {
        return NULL;
    }
    struct stream *peer = begin(listener, -1);
    if (peer != NULL) {
        peer->listener = listener;
        peer->peer = *address;
        peer->peer_size = size;
        peer->peer_next = listener->peers;
        listener->peers = peer;
        listener->peer_count++;
        timer_at(TIMER_PEERS, now_ms() + PEER_IDLE_MS);
    }
    return peer;
}

// False when the session has no room.
static bool receive_all(struct listener *listener) {
    static uint8_t datagram[MAX_BODY];
    struct session *session = listener->session;
    while (listener->readable) {
        if (session_room(session) < MAX_FRAME + 256) {
            return false;
        }
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t got = recvfrom(
            listener->source.fd, datagram, sizeof datagram, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (got < 0) {
            listener->readable = errno != EAGAIN && errno != EWOULDBLOCK;
            continue;
        }
        struct stream *peer = peer_of(listener, &from, size);
        if (peer == NULL) {
            continue;
        }
        // It is announced first.
        if (peer->say_accepted && !stream_pump(peer)) {
            return false;
        }
        peer->last_use = now_ms();
        if ((uint32_t)got <= peer->credit) {
            peer->credit -= (uint32_t)got;
            memcpy(frame_begin(session), datagram, (size_t)got);
            frame_end(session, FRAME_DATA, peer->id, (size_t)got);
        }
    }
    return true;
}

void listener_send(struct stream *peer, const uint8_t *data, size_t size) {
    ssize_t sent = sendto(peer->listener->source.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                          (const struct sockaddr *)&peer->peer, peer->peer_size);
    (void)sent;
}

bool listeners_own(const struct port *port) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        for (struct listener *listener = sessions[i].listeners; listener != NULL; listener = listener->next) {
            if (listener->source.fd >= 0 && memcmp(&listener->port, port, sizeof *port) == 0) {
                return true;
            }
        }
    }
    return false;
}

void peers_sweep(void) {
    int64_t now = now_ms();
    for (unsigned i = 0; i < SESSIONS; i++) {
        for (struct listener *listener = sessions[i].listeners; listener != NULL; listener = listener->next) {
            for (struct stream *peer = listener->peers; peer != NULL;) {
                struct stream *next = peer->peer_next;
                if (now - peer->last_use >= PEER_IDLE_MS) {
                    end_peer(peer);
                } else {
                    timer_at(TIMER_PEERS, peer->last_use + PEER_IDLE_MS);
                }
                peer = next;
            }
        }
    }
}

bool listener_pump(struct listener *listener) {
    struct session *session = listener->session;
    if (listener->say_listening) {
        listener->say_listening = false;
        frame_end(session, FRAME_LISTENING, listener->id, 0);
    }
    if (listener->error != 0) {
        const char *words = strerror(listener->error);
        size_t size = strlen(words);
        memcpy(frame_begin(session), words, size);
        frame_end(session, FRAME_RESET, listener->id, size);
        // It goes once that is said; the caller has the next one already.
        listener->error = 0;
        listener->gone = true;
    }
    if (listener->transport == OVER_UDP) {
        return receive_all(listener);
    }
    accept_all(listener);
    return true;
}
