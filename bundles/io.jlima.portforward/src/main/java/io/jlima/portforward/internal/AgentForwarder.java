// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.GuestStream;
import io.jlima.api.guest.PortForwarder;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Forwards by streams of the guest's agent. */
@Component(
        service = PortForwarder.class,
        property = {PortForwarder.TRANSPORT + "=agent", "service.ranking:Integer=200"})
public final class AgentForwarder implements PortForwarder {
    private final Relays relays = new Relays();

    @Deactivate
    void stop() {
        relays.close();
    }

    @Override
    public Optional<String> objection(Guest guest, Request request) {
        if (request.reverse() && !request.hostIsSocket()) {
            return Optional.of("leads from the guest to unix sockets of the host only");
        }
        return guest.agent().filter(AgentSession::isConnected).isPresent()
                ? Optional.empty()
                : Optional.of("there is no agent in the guest");
    }

    @Override
    public Forward open(Guest guest, Request request) throws IOException {
        if (request.reverse()) {
            return listenInGuest(guest, request);
        }
        HostAddress host = Requests.host(request);
        GuestAddress target = Requests.reachable(request.guest());
        Dial dial = () -> session(guest).open(target);
        return host.protocol() == Protocol.UDP
                ? DatagramListener.open(host, dial)
                : HostListener.open(host, dial, relays);
    }

    private Forward listenInGuest(Guest guest, Request request) throws IOException {
        LongAdder bytes = new LongAdder();
        AutoCloseable listening = session(guest).listen(request.guest(), stream -> {
            if (connect(request.host(), stream) instanceof SocketChannel host) {
                new Relay(host, stream, bytes).run(relays);
            }
        });
        return new Reverse(listening, bytes);
    }

    /** Null when nobody answers on the host; the guest's program sees its connection end. */
    static @org.jspecify.annotations.Nullable SocketChannel connect(String path, GuestStream stream) {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(Path.of(path)));
        } catch (IOException e) {
            stream.close();
            return null;
        }
    }

    private static AgentSession session(Guest guest) throws IOException {
        return guest.agent().orElseThrow(() -> new IOException("there is no agent in the guest"));
    }
}
