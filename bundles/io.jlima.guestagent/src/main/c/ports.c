// SPDX-License-Identifier: Apache-2.0
// What listens in the guest, and what each session has been told of it. A change that is taken back before it was told
// is never told, so a flood of changes takes no memory.
#include "agent.h"

#include <stdlib.h>
#include <string.h>

struct port_entry {
    struct port port;
    struct port_entry *next;
    uint32_t interface;
    bool present; // a socket, a rule, or both
    bool socket;
    bool rule;
    bool seen;
    bool rule_seen;
    uint8_t known; // one bit for each session
};

enum { BUCKETS = 256, ENTRY = 21 };

static struct port_entry *buckets[BUCKETS];
static unsigned count;
static bool tidy_due;

static struct port_entry **bucket(const struct port *port) {
    unsigned hash = port->number * 31U + port->address[3] + port->address[15] * 7U + port->transport;
    return &buckets[hash % BUCKETS];
}

// An IPv4 address in the clothes of IPv6, as Java binds it, is an IPv4 address.
struct port port_plain(const struct port *port) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct port plain = *port;
    if (port->family == 6 && memcmp(port->address, mapped, sizeof mapped) == 0) {
        plain.family = 4;
        memcpy(plain.address, port->address + 12, 4);
        memset(plain.address + 4, 0, 12);
    }
    return plain;
}

struct port_entry *port_find(const struct port *port) {
    struct port_entry *entry = *bucket(port);
    while (entry != NULL && memcmp(&entry->port, port, sizeof *port) != 0) {
        entry = entry->next;
    }
    return entry;
}

uint32_t port_interface(const struct port_entry *entry) {
    return entry->interface;
}

static void changed(void) {
    for (unsigned i = 0; i < SESSIONS; i++) {
        sessions[i].ports_changed = true;
    }
}

static struct port_entry *add(const struct port *port) {
    struct port_entry *entry = port_find(port);
    if (entry == NULL && !listeners_own(port) && count < MAX_PORTS && (entry = calloc(1, sizeof *entry)) != NULL) {
        entry->port = *port;
        entry->next = *bucket(port);
        *bucket(port) = entry;
        count++;
    }
    return entry;
}

static void settle(struct port_entry *entry) {
    bool present = entry->socket || entry->rule;
    if (entry->present != present) {
        entry->present = present;
        changed();
    }
}

void port_present(const struct port *port, uint32_t interface) {
    struct port_entry *entry = add(port);
    if (entry != NULL) {
        entry->seen = true;
        entry->socket = true;
        entry->interface = interface;
        settle(entry);
    }
}

void port_absent(struct port_entry *entry) {
    entry->socket = false;
    settle(entry);
}

void port_ruled(const struct port *port) {
    struct port_entry *entry = add(port);
    if (entry != NULL) {
        entry->rule_seen = true;
        entry->rule = true;
        settle(entry);
    }
}

void rules_sweep(void) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry *entry = buckets[i]; entry != NULL; entry = entry->next) {
            entry->rule_seen = false;
        }
    }
}

void rules_swept(void) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry *entry = buckets[i]; entry != NULL; entry = entry->next) {
            entry->rule &= entry->rule_seen;
            settle(entry);
        }
    }
}

void ports_sweep(enum transport transport) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry *entry = buckets[i]; entry != NULL; entry = entry->next) {
            entry->seen &= entry->port.transport != transport;
        }
    }
}

void ports_swept(enum transport transport) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry *entry = buckets[i]; entry != NULL; entry = entry->next) {
            if (entry->port.transport == transport && !entry->seen) {
                port_absent(entry);
            }
        }
    }
}

static void tidy(void) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry **link = &buckets[i]; *link != NULL;) {
            struct port_entry *entry = *link;
            if (!entry->present && entry->known == 0) {
                *link = entry->next;
                free(entry);
                count--;
            } else {
                link = &entry->next;
            }
        }
    }
}

void ports_forget(unsigned session) {
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct port_entry *entry = buckets[i]; entry != NULL; entry = entry->next) {
            entry->known &= (uint8_t) ~(1U << session);
        }
    }
}

// As many changes as go into one frame; false when there was no room.
bool ports_pump(struct session *session) {
    uint8_t bit = (uint8_t)(1U << session->index);
    while (session->ports_changed) {
        if (session_room(session) < MAX_FRAME) {
            return false;
        }
        uint8_t *start = frame_begin(session);
        uint8_t *p = start;
        bool full = false;
        // What is gone comes first: what is new may want its place on the host.
        for (unsigned i = 0; i < 2 * BUCKETS && !full; i++) {
            bool present = i >= BUCKETS;
            for (struct port_entry *entry = buckets[i % BUCKETS]; entry != NULL && !full; entry = entry->next) {
                if (entry->present == present && present != ((entry->known & bit) != 0)) {
                    p[0] = present;
                    p[1] = entry->port.transport;
                    put16(p + 2, entry->port.number);
                    p[4] = entry->port.family;
                    memcpy(p + 5, entry->port.address, 16);
                    p += ENTRY;
                    entry->known ^= bit;
                    full = p - start > 32768;
                }
            }
        }
        session->ports_changed = full;
        tidy_due = true;
        if (p != start) {
            frame_end(session, FRAME_PORTS, 0, (size_t)(p - start));
        }
    }
    if (tidy_due) {
        tidy_due = false;
        tidy();
    }
    if (!session->ports_synced) {
        if (session_room(session) < MAX_FRAME) {
            return false;
        }
        session->ports_synced = true;
        frame_end(session, FRAME_SYNCED, 0, 0);
    }
    return true;
}
