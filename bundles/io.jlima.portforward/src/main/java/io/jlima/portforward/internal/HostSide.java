// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.LimaException;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.guest.PortForwards.State;
import io.jlima.portforward.internal.Transports.Opened;
import java.io.IOException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host's addresses of one guest: opens, closes and tries them again, and says so. Used by one thread at a time. */
final class HostSide {
    private static final Logger LOG = LoggerFactory.getLogger(HostSide.class);

    /** Services that hosts have themselves: DNS, chrony, mDNS, LLMNR. Their conflicts are no news. */
    private static final Set<Integer> COMMON = Set.of(53, 323, 5353, 5355);

    private final Guest guest;
    private final Transports transports;
    private final HostClaims claims;
    private final String title;
    private final Map<List<Object>, Slot> slots = new LinkedHashMap<>();
    private boolean released;

    HostSide(Guest guest, Transports transports, HostClaims claims, String title) {
        this.guest = guest;
        this.transports = transports;
        this.claims = claims;
        this.title = title;
    }

    /** A reverse forward has its socket in the guest, so several may lead to one socket of the host. */
    private static List<Object> key(HostAddress host, boolean reverse, GuestAddress from) {
        return reverse ? List.of(host, from) : List.of(host);
    }

    /** Somebody in the guest is to be reached at this address. */
    void claim(HostAddress host, boolean reverse, GuestAddress from, String rule) {
        if (released) {
            return;
        }
        Slot slot = slots.computeIfAbsent(key(host, reverse, from), k -> new Slot(host, reverse));
        slot.claims.putIfAbsent(from, rule);
        if (slot.open == null) {
            open(slot);
        }
    }

    /** That one is there no more. */
    void giveUp(HostAddress host, GuestAddress from) {
        Slot slot = slots.get(key(host, false, from));
        if (slot == null || slot.claims.remove(from) == null) {
            return;
        }
        boolean had = from.equals(slot.holder);
        if (had) {
            shut(slot);
        }
        if (slot.claims.isEmpty()) {
            slots.remove(key(host, false, from));
            report();
        } else if (had) {
            open(slot);
        }
    }

    private void open(Slot slot) {
        Map.Entry<GuestAddress, String> first =
                slot.claims.entrySet().iterator().next();
        GuestAddress from = first.getKey();
        try {
            Opened opened = transports.open(guest, Requests.of(slot.host, from, slot.reverse));
            boolean failedBefore = slot.failure != null;
            slot.open = opened;
            slot.holder = from;
            slot.failure = null;
            slot.conflict = false;
            if (!slot.reverse) {
                claims.take(slot.host, guest.name());
            }
            // Before the event: who hears it may look for what was wrong, and that is over.
            if (failedBefore) {
                report();
            }
            PortEvent.send(guest, PortEvent.FORWARDING, from, slot.host, null);
            guest.log("Forwarding " + from + " of the guest " + (slot.reverse ? "to " : "from ") + slot.host
                    + " of the host by " + opened.transport());
        } catch (BindException e) {
            failed(slot, from, inTheWay(slot.host, e), true);
        } catch (IOException | LimaException e) {
            failed(slot, from, String.valueOf(e.getMessage()), false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String inTheWay(HostAddress host, BindException e) {
        String words = String.valueOf(e.getMessage());
        if (words.contains("Permission denied")) {
            return "the host lets only root listen on port " + host.port()
                    + " (see net.ipv4.ip_unprivileged_port_start in sysctl(8))";
        }
        if (!words.contains("in use")) {
            return "the host cannot listen at " + host + ": " + words;
        }
        return "the host's " + host + " is taken by "
                + claims.holder(host)
                        .map(name -> "instance `" + name + "`")
                        .or(() -> Occupant.of(host))
                        .orElse("another program");
    }

    private void failed(Slot slot, GuestAddress from, String words, boolean conflict) {
        slot.conflict = conflict;
        if (words.equals(slot.failure)) {
            return;
        }
        slot.failure = words;
        report();
        PortEvent.send(guest, PortEvent.FAILED, from, slot.host, words);
        guest.log(from + " of the guest is not forwarded: " + words);
    }

    /** What people are told of is an address that somebody else has; it is taken over as soon as that one goes. */
    private void report() {
        String words = slots.values().stream()
                .filter(HostSide::isNews)
                .map(slot -> slot.claims.keySet().iterator().next() + " of the guest is not forwarded: " + slot.failure)
                .collect(Collectors.joining("; "));
        guest.trouble(title, words.isEmpty() ? null : words);
    }

    private static boolean isNews(Slot slot) {
        String failure = slot.failure;
        return failure != null
                && slot.conflict
                && !failure.contains("only root")
                && !(slot.host.protocol() != Protocol.UNIX && COMMON.contains(slot.host.port()));
    }

    private void shut(Slot slot) {
        Opened opened = slot.open;
        GuestAddress holder = slot.holder;
        slot.open = null;
        slot.holder = null;
        if (opened == null || holder == null) {
            return;
        }
        opened.forward().close();
        PortEvent.send(guest, PortEvent.STOPPING, holder, slot.host, null);
        claims.giveUp(slot.host, guest.name());
    }

    boolean hasFailed() {
        return slots.values().stream().anyMatch(slot -> slot.open == null);
    }

    /** Tries again what could not be opened. */
    void retry() {
        List.copyOf(slots.values()).stream().filter(slot -> slot.open == null).forEach(this::open);
    }

    /** Closes what this transport carries. */
    void lose(String transport) {
        for (Slot slot : slots.values()) {
            if (slot.open != null && slot.open.transport().equals(transport)) {
                shut(slot);
                open(slot);
            }
        }
    }

    /** Removes what an earlier daemon left and nobody wants. */
    void tidy() {
        if (released) {
            return;
        }
        try {
            int removed = transports.tidy(guest, request -> true);
            if (removed > 0) {
                LOG.info("{}: {} forwards of an earlier daemon closed", guest.name(), removed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        for (Slot slot : slots.values()) {
            slot.claims.forEach((from, rule) -> all.add(entry(slot, from, rule)));
        }
        return all;
    }

    private static Entry entry(Slot slot, GuestAddress from, String rule) {
        Opened opened = slot.open;
        if (opened == null) {
            String reason = Objects.requireNonNullElse(slot.failure, "not opened yet");
            return entry(slot, from, rule, State.FAILED, null, OptionalLong.empty(), reason);
        }
        if (!from.equals(slot.holder)) {
            String reason = "the address leads to " + slot.holder;
            return entry(slot, from, rule, State.REFUSED, null, OptionalLong.empty(), reason);
        }
        String ended = opened.forward().ended();
        return entry(
                slot,
                from,
                rule,
                ended == null ? State.FORWARDED : State.FAILED,
                opened.transport(),
                opened.forward().bytes(),
                ended);
    }

    private static Entry entry(
            Slot slot,
            GuestAddress from,
            String rule,
            State state,
            @Nullable String transport,
            OptionalLong bytes,
            @Nullable String reason) {
        return new Entry(from, rule, state, slot.host.toString(), slot.reverse, transport, bytes, reason);
    }

    /** Lets go of all: what is the machine's stays there. */
    void release() {
        released = true;
        for (Slot slot : slots.values()) {
            Opened opened = slot.open;
            slot.open = null;
            if (opened != null) {
                opened.forward().release();
                claims.giveUp(slot.host, guest.name());
            }
        }
        slots.clear();
    }
}
