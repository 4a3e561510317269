// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import io.jlima.api.LimaException;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resolver of one guest. Its questions come by the agent, which listens in the guest at the address that the guest
 * takes for its name server; where there is no agent, the guest's packet filter leads them to the host's ports.
 */
final class GuestResolver implements Attachment {
    private static final Logger LOG = LoggerFactory.getLogger(GuestResolver.class);
    private static final Duration COMMAND = Duration.ofSeconds(20);
    private static final int PORT = 53;

    /** The name server of QEMU's user-mode network, which each guest is told to ask. */
    static final String SERVER = "192.168.5.3";

    private final Guest guest;
    private final DnsServer server;
    private final List<AutoCloseable> handles = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    GuestResolver(Guest guest, DnsServer server) {
        this.guest = guest;
        this.server = server;
        handles.add(server);
    }

    GuestResolver begin() {
        guest.agent()
                .ifPresent(agent -> CompletableFuture.allOf(
                                agent.met().toCompletableFuture(), guest.up().toCompletableFuture())
                        .thenRun(() -> Thread.ofVirtual()
                                .name("dns of " + guest.name())
                                .start(() -> listen(agent))));
        return this;
    }

    private void listen(AgentSession agent) {
        String address = SERVER + "/32";
        try {
            // With the address on its loopback the guest keeps the packets, instead of QEMU getting them.
            run("ip addr show dev lo | grep -qF '" + address + "' || ip addr add " + address + " dev lo");
            try {
                keep(agent.listen(GuestAddress.udp(SERVER, PORT), server::serveDatagrams));
                keep(agent.listen(GuestAddress.tcp(SERVER, PORT), server::serveConnection));
            } catch (IOException e) {
                run("ip addr del " + address + " dev lo");
                throw e;
            }
        } catch (IOException | LimaException e) {
            LOG.warn("{}: the agent takes no questions: {}", guest.name(), e.getMessage());
            guest.log("names are resolved by QEMU, without the host's hosts: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(String command) throws IOException, InterruptedException {
        SshConnection.Result result =
                guest.connection().run("sudo -n sh -c \"PATH=/usr/sbin:/sbin:$PATH; " + command + "\"", "", COMMAND);
        if (result.exitCode() != 0) {
            throw new IOException(
                    "`" + command + "` in the guest: " + result.stderr().strip());
        }
    }

    private void keep(AutoCloseable handle) {
        handles.add(handle);
        if (closed) {
            close();
        }
    }

    @Override
    public void close() {
        closed = true;
        for (AutoCloseable handle : handles) {
            try {
                handle.close();
            } catch (Exception e) {
                LOG.debug("{}: closing", guest.name(), e);
            }
        }
    }
}
