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
import java.util.concurrent.locks.LockSupport;
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

    /** Each try costs the guest two or three commands. */
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

    private static final Duration LAST_PAUSE = Duration.ofMinutes(1);

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

    /** Tries until the guest listens: a guest that was paused, or whose connections were cut, does so later. */
    private void listen(AgentSession agent) {
        Duration pause = FIRST_PAUSE;
        boolean said = false;
        while (!closed) {
            try {
                listenOnce(agent);
                return;
            } catch (IOException | LimaException e) {
                if (!said && !closed) {
                    said = true;
                    LOG.warn("{}: the agent takes no questions: {}", guest.name(), e.getMessage());
                    guest.log("until the agent takes questions, names are resolved by QEMU, without the host's hosts: "
                            + e.getMessage());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            LockSupport.parkNanos(pause.toNanos());
            pause = pause.compareTo(LAST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
        }
    }

    private void listenOnce(AgentSession agent) throws IOException, InterruptedException {
        try {
            listenAt(agent);
            return;
        } catch (IOException e) {
            // A guest that an earlier daemon has looked after has the address, and takes long over a shell and sudo.
            LOG.debug("{}: the name server's address is not there yet", guest.name(), e);
        }
        String address = SERVER + "/32";
        // With the address on its loopback the guest keeps the packets, instead of QEMU getting them.
        run("ip addr show dev lo | grep -qF '" + address + "' || ip addr add " + address + " dev lo");
        try {
            listenAt(agent);
        } catch (IOException e) {
            run("ip addr del " + address + " dev lo");
            throw e;
        }
    }

    private void listenAt(AgentSession agent) throws IOException, InterruptedException {
        AutoCloseable datagrams = agent.listen(GuestAddress.udp(SERVER, PORT), server::serveDatagrams);
        try {
            keep(agent.listen(GuestAddress.tcp(SERVER, PORT), server::serveConnection));
            keep(datagrams);
        } catch (IOException e) {
            close(datagrams);
            throw e;
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
        handles.forEach(this::close);
    }

    private void close(AutoCloseable handle) {
        try {
            handle.close();
        } catch (Exception e) {
            LOG.debug("{}: closing", guest.name(), e);
        }
    }
}
