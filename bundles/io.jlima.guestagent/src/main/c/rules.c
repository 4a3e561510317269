// SPDX-License-Identifier: Apache-2.0
// Ports that container engines publish by a rule of the packet filter, without anybody who listens: destination NAT in
// nftables, written by nft or by iptables-nft. The kernel tells of each change; then all rules are read.
#include "agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PAUSE_MS = 50,
    ATTRIBUTE = sizeof(struct nlattr),
    // Where the fields are that a rule may compare: the protocol and the destination of IPv4, the port of TCP and UDP.
    AT_PROTOCOL = 9,
    AT_ADDRESS = 16,
    AT_PORT = 2,
};

// What is known of a rule once some of its expressions were read.
struct rule {
    enum { NOTHING, PROTOCOL, ADDRESS, PORT } loaded; // what the register holds that is compared next
    int protocol;
    uint16_t port;
    uint8_t address[4];
    bool translates;
};

static int rules = -1;
static uint32_t sequence;
static int64_t last;

// An attribute of that type inside of others; its size is set.
static const uint8_t *attribute(const uint8_t *data, size_t size, unsigned type, size_t *found) {
    while (size >= ATTRIBUTE) {
        struct nlattr head;
        memcpy(&head, data, sizeof head);
        if (head.nla_len < ATTRIBUTE || head.nla_len > size) {
            break;
        }
        if ((head.nla_type & NLA_TYPE_MASK) == type) {
            *found = head.nla_len - ATTRIBUTE;
            return data + ATTRIBUTE;
        }
        size_t step = ((size_t)head.nla_len + 3) / 4 * 4;
        step = step < size ? step : size;
        data += step;
        size -= step;
    }
    *found = 0;
    return NULL;
}

static uint32_t number(const uint8_t *data, size_t size, unsigned type) {
    size_t found;
    const uint8_t *value = attribute(data, size, type, &found);
    return value != NULL && found == 4 ? get32(value) : UINT32_MAX;
}

static bool is(const uint8_t *name, size_t size, const char *word) {
    return name != NULL && size == strlen(word) + 1 && memcmp(name, word, size) == 0;
}

static void compared(struct rule *rule, const uint8_t *data, size_t size) {
    size_t nested;
    size_t length;
    const uint8_t *value = attribute(data, size, NFTA_CMP_DATA, &nested);
    value = value == NULL ? NULL : attribute(value, nested, NFTA_DATA_VALUE, &length);
    if (value != NULL && number(data, size, NFTA_CMP_OP) == NFT_CMP_EQ) {
        if (rule->loaded == PROTOCOL && length >= 1) {
            rule->protocol = value[0];
        } else if (rule->loaded == PORT && length >= 2) {
            rule->port = get16(value);
        } else if (rule->loaded == ADDRESS && length == 4) {
            memcpy(rule->address, value, 4);
        }
    }
    rule->loaded = NOTHING;
}

// The matches and targets of iptables come as they were before nftables: the ports are the second pair of 16-bit
// numbers, in the machine's own order, of struct xt_tcp and xt_udp.
static void matched(struct rule *rule, const uint8_t *data, size_t size) {
    size_t name_size;
    size_t info_size;
    const uint8_t *name = attribute(data, size, NFTA_MATCH_NAME, &name_size);
    const uint8_t *info = attribute(data, size, NFTA_MATCH_INFO, &info_size);
    bool tcp = is(name, name_size, "tcp");
    if ((tcp || is(name, name_size, "udp")) && info != NULL && info_size >= 9) {
        uint16_t ports[2];
        memcpy(ports, info + 4, sizeof ports);
        rule->protocol = tcp ? IPPROTO_TCP : IPPROTO_UDP;
        rule->port = ports[0] == ports[1] ? ports[0] : 0;
    }
}

