// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.AgentSession.Change;
import io.jlima.api.guest.AgentSession.FileEvent;
import io.jlima.api.guest.GuestAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The host's end with the real agent: what the agent tells, and what it does when told. */
@Timeout(120)
class AgentTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir
    Path folder;

    private RealAgent agent;
    private GuestSession session;
    private final Recorder recorder = new Recorder();
    private final List<String> log = new CopyOnWriteArrayList<>();

    @BeforeEach
    void begin() throws Exception {
        agent = RealAgent.serving(folder);
        session = new GuestSession("test", RealAgent.connector(RealAgent.socket(folder)), log::add);
        session.watch(recorder);
        recorder.await(word -> word.startsWith("connected"));
    }

    @AfterEach
    void end() throws Exception {
        session.close();
        agent.close();
    }

    @Test
    void portsComeAndGo() throws Exception {
        String address;
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            address = "tcp 127.0.0.1:" + server.getLocalPort();
            recorder.await("opened " + address);
        }
        recorder.await("closed " + address);
    }

    @Test
    void ipv6AndWildcards() throws Exception {
        try (ServerSocket any = new ServerSocket(0);
                ServerSocket six = new ServerSocket(0, 5, InetAddress.ofLiteral("::1"))) {
            // Java's wildcard is that of IPv6 where there is IPv6.
            String wildcard = ":" + any.getLocalPort();
            String loopback = "opened tcp [::1]:" + six.getLocalPort();
            // What opens within one batch of events is told in the order of addresses.
            Predicate<String> either = w -> w.endsWith(wildcard) || w.equals(loopback);
            List<String> words = List.of(recorder.await(either), recorder.await(either));
            assertThat(words)
                    .contains(loopback)
                    .containsAnyOf("opened tcp [::]" + wildcard, "opened tcp 0.0.0.0" + wildcard);
        }
    }

    @Test
    void udpPortsComeAndGo() throws Exception {
        String address;
        try (DatagramChannel channel = DatagramChannel.open(java.net.StandardProtocolFamily.INET)) {
            channel.bind(new InetSocketAddress(LOOPBACK, 0));
            address = "udp 127.0.0.1:" + ((InetSocketAddress) channel.getLocalAddress()).getPort();
            recorder.await("opened " + address);
        }
        recorder.await("closed " + address);
    }

    @Test
    void whoeverComesLaterIsToldOfAll() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            String address = "tcp 127.0.0.1:" + server.getLocalPort();
            recorder.await("opened " + address);
            Recorder second = new Recorder();
            session.watch(second);
            assertThat(second.await(word -> word.startsWith("connected"))).contains(address);
        }
    }

    @Test
    void threeHundredPortsAtOnce() throws Exception {
        List<ServerSocket> servers = new java.util.ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                servers.add(new ServerSocket(0, 1, LOOPBACK));
            }
            for (ServerSocket server : servers) {
                Recorder late = new Recorder();
                AutoCloseable watch = session.watch(late);
                String all = late.await(word -> word.startsWith("connected"));
                watch.close();
                if (!all.contains(":" + server.getLocalPort())) {
                    recorder.await("opened tcp 127.0.0.1:" + server.getLocalPort());
                }
            }
        } finally {
            for (ServerSocket server : servers) {
                server.close();
            }
        }
        recorder.await("closed tcp 127.0.0.1:" + servers.getLast().getLocalPort());
    }

    @Test
    void stagesOfTheBoot() throws Exception {
        Files.writeString(agent.marks().resolve("lima-ssh-ready"), "iid\n");
        recorder.await("stage ssh-ready");
        Files.writeString(agent.marks().resolve("lima-boot-done"), "iid\n");
        recorder.await("stage boot-done");
        Recorder second = new Recorder();
        session.watch(second);
        second.await("stage ssh-ready");
        second.await("stage boot-done");
    }

    @Test
    void itsOwnSocketsAreNotTold() throws Exception {
        int port;
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            port = server.getLocalPort();
            recorder.await("opened tcp 127.0.0.1:" + port);
        }
        recorder.await("closed tcp 127.0.0.1:" + port);
        AutoCloseable listening = session.listen(GuestAddress.tcp("127.0.0.1", port), stream -> stream.close());
        try (ServerSocket marker = new ServerSocket(0, 5, LOOPBACK)) {
            String address = "tcp 127.0.0.1:" + marker.getLocalPort();
            String first = recorder.await(word -> word.contains(address) || word.endsWith(":" + port));
            assertThat(first).isEqualTo("opened " + address);
        }
        listening.close();
    }

    @Test
    void theClockIsCompared() throws Exception {
        // The agent under test leaves this machine's clock alone.
        session.setClock(Instant.now().plusSeconds(3600));
        session.setClock(Instant.ofEpochSecond(Long.MAX_VALUE >> 32));
        // The session has survived both.
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            recorder.await("opened tcp 127.0.0.1:" + server.getLocalPort());
        }
        assertThat(log).noneMatch(line -> line.contains("clock"));
    }

    private FileEvent event(String path, Change change, Instant time, boolean sign) {
        return new FileEvent(folder.toString(), path, change, time, sign);
    }

    /** Waits until a watcher of the folder sees something of that name. */
    private void awaitSight(WatchService watch, String name) throws InterruptedException {
        boolean seen = false;
        while (!seen) {
            WatchKey key = watch.poll(30, TimeUnit.SECONDS);
            assertThat(key).as("a change of the folder").isNotNull();
            seen = key.pollEvents().stream().anyMatch(event -> Path.of(name).equals(event.context()));
            key.reset();
        }
    }

    @Test
    void watchersSeeWhatTheHostChanged() throws Exception {
        Path file = Files.writeString(folder.resolve("watched"), "content");
        Files.createDirectory(folder.resolve("inner"));
        Instant time = Instant.parse("2020-01-02T03:04:05.678Z");
        Files.setLastModifiedTime(file, FileTime.from(time));
        try (WatchService watch = folder.getFileSystem().newWatchService()) {
            folder.register(watch, StandardWatchEventKinds.ENTRY_MODIFY);
            session.touched(List.of(event("watched", Change.CONTENT, time, false)));
            awaitSight(watch, "watched");
            session.touched(List.of(event("inner", Change.ATTRIBUTES, Instant.now(), false)));
            awaitSight(watch, "inner");
        }
        assertThat(file).hasContent("content");
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(FileTime.from(time));
    }

    @Test
    void aFileThatHasChangedSinceKeepsItsTime() throws Exception {
        Path file = Files.writeString(folder.resolve("fresh"), "content");
        FileTime now = Files.getLastModifiedTime(file);
        Files.createFile(folder.resolve("next"));
        try (WatchService watch = folder.getFileSystem().newWatchService()) {
            folder.register(watch, StandardWatchEventKinds.ENTRY_MODIFY);
            session.touched(List.of(
                    event("fresh", Change.CONTENT, now.toInstant().minusSeconds(1), false),
                    event("next", Change.CONTENT, Instant.now(), false)));
            awaitSight(watch, "next");
        }
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(now);
    }

    @Test
    void whatItCannotTouchIsNoTrouble() throws Exception {
        Path inner = folder.resolve("shared");
        Files.createDirectories(inner.resolve("inner"));
        Path target = Files.writeString(folder.resolve("target"), "content");
        Path deep = Files.writeString(inner.resolve("inner/deep"), "content");
        FileTime before = Files.getLastModifiedTime(target);
        Files.createSymbolicLink(inner.resolve("link"), target);
        Files.createSymbolicLink(inner.resolve("up"), folder);
        Files.createFile(folder.resolve("next"));
        Instant later = Instant.now().plusSeconds(1000);
        try (WatchService watch = folder.getFileSystem().newWatchService()) {
            folder.register(watch, StandardWatchEventKinds.ENTRY_MODIFY);
            for (String path : List.of(
                    "link",
                    "up/target",
                    "../target",
                    "inner/../../target",
                    "/target",
                    "inner//deep",
                    "gone",
                    "inner/deep/")) {
                session.touched(List.of(new FileEvent(inner.toString(), path, Change.CONTENT, later, false)));
            }
            session.touched(List.of(
                    new FileEvent("/nowhere/at/all", "x", Change.CONTENT, later, true),
                    event("next", Change.CONTENT, later, false)));
            awaitSight(watch, "next");
        }
        assertThatThrownBy(() -> session.touched(List.of(new FileEvent("relative", "x", Change.CONTENT, later, false))))
                .isInstanceOf(IOException.class);
        assertThat(Files.getLastModifiedTime(target)).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(deep)).isLessThan(FileTime.from(later));
        assertThat(target).hasContent("content");
    }

    @Test
    void anAgentThatBeginsAnewTellsAllAgain() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, LOOPBACK)) {
            String address = "tcp 127.0.0.1:" + server.getLocalPort();
            recorder.await("opened " + address);
            agent.kill();
            recorder.await("disconnected");
            assertThatThrownBy(() -> session.open(GuestAddress.tcp("127.0.0.1", server.getLocalPort())))
                    .isInstanceOf(IOException.class);
            agent = RealAgent.serving(folder);
            assertThat(recorder.await(word -> word.startsWith("connected"))).contains(address);
            session.open(GuestAddress.tcp("127.0.0.1", server.getLocalPort())).close();
        }
    }
}
