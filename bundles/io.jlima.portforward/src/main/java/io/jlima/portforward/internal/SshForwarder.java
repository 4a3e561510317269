// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.GuestStream;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Forwards by channels of the kept SSH connection: needs nothing in the guest but its sshd. */
@Component(
        service = PortForwarder.class,
        property = {PortForwarder.TRANSPORT + "=ssh", "service.ranking:Integer=100"})
public final class SshForwarder implements PortForwarder {
    private final Relays relays = new Relays();

    @Deactivate
    void stop() {
        relays.close();
    }

    @Override
    public Optional<String> objection(Guest guest, Request request) {
        if (request.guest().protocol() == Protocol.UDP) {
            return Optional.of("carries no datagrams");
        }
        if (request.reverse() && request.guest().protocol() != Protocol.UNIX) {
            return Optional.of("leads from unix sockets of the guest only");
        }
        return guest.up().toCompletableFuture().isDone()
                ? Optional.empty()
                : Optional.of("the guest lets nobody in yet");
    }

    @Override
    public Forward open(Guest guest, Request request) throws IOException, InterruptedException {
        if (request.reverse()) {
            return SshReverse.open(guest, request.guest().host(), request.host(), relays);
        }
        GuestAddress target = Requests.reachable(request.guest());
        return HostListener.open(Requests.host(request), () -> dial(guest.connection(), target), relays);
    }

    private static GuestStream dial(SshConnection connection, GuestAddress target) throws IOException {
        return new Stream(
                target.protocol() == Protocol.UNIX
                        ? connection.openUnix(target.host())
                        : connection.openTcp(target.host(), target.port()));
    }

    /** An SSH stream as forwards see it. */
    record Stream(SshStream ssh) implements GuestStream {
        @Override
        public InputStream in() {
            return ssh.in();
        }

        @Override
        public OutputStream out() {
            return ssh.out();
        }

        @Override
        public void finish() throws IOException {
            ssh.finish();
        }

        @Override
        public void close() {
            ssh.close();
        }
    }
}
