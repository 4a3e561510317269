// SPDX-License-Identifier: Apache-2.0
// Asks the kernel for sockets: sock_diag(7), or the text of proc(5) where that is not built in.
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// States of the kernel's include/net/tcp_states.h. A UDP socket without a peer is in CLOSE.
enum { STATE_CLOSE = 7, STATE_LISTEN = 10 };

static int netlink = -1;
static uint32_t sequence;

static struct {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
} request;

void diag_begin(void) {
    netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    // A kernel that does not answer must not hold us up.
    struct timeval limit = {.tv_sec = 5};
    setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static bool ask(int family, enum transport transport, uint16_t flags) {
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    request.head.nlmsg_seq = ++sequence;
    request.body.sdiag_family = (uint8_t)family;
    request.body.sdiag_protocol = transport == OVER_TCP ? IPPROTO_TCP : IPPROTO_UDP;
    request.body.idiag_states = 1U << (transport == OVER_TCP ? STATE_LISTEN : STATE_CLOSE);
    request.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do {
        sent = sendto(netlink, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel);
    } while (sent < 0 && errno == EINTR);
    return sent == sizeof request;
}

static bool to_port(const struct inet_diag_msg *message, enum transport transport, struct port *port) {
    memset(port, 0, sizeof *port);
    port->transport = (uint8_t)transport;
    port->family = message->idiag_family == AF_INET6 ? 6 : 4;
    port->number = ntohs(message->id.idiag_sport);
    memcpy(port->address, message->id.idiag_src, port->family == 6 ? 16 : 4);
    return port->number != 0 && message->idiag_state == (transport == OVER_TCP ? STATE_LISTEN : STATE_CLOSE);
}

// Hands each answer to `take`; the result of the last one that was not DIAG_FAILED.
static enum diag_answer answers(enum transport transport, const struct port *wanted, uint32_t *interface) {
    static _Alignas(struct nlmsghdr) uint8_t buffer[32768];
    for (;;) {
        ssize_t size = recv(netlink, buffer, sizeof buffer, 0);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return DIAG_FAILED;
        }
        unsigned left = (unsigned)size;
        for (struct nlmsghdr *head = (struct nlmsghdr *)buffer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_seq != sequence) {
                continue;
            }
            if (head->nlmsg_type == NLMSG_DONE) {
                return DIAG_PRESENT;
            }
            if (head->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr *failure = NLMSG_DATA(head);
                return failure->error == -ENOENT ? DIAG_ABSENT : DIAG_FAILED;
            }
            struct port port;
            const struct inet_diag_msg *message = NLMSG_DATA(head);
            bool fits = head->nlmsg_len >= NLMSG_LENGTH(sizeof *message) && to_port(message, transport, &port);
            if (wanted != NULL) {
                *interface = message->id.idiag_if;
                return fits && memcmp(&port, wanted, sizeof port) == 0 ? DIAG_PRESENT : DIAG_OTHER;
            }
            if (fits) {
                port = port_plain(&port);
                port_present(&port, message->id.idiag_if);
            }
        }
    }
}

// The lines of one table of proc(5): number, local address, peer's address, state.
static bool read_table(enum transport transport, int family) {
    char path[40];
    snprintf(path, sizeof path, "/proc/net/%s%s", transport == OVER_TCP ? "tcp" : "udp", family == AF_INET6 ? "6" : "");
    FILE *table = fopen(path, "re");
    if (table == NULL) {
        return false;
    }
    char line[256];
    while (fgets(line, sizeof line, table) != NULL) {
        char address[33];
        unsigned number;
        unsigned state;
        if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", address, &number, &state) != 3
            || state != (transport == OVER_TCP ? STATE_LISTEN : STATE_CLOSE) || number == 0) {
            continue;
        }
        struct port port = {.transport = (uint8_t)transport, .family = family == AF_INET6 ? 6 : 4};
        port.number = (uint16_t)number;
        // Words of 32 bits in the machine's own order.
        for (size_t word = 0; word < strlen(address) / 8; word++) {
            char digits[9] = {0};
            memcpy(digits, address + 8 * word, 8);
            uint32_t value = (uint32_t)strtoul(digits, NULL, 16);
            memcpy(port.address + 4 * word, &value, 4);
        }
        port = port_plain(&port);
        port_present(&port, 0);
    }
    fclose(table);
    return true;
}

bool diag_dump(enum transport transport) {
    static const int families[] = {AF_INET, AF_INET6};
    bool whole = true;
    ports_sweep(transport);
    for (unsigned i = 0; i < 2; i++) {
        memset(&request, 0, sizeof request);
        bool done = ask(families[i], transport, NLM_F_DUMP) && answers(transport, NULL, NULL) == DIAG_PRESENT;
        // A kernel without IPv6 has nothing to tell of it.
        whole &= done || read_table(transport, families[i]) || families[i] == AF_INET6;
    }
    if (whole) {
        ports_swept(transport);
    }
    return whole;
}

enum diag_answer diag_tcp(const struct port *port, uint32_t *interface) {
    memset(&request, 0, sizeof request);
    request.body.id.idiag_sport = htons(port->number);
    memcpy(request.body.id.idiag_src, port->address, sizeof port->address);
    request.body.id.idiag_if = *interface;
    if (!ask(port->family == 6 ? AF_INET6 : AF_INET, OVER_TCP, 0)) {
        return DIAG_FAILED;
    }
    return answers(OVER_TCP, port, interface);
}
