// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.Arch;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAgent;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.guest.GuestSetup.BootScript;
import io.jlima.api.guest.GuestSetup.VolumeFile;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Device.GuestPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** jlima's own agent: a small program that cidata brings into the guest, spoken with over a port of virtio. */
@Component(service = GuestAgent.class)
public final class LimaGuestAgent implements GuestAgent {
    private static final Logger LOG = LoggerFactory.getLogger(LimaGuestAgent.class);

    /** Lima's name for the port; a guest of either program finds its agent's peer there. */
    private static final String PORT = "io.lima-vm.guest_agent.0";

    private static final String SOCKET = "ga.sock";
    private static final String PROGRAM = "lima-guestagent";
    private static final String PRELOAD = "lima-sshfs-enospc";

    private final Set<GuestSession> sessions = ConcurrentHashMap.newKeySet();
    private final ClockWatch clock = new ClockWatch(InstantSource.system(), System::nanoTime);
    private @Nullable ScheduledExecutorService ticks;

    @Activate
    void activate() {
        ticks = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("guests' clocks").daemon().factory());
        long tick = ClockWatch.TICK.toMillis();
        ticks.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
    }

    @Deactivate
    void deactivate() {
        if (ticks != null) {
            ticks.shutdownNow();
        }
        sessions.forEach(GuestSession::close);
    }

    private void tick() {
        if (clock.isDue()) {
            // A guest that stands still must not keep the others waiting.
            sessions.forEach(session -> Thread.ofVirtual().name("guest's clock").start(session::keepTime));
        }
    }

    /** A program for guests of this architecture, as a resource; null if this build has none. */
    private static java.net.@Nullable URL program(String name, Arch arch, String suffix) {
        return LimaGuestAgent.class.getResource("programs/" + name + "-" + arch.word() + suffix);
    }

    @Override
    public GuestSetup setup(SetupRequest request) {
        GuestPort port = new GuestPort(PORT, request.directory().resolve(SOCKET));
        java.net.URL program = program(PROGRAM, request.config().arch(), "");
        java.net.URL preload = program(PRELOAD, request.config().arch(), ".so");
        if (program == null || request.hypervisor().objection(port).isPresent()) {
            LOG.warn(
                    "No guest agent for {}: {}",
                    request.instance(),
                    program == null
                            ? "this build has none for " + request.config().arch()
                            : "no port for it");
            return GuestSetup.NOTHING;
        }
        Stream<VolumeFile> files = Stream.of(new VolumeFile(PROGRAM, program::openStream, true));
        if (preload != null) {
            files = Stream.concat(files, Stream.of(new VolumeFile(PRELOAD + ".so", preload::openStream, false)));
        }
        return new GuestSetup(
                List.of(port),
                files.toList(),
                List.of(new BootScript("25-guestagent-base.sh", text("25-guestagent-base.sh"), false)),
                Map.of());
    }

    private static String text(String resource) {
        try (InputStream in = LimaGuestAgent.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("this bundle lacks its " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public AgentSession connect(Guest guest) {
        Path socket = guest.directory().resolve(SOCKET);
        GuestSession session = new GuestSession(guest.name(), () -> dial(socket), guest::log);
        sessions.removeIf(GuestSession::isClosed);
        sessions.add(session);
        return session;
    }

    private static ByteChannel dial(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }
}