static void read_expression(struct rule *rule, const uint8_t *data, size_t size) {
    size_t name_size;
    size_t body_size;
    const uint8_t *name = attribute(data, size, NFTA_EXPR_NAME, &name_size);
    const uint8_t *body = attribute(data, size, NFTA_EXPR_DATA, &body_size);
    if (body == NULL) {
        return;
    }
    if (is(name, name_size, "payload")) {
        uint32_t base = number(body, body_size, NFTA_PAYLOAD_BASE);
        uint32_t offset = number(body, body_size, NFTA_PAYLOAD_OFFSET);
        rule->loaded = base == NFT_PAYLOAD_NETWORK_HEADER && offset == AT_PROTOCOL         ? PROTOCOL
                       : base == NFT_PAYLOAD_NETWORK_HEADER && offset == AT_ADDRESS    ? ADDRESS
                       : base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == AT_PORT ? PORT
                                                                                            : NOTHING;
    } else if (is(name, name_size, "meta")) {
        rule->loaded = number(body, body_size, NFTA_META_KEY) == NFT_META_L4PROTO ? PROTOCOL : NOTHING;
    } else if (is(name, name_size, "cmp")) {
        compared(rule, body, body_size);
    } else if (is(name, name_size, "match")) {
        matched(rule, body, body_size);
    } else if (is(name, name_size, "nat")) {
        rule->translates |= number(body, body_size, NFTA_NAT_TYPE) == NFT_NAT_DNAT;
    } else if (is(name, name_size, "target")) {
        size_t size_of_name;
        const uint8_t *target = attribute(body, body_size, NFTA_TARGET_NAME, &size_of_name);
        rule->translates |= is(target, size_of_name, "DNAT");
    } else if (!is(name, name_size, "counter") && !is(name, name_size, "bitwise")) {
        rule->loaded = NOTHING;
    }
}

static void read_rule(const uint8_t *data, size_t size) {
    struct rule rule = {0};
    size_t left;
    const uint8_t *at = attribute(data, size, NFTA_RULE_EXPRESSIONS, &left);
    while (at != NULL && left >= ATTRIBUTE) {
        struct nlattr head;
        memcpy(&head, at, sizeof head);
        if (head.nla_len < ATTRIBUTE || head.nla_len > left) {
            break;
        }
        read_expression(&rule, at + ATTRIBUTE, head.nla_len - ATTRIBUTE);
        size_t step = ((size_t)head.nla_len + 3) / 4 * 4;
        step = step < left ? step : left;
        at += step;
        left -= step;
    }
    if (rule.translates && rule.port != 0 && (rule.protocol == IPPROTO_TCP || rule.protocol == IPPROTO_UDP)) {
        struct port port = {
            .transport = rule.protocol == IPPROTO_TCP ? OVER_TCP : OVER_UDP, .family = 4, .number = rule.port};
        memcpy(port.address, rule.address, sizeof rule.address);
        port_ruled(&port);
    }
}

static bool dump(void) {
    static _Alignas(struct nlmsghdr) uint8_t buffer[32768];
    struct {
        struct nlmsghdr head;
        struct nfgenmsg body;
    } request = {
        .head = {sizeof request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, ++sequence, 0},
        .body = {.nfgen_family = NFPROTO_UNSPEC},
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    struct timeval limit = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool more = fd >= 0 && send(fd, &request, sizeof request, 0) == sizeof request;
    bool whole = false;
    while (more) {
        ssize_t size = recv(fd, buffer, sizeof buffer, 0);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        unsigned left = size > 0 ? (unsigned)size : 0;
        more = left > 0;
        for (struct nlmsghdr *head = (struct nlmsghdr *)buffer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
                // Rules that changed meanwhile are told of by another event.
                whole = head->nlmsg_type == NLMSG_DONE;
                more = false;
                break;
            }
            size_t skip = NLMSG_LENGTH(sizeof(struct nfgenmsg));
            if (head->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) && head->nlmsg_len >= skip) {
                read_rule((const uint8_t *)head + NLMSG_ALIGN(skip), head->nlmsg_len - NLMSG_ALIGN(skip));
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return whole;
}

void rules_due(void) {
    last = now_ms();
    rules_sweep();
    if (dump()) {
        rules_swept();
    }
}

static void rules_ready(struct source *source, uint32_t events) {
    static uint8_t buffer[8192];
    (void)events;
    for (;;) {
        ssize_t size = recv(source->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (size <= 0 && errno != ENOBUFS && errno != EINTR) {
            break;
        }
    }
    // Engines write many rules at once.
    int64_t now = now_ms();
    timer_at(TIMER_RULES, last + PAUSE_MS > now ? last + PAUSE_MS : now + PAUSE_MS / 5);
}

void rules_begin(void) {
    static struct source told = {.fd = -1, .ready = rules_ready};
    int group = NFNLGRP_NFTABLES;
    rules = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
    // Without an address of its own a socket passes for the sender, who is told nothing.
    struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    if (rules < 0 || bind(rules, (struct sockaddr *)&own, sizeof own) != 0
        || setsockopt(rules, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
        // A kernel without the packet filter, or an agent that may not look.
        if (rules >= 0) {
            close(rules);
        }
        return;
    }
    told.fd = rules;
    loop_add(&told, EPOLLIN);
    rules_due();
}
