// SPDX-License-Identifier: Apache-2.0
// The agent that runs in a guest. One thread, one epoll; nothing in here blocks, and nothing grows with what a peer
// fails to take. The protocol is in docs/guest-agent-protocol.md.
#ifndef AGENT_H
#define AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    PROTOCOL_VERSION = 1,
    MAX_BODY = 65535,
    HEADER = 8,
    TRAILER = 4,
    MAX_FRAME = HEADER + MAX_BODY + TRAILER,
    RECORD = 32,
    // Longer than any frame, so that whoever waits for the rest of a torn one gets to its end within it.
    PREAMBLE = MAX_FRAME + 2,
    // A stream's data goes in pieces of at most this size, so that streams take turns.
    PIECE = 32768,
    MAX_STREAMS = 8192,
    MAX_LISTENERS = 256,
    MAX_PORTS = 65536,
    MAX_PEERS = 1024,
    SESSIONS = 4,
};

enum record_kind { RECORD_HELLO = 1, RECORD_ANSWER = 2, RECORD_AWAKE = 3 };

enum frame_type {
    FRAME_OPEN = 1,
    FRAME_DATA = 2,
    FRAME_CREDIT = 3,
    FRAME_FIN = 4,
    FRAME_RESET = 5,
    FRAME_LISTEN = 6,
    FRAME_UNLISTEN = 7,
    FRAME_CLOCK = 8,
    FRAME_TOUCH = 9,
    FRAME_PING = 10,
    FRAME_OPENED = 11,
    FRAME_ACCEPTED = 12,
    FRAME_LISTENING = 13,
    FRAME_PORTS = 14,
    FRAME_SYNCED = 15,
    FRAME_STAGE = 16,
    FRAME_PONG = 17,
    FRAME_CLOCKED = 18,
    FRAME_REMARK = 19,
};

enum transport { OVER_TCP = 1, OVER_UDP = 2, OVER_UNIX = 3 };

// What main.c waits for. The file descriptor is closed, and the memory freed, by loop_drop() after the current round.
struct source {
    int fd;
    bool dead;
    void (*ready)(struct source *source, uint32_t events);
    struct source *next_dead;
};

void loop_begin(void);
// One round; false when nothing is left to be done before something happens.
bool loop_once(bool wait);
void loop_add(struct source *source, uint32_t events);
void loop_change(struct source *source, uint32_t events);
void loop_drop(struct source *source);
// Closes the descriptor now and leaves the memory to loop_drop().
void loop_close(struct source *source);

enum timer { TIMER_TCP, TIMER_UDP, TIMER_SCAN, TIMER_PEERS, TIMER_AWAKE, TIMER_RINGS, TIMER_HANGUP, TIMER_RULES, TIMERS };
int64_t now_ms(void);
// Has the timer's function called at that time, or earlier if that was asked for already.
void timer_at(enum timer timer, int64_t when);

struct options {
    const char *port;    // name of the virtio port
    const char *channel; // in its place: a file, or a unix socket to connect to
    const char *socket;  // unix socket to serve
    const char *run;     // folder with the marks of the boot
    const char *tracing; // where tracefs is, or is to be mounted
    unsigned owner;      // uid and gid that may use the socket, and get the sockets that are made for the host
    unsigned group;
    bool private_socket; // the socket is root's
    bool keep_clock; // only say how wrong the clock is
    bool no_events;  // look once a second instead
    bool touch_anywhere; // below any folder, be it a mount or not
    bool touch_here; // in this process, which may hang
};
extern struct options options;

void complain(const char *what, int error);

// A stream, or a UDP peer of a listener, which has no descriptor of its own.
struct stream {
    struct source source;
    struct session *session;
    struct listener *listener; // that a UDP peer belongs to
    struct stream *bucket_next;
    struct stream *run_next;
    struct stream *peer_next;
    uint32_t listener_id; // that it was accepted by
    uint32_t id;
    enum transport transport;
    bool queued;
    bool connecting;
    bool readable;
    bool writable;
    bool write_dead; // the socket takes nothing more
    bool say_opened;
    bool say_accepted;
    bool fin_received;
    bool fin_done; // passed on to the socket
    bool fin_sent;
    bool over; // closed; only a RESET is still to be sent
    int error;
    uint32_t credit;   // bytes that the host takes
    uint32_t window;   // bytes that we take
    uint32_t consumed; // bytes passed on since the last CREDIT
    uint8_t *held;     // from the host, not yet taken by the socket; `window` bytes, mapped when needed
    uint32_t held_at;
    uint32_t held_size;
    struct sockaddr_storage peer;
    socklen_t peer_size;
    int64_t last_use;
};

// What listens in the guest.
struct port {
    uint8_t transport;
    uint8_t family; // 4 or 6
    uint16_t number;
    uint8_t address[16];
};

struct listener {
    struct source source;
    struct port port; // of TCP or UDP
    struct session *session;
    struct listener *next;
    struct stream *peers; // UDP
    unsigned peer_count;
    uint32_t id;
    enum transport transport;
    uint32_t credit; // first credit of what is accepted
    bool say_listening;
    bool readable;
    bool paused;
    bool gone; // refused; only to be freed
    int error;
    char path[108]; // of a unix socket, which goes with the listener
};

