// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A channel of which neither side sees the other go: hosts and agents that end in the middle of anything. */
@Timeout(180)
class ResyncTest {
    @TempDir
    Path folder;

    /** What people are told. */
    private final List<String> lines = new CopyOnWriteArrayList<>();

    private Relay relay;
    private RealAgent agent;
    private ServerSocket server;

    @BeforeEach
    void begin() throws Exception {
        relay = new Relay(folder);
        agent = RealAgent.on(folder, Relay.guest(folder));
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void end() throws Exception {
        server.close();
        agent.close();
        relay.close();
    }

    private GuestSession session(Recorder recorder) {
        GuestSession session = new GuestSession("test", RealAgent.connector(Relay.host(folder)), lines::add);
        session.watch(recorder);
        return session;
    }

    private GuestAddress target() {
        return GuestAddress.tcp("127.0.0.1", server.getLocalPort());
    }

    /** A byte of the wrong session in an application's stream would be worse than a lost connection. */
    @Test
    void aHostThatEndsWithinAFrameLeavesNoWrongByte() throws Exception {
        Random random = new Random(5);
        for (int round = 0; round < 25; round++) {
            Recorder recorder = new Recorder();
            GuestSession session = session(recorder);
            recorder.await(word -> word.startsWith("connected"));
            GuestStream stream = session.open(target());
            CompletableFuture<byte[]> received;
            try (Socket socket = server.accept()) {
                received = CompletableFuture.supplyAsync(
                        () -> drain(socket), task -> Thread.ofVirtual().start(task));
                relay.cutAfter(random.nextInt(round < 10 ? 50 : 150_000));
                byte[] ones = new byte[200_000];
                java.util.Arrays.fill(ones, (byte) 1);
                try {
                    stream.out().write(ones);
                } catch (IOException e) {
                    // It was cut.
                }
                session.close();
                Recorder next = new Recorder();
                GuestSession second = session(next);
                next.await(word -> word.startsWith("connected"));
                try (GuestStream again = second.open(target());
                        Socket peer = server.accept()) {
                    again.out().write(2);
                    assertThat(peer.getInputStream().read()).isEqualTo(2);
                }
                second.close();
                assertThat(received.get()).doesNotContain(0, 2);
            }
        }
    }

    private static byte[] drain(Socket socket) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(all);
        } catch (IOException e) {
            // The agent has reset it, as it should.
        }
        return all.toByteArray();
    }

    @Test
    void aSessionConnectsAgainByItselfWhereverItWasCut() throws Exception {
        Random random = new Random(6);
        Recorder recorder = new Recorder();
        GuestSession session = session(recorder);
        recorder.await(word -> word.startsWith("connected"));
        for (int round = 0; round < 4; round++) {
            relay.cutToHostAfter(random.nextInt(40_000));
            try (GuestStream stream = session.open(target());
                    Socket socket = server.accept()) {
                socket.getOutputStream().write(new byte[100_000]);
                stream.in().readNBytes(100_000);
            } catch (IOException e) {
                // It was cut.
            }
            recorder.await("disconnected");
            recorder.await(word -> word.startsWith("connected"));
        }
        session.close();
    }

    @Test
    void anAgentThatDiesIsNoticedWhenTheNextOneWakes() throws Exception {
        Recorder recorder = new Recorder();
        GuestSession session = session(recorder);
        recorder.await(word -> word.startsWith("connected"));
        for (int round = 0; round < 3; round++) {
            agent.kill();
            agent = RealAgent.on(folder, Relay.guest(folder));
            recorder.await("disconnected");
            recorder.await(word -> word.startsWith("connected"));
            assertThat(lines)
                    .filteredOn(line -> !line.startsWith("guest agent: "))
                    .hasSize(round + 1)
                    .containsOnly("the guest's agent has begun anew");
        }
        session.close();
    }
}
