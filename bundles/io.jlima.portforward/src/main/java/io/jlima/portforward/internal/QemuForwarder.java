// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.machine.HostForwards;
import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forwards by the machine itself: neither this process nor sshd is in their path, and they outlive the daemon. They
 * reach only what listens on the address that the machine's own network gave the guest.
 */
@Component(
        service = PortForwarder.class,
        property = {PortForwarder.TRANSPORT + "=qemu", "service.ranking:Integer=300"})
public final class QemuForwarder implements PortForwarder {
    private static final Logger LOG = LoggerFactory.getLogger(QemuForwarder.class);
    private static final int SSH = 22;

    /** By machine, because that is what forwards live in. */
    private final Map<Machine, Table> tables = new WeakHashMap<>();

    /**
     * What is known of one machine's forwards.
     *
     * @param guestAddress where forwards lead to, null when the machine has none
     * @param leftOver there from an earlier daemon, and not opened by this one
     */
    private record Table(@Nullable String guestAddress, Set<HostForwards.Forward> leftOver) {}

    private Table table(Guest guest) throws IOException, InterruptedException {
        synchronized (tables) {
            Table known = tables.get(guest.machine());
            if (known != null) {
                return known;
            }
        }
        Optional<HostForwards> forwards = guest.machine().as(HostForwards.class);
        Set<HostForwards.Forward> found = ConcurrentHashMap.newKeySet();
        String address = null;
        if (forwards.isPresent()) {
            address = forwards.get().guestAddress().orElse(null);
            found.addAll(forwards.get().list());
            // The way to sshd is not ours.
            found.removeIf(f -> f.guestPort() == SSH && f.hostPort() == guest.sshPort());
        }
        Table table = new Table(address, found);
        synchronized (tables) {
            Table first = tables.putIfAbsent(guest.machine(), table);
            return first == null ? table : first;
        }
    }

    @Override
    public Optional<String> objection(Guest guest, Request request) {
        GuestAddress listener = request.guest();
        if (request.hostIsSocket() || listener.protocol() == Protocol.UNIX || request.reverse()) {
            return Optional.of("forwards ports only");
        }
        if (!(Requests.host(request).inet() instanceof Inet4Address)) {
            return Optional.of("listens on IPv4 addresses of the host only");
        }
        String address;
        try {
            address = table(guest).guestAddress();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
        if (address == null) {
            return Optional.of("the machine has no network that forwards");
        }
        return Addresses.isWildcard(listener.host()) || listener.host().equals(address)
                ? Optional.empty()
                : Optional.of("reaches what listens on " + address + " or on all addresses only");
    }

    @Override
    public Forward open(Guest guest, Request request) throws IOException, InterruptedException {
        HostForwards forwards = forwards(guest);
        HostForwards.Forward forward = new HostForwards.Forward(
                request.guest().protocol() == Protocol.UDP,
                request.host(),
                request.hostPort(),
                request.guest().port());
        if (!table(guest).leftOver().remove(forward)) {
            // QEMU does not say why it cannot; an attempt of our own does.
            requireFree(Requests.host(request));
            forwards.add(forward);
        }
        return new Open(forwards, forward);
    }

    /**
     * Binds a socket to the address for a moment, which fails as QEMU's would. It does not listen: who connects just when a
     * listener ends hears nothing, and tries again a second later.
     */
    static void requireFree(HostAddress host) throws IOException {
        if (host.protocol() == Protocol.UDP) {
            DatagramListener.bind(host).close();
            return;
        }
        try (SocketChannel socket = SocketChannel.open(
                host.inet() instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6)) {
            socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            socket.bind(new InetSocketAddress(host.inet(), host.port()));
        }
    }

    private static HostForwards forwards(Guest guest) throws IOException {
        return guest.machine()
                .as(HostForwards.class)
                .orElseThrow(() -> new IOException("the machine has no network that forwards"));
    }

    @Override
    public int tidy(Guest guest, Predicate<Request> unwanted) throws IOException, InterruptedException {
        int removed = 0;
        for (HostForwards.Forward forward : table(guest).leftOver()) {
            GuestAddress target =
                    new GuestAddress(forward.udp() ? Protocol.UDP : Protocol.TCP, "0.0.0.0", forward.guestPort());
            if (unwanted.test(new Request(forward.hostAddress(), forward.hostPort(), target))) {
                forwards(guest).remove(forward);
                table(guest).leftOver().remove(forward);
                removed++;
            }
        }
        return removed;
    }

    /** One that this daemon uses. */
    private record Open(HostForwards forwards, HostForwards.Forward forward) implements Forward {
        @Override
        public void close() {
            try {
                forwards.remove(forward);
            } catch (IOException e) {
                LOG.warn("{} stays open: {}", forward, e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void release() {
            // It is the machine's, and the next daemon finds it there.
        }
    }
}