struct session {
    struct source source;
    unsigned index;
    bool used;
    bool channel; // outlives its peers: a peer that goes leaves no end of file behind
    bool open;    // hello has been said
    bool lost; // broken off, and no hello since
    uint32_t tag_in;
    uint32_t tag_out;
    uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t out_at;
    size_t out_end;
    struct stream *streams[1024];
    unsigned stream_count;
    uint32_t next_id;
    struct stream *run_first;
    struct stream *run_last;
    struct listener *listeners;
    unsigned listener_count;
    bool ports_changed;
    bool ports_synced;
    bool pong;
    uint64_t pong_body;
    bool clocked;
    int64_t clock_drift;
    int32_t clock_error;
    bool clock_set;
    unsigned stages_told;
    const char *remark;
};
extern struct session sessions[SESSIONS];

// session.c
// Begins a session, with a channel that outlives its peers or not; NULL when there are too many.
struct session *session_begin(int fd, bool channel);
void channel_open(void);
void socket_serve(void);
// Serves connections to a socket of the owner's.
void socket_listen(struct source *source, const char *path);
// A connection that does not block, or -1.
int connect_unix(const char *path);
void sessions_end(void);
// Tells hosts whose sessions were broken off, unless they have begun anew by themselves.
void awake_due(void);
void hangup_due(void);
// Says what there is to say, as far as it can be sent now. True when it stopped only to let others have their turn.
bool session_pump(struct session *session);
bool sessions_pump(void);
// Ends the session as its peer broke the protocol or is gone; a channel waits for the next peer.
void session_break(struct session *session, bool announce);
size_t session_room(struct session *session);
// Room for the body of a frame, which frame_end() completes.
uint8_t *frame_begin(struct session *session);
void frame_end(struct session *session, enum frame_type type, uint32_t id, size_t body);

// stream.c; these return false when the host has broken the protocol
bool stream_open(struct session *session, uint32_t id, const uint8_t *body, size_t size);
bool stream_data(struct session *session, uint32_t id, const uint8_t *body, size_t size);
bool stream_credit(struct session *session, uint32_t id, uint32_t more);
void stream_fin(struct session *session, uint32_t id);
void stream_reset(struct session *session, uint32_t id);
struct stream *stream_new(struct session *session, uint32_t id, enum transport transport, int fd, uint32_t credit);
void stream_free(struct stream *stream);
void stream_queue(struct stream *stream);
// Sends what the stream has to say; false when the session's buffer was too full for all of it.
bool stream_pump(struct stream *stream);
// Whether the address of a frame can be used: sets the size, which is 0 if not.
socklen_t read_address(const uint8_t *body, size_t size, enum transport *transport, struct sockaddr_storage *address);

// listener.c
void listener_open(struct session *session, uint32_t id, const uint8_t *body, size_t size);
void listener_close(struct session *session, uint32_t id);
void listeners_close(struct session *session);
void listeners_resume(struct session *session);
bool listener_pump(struct listener *listener);
void listener_send(struct stream *peer, const uint8_t *data, size_t size);
void listener_forget(struct stream *peer);
void peers_sweep(void);
// Whether it is one of ours, which is nothing to tell the host of.
bool listeners_own(const struct port *port);

// ports.c: the table of what listens in the guest
struct port port_plain(const struct port *port);
// These want plain ports.
struct port_entry *port_find(const struct port *port);
void port_present(const struct port *port, uint32_t interface);
void port_absent(struct port_entry *entry);
uint32_t port_interface(const struct port_entry *entry);
// All ports of this transport that are not seen before ports_swept() are gone.
void ports_sweep(enum transport transport);
void ports_swept(enum transport transport);
// The same for what rules of the packet filter make reachable.
void port_ruled(const struct port *port);
void rules_sweep(void);
void rules_swept(void);
void ports_forget(unsigned session);
bool ports_pump(struct session *session);

// diag.c: asks the kernel
void diag_begin(void);
bool diag_dump(enum transport transport);
enum diag_answer { DIAG_FAILED, DIAG_ABSENT, DIAG_PRESENT, DIAG_OTHER };
// Whether a TCP socket listens there.
enum diag_answer diag_tcp(const struct port *port, uint32_t *interface);

// watch.c: hears of changes
void watch_begin(void);
void watch_tcp_due(void);
void watch_udp_due(void);
void watch_scan_due(void);
const char *watch_remark(void);
// perf.c
bool perf_begin(void);
bool perf_has_udp(void);
void rings_due(void);
// A socket, by where the kernel has it or 0 where it does not say that, has entered or left LISTEN.
void watch_tcp_event(const struct port *port, uint64_t socket, bool listens);
void watch_udp_event(bool likely);
void watch_lost(void);
// All events that there were are told.
void watch_settle(void);

// rules.c
void rules_begin(void);
void rules_due(void);

// stage.c
void stage_begin(void);
bool stage_pump(struct session *session);

// parts.c
void parts_serve(void);
// Has a program mount the whole at a folder that is made for it, and the agent with that socket mount its parts and take
// the whole away. Standard input lists "rw" or "ro", the part's path from the folder on, and the mount point, each with a
// zero after it. Returns what the program ends with.
int parts_mount(const char *agent, const char *whole, char **words);
// Waits until sshfs is mounted at a point, which is written as in mountinfo, or the process that mounts it has ended.
// Returns what the program ends with.
int mount_await(const char *point, const char *pid);

// guest.c
void clock_told(struct session *session, int64_t seconds, uint32_t nanos, uint32_t threshold_ms);
void touch_told(struct session *session, const uint8_t *body, size_t size);

static inline uint32_t get32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint64_t get64(const uint8_t *p) {
    return (uint64_t)get32(p) << 32 | get32(p + 4);
}
static inline void put16(uint8_t *p, unsigned value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}
static inline void put32(uint8_t *p, uint32_t value) {
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}
static inline void put64(uint8_t *p, uint64_t value) {
    put32(p, (uint32_t)(value >> 32));
    put32(p + 4, (uint32_t)value);
}

#endif
