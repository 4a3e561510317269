// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.guest.PortForwarder.Forward;
import io.jlima.api.guest.PortForwarder.Request;
import java.io.IOException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The transports that are there at this moment, and the choice among them. Thread-safe. */
final class Transports {
    /** System property of the daemon: the only transport to use. For tests, and to find out what a fault depends on. */
    static final String FORCED = "jlima.port.transport";

    private static final Logger LOG = LoggerFactory.getLogger(Transports.class);

    private final Map<PortForwarder, Transport> known = new ConcurrentHashMap<>();
    private final @Nullable String forced;

    private record Transport(String word, int rank, PortForwarder service) {}

    /** A forward and the word of what carries it. */
    record Opened(String transport, PortForwarder service, Forward forward) {}

    /** @param forced word of the only transport to use, null for free choice */
    Transports(@Nullable String forced) {
        this.forced = forced;
    }

    void add(PortForwarder service, String word, int rank) {
        known.put(service, new Transport(word, rank, service));
    }

    void remove(PortForwarder service) {
        known.remove(service);
    }

    private List<Transport> ranked() {
        return known.values().stream()
                .filter(t -> forced == null || forced.equals(t.word()))
                .sorted(Comparator.comparingInt(Transport::rank).reversed())
                .toList();
    }

    /**
     * Opens a forward by the best transport that can.
     *
     * @throws BindException when the host's address is taken or not allowed
     * @throws IOException when none can, with the reasons of each
     */
    Opened open(Guest guest, Request request) throws IOException, InterruptedException {
        List<String> reasons = new ArrayList<>();
        for (Transport transport : ranked()) {
            try {
                var objection = transport.service().objection(guest, request);
                if (objection.isPresent()) {
                    reasons.add(transport.word() + " " + objection.get());
                    continue;
                }
                return new Opened(transport.word(), transport.service(), open(transport, guest, request));
            } catch (BindException e) {
                throw e;
            } catch (IOException | RuntimeException e) {
                LOG.debug("{} cannot open {}", transport.word(), request, e);
                reasons.add(transport.word() + ": " + e.getMessage());
            }
        }
        if (reasons.isEmpty()) {
            throw new IOException("there is no transport" + (forced == null ? "" : " " + forced));
        }
        throw new IOException("no transport can do it: " + String.join("; ", reasons));
    }

    private Forward open(Transport transport, Guest guest, Request request) throws IOException, InterruptedException {
        try {
            return transport.service().open(guest, request);
        } catch (BindException e) {
            HostAddress host = Requests.host(request);
            // It may be ours, from an earlier daemon that chose another transport.
            if (request.reverse() || tidy(guest, r -> Requests.host(r).overlaps(host)) == 0) {
                throw e;
            }
            return transport.service().open(guest, request);
        }
    }

    /** Has all transports remove what an earlier daemon left. */
    int tidy(Guest guest, Predicate<Request> unwanted) throws InterruptedException {
        int removed = 0;
        for (PortForwarder service : known.keySet()) {
            try {
                removed += service.tidy(guest, unwanted);
            } catch (IOException | RuntimeException e) {
                LOG.warn("Forwards of an earlier daemon may be left: {}", e.getMessage());
            }
        }
        return removed;
    }
}
