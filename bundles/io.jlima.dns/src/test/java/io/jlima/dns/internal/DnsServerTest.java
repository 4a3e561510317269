// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Questions and answers over sockets, with a name server of this test behind the resolver. */
@Timeout(60)
final class DnsServerTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    /** Those that Java opens for itself when it needs them. */
    private static final int OWN_DESCRIPTORS = 20;

    private final AtomicInteger byStream = new AtomicInteger();
    private DatagramSocket upstream;
    private ServerSocket upstreamStreams;
    private DnsServer server;

    @BeforeEach
    void start() throws IOException {
        upstreamStreams = new ServerSocket(0, 50, LOOPBACK);
        upstream = new DatagramSocket(new InetSocketAddress(LOOPBACK, upstreamStreams.getLocalPort()));
        Thread.ofVirtual().start(this::serveDatagrams);
        Thread.ofVirtual().start(this::serveStreams);
        ResolvConf conf =
                new ResolvConf(List.of(new InetSocketAddress(LOOPBACK, upstream.getLocalPort())), List.of(), 1);
        Resolver resolver = new Resolver(
                Hosts.ofMap(Map.of("host.lima.internal", "192.168.5.2")),
                true,
                () -> Hosts.ofFile(""),
                () -> conf,
                new Upstream()::ask,
                new Cache(System::nanoTime));
        server = new DnsServer(resolver, new InetSocketAddress(LOOPBACK, 0), new InetSocketAddress(LOOPBACK, 0));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        upstream.close();
        upstreamStreams.close();
    }

    /** Answers all but names that begin with "long", which it cuts. */
    private void serveDatagrams() {
        byte[] buffer = new byte[4096];
        try {
            while (true) {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                upstream.receive(packet);
                Message query = Wire.parse(Arrays.copyOf(buffer, packet.getLength()));
                // What is no answer to the question must not be taken for one.
                byte[] wrong = Wire.answer(query, 0, 60, 1, new byte[] {6, 6, 6, 6});
                wrong[0] ^= 1;
                upstream.send(new DatagramPacket(wrong, wrong.length, packet.getSocketAddress()));
                byte[] answer = Wire.answer(query, 0, 60, 1, new byte[] {10, 0, 0, 1});
                if (query.name().startsWith("long")) {
                    answer = Wire.parse(answer).truncated(query.id());
                }
                upstream.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serveStreams() {
        try {
            while (true) {
                try (Socket socket = upstreamStreams.accept()) {
                    byStream.incrementAndGet();
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    byte[] question = new byte[in.readUnsignedShort()];
                    in.readFully(question);
                    byte[] answer = Wire.answer(Wire.parse(question), 0, 60, 200, new byte[] {10, 0, 0, 1});
                    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                    out.writeShort(answer.length);
                    out.write(answer);
                }
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    /** Asks again each second, as resolvers do: a datagram may be lost where there are too many. */
    private Message byDatagram(byte[] query) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(1000);
            for (int left = 30; ; left--) {
                socket.send(new DatagramPacket(query, query.length, LOOPBACK, server.udpPort()));
                DatagramPacket packet = new DatagramPacket(new byte[65535], 65535);
                try {
                    socket.receive(packet);
                    return Wire.parse(Arrays.copyOf(packet.getData(), packet.getLength()));
                } catch (SocketTimeoutException e) {
                    assertThat(left).as("times to ask that are left").isPositive();
                }
            }
        }
    }

    private Message byStream(byte[] query) throws IOException {
        try (Socket socket = new Socket(LOOPBACK, server.tcpPort())) {
            socket.setSoTimeout(20_000);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeShort(query.length);
            out.write(query);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            byte[] answer = new byte[in.readUnsignedShort()];
            in.readFully(answer);
            return Wire.parse(answer);
        }
    }

    @Test
    void bothWays() throws IOException {
        assertThat(Wire.data(byDatagram(Wire.query(1, "www.example", Message.A)), Message.A))
                .containsExactly("10.0.0.1");
        assertThat(Wire.data(byStream(Wire.query(2, "host.lima.internal", Message.A)), Message.A))
                .containsExactly("192.168.5.2");
        assertThat(byStream).hasValue(0);
    }

    @Test
    void whatTheNameServerCutsIsFetchedWhole() throws IOException {
        Message cut = byDatagram(Wire.query(1, "long.example", Message.A));
        assertThat(cut.isTruncated()).isTrue();
        Message whole = byStream(Wire.query(2, "long.example", Message.A));
        assertThat(Wire.data(whole, Message.A)).hasSize(200);
        assertThat(byStream).hasValueGreaterThan(0);
    }

    /** Noise, and questions with some bytes changed; never one that a name server could be asked. */
    private static byte[] malformed(Random random) {
        while (true) {
            byte[] bytes = Wire.query(random.nextInt(1 << 16), "some.name.example", 1 + random.nextInt(60), 1232);
            if (random.nextBoolean()) {
                bytes = new byte[random.nextInt(100)];
                random.nextBytes(bytes);
            } else {
                for (int i = 0; i < 4; i++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
            }
            try {
                Message.parse(bytes);
            } catch (MalformedMessage e) {
                return bytes;
            }
        }
    }

    @Test
    void aThousandMalformedDatagramsLeaveNothingBehind() throws IOException {
        long before = descriptors();
        Random random = new Random(5);
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int i = 0; i < 1000; i++) {
                byte[] noise = malformed(random);
                socket.send(new DatagramPacket(noise, noise.length, LOOPBACK, server.udpPort()));
            }
        }
        nothingIsLeft(before);
        assertThat(Wire.data(byDatagram(Wire.query(1, "www.example", Message.A)), Message.A))
                .containsExactly("10.0.0.1");
    }

    /** Each on a connection of its own, with a length that is not always right. */
    @Test
    void aThousandMalformedStreamsLeaveNothingBehind() throws IOException {
        long before = descriptors();
        Random random = new Random(6);
        for (int i = 0; i < 1000; i++) {
            byte[] noise = malformed(random);
            try (Socket socket = new Socket(LOOPBACK, server.tcpPort())) {
                DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
                out.writeShort(random.nextInt(4) == 0 ? random.nextInt(1 << 16) : noise.length);
                out.write(noise);
                out.flush();
            }
        }
        nothingIsLeft(before);
        assertThat(Wire.data(byStream(Wire.query(1, "www.example", Message.A)), Message.A))
                .containsExactly("10.0.0.1");
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    /** Waits for the end of what is still worked on; when that does not come, this test's time limit does. */
    private void nothingIsLeft(long descriptorsBefore) throws IOException {
        while (server.working() > 0 || descriptors() > descriptorsBefore + OWN_DESCRIPTORS) {
            LockSupport.parkNanos(10_000_000);
        }
        assertThat(server.working()).isZero();
    }

    @Test
    void resolvConf() {
        ResolvConf conf = ResolvConf.parse("""
                # comment
                nameserver 10.0.0.1
                nameserver fe80::1%nonesuch
                nameserver not-an-address
                nameserver ::1
                nameserver 10.0.0.2
                nameserver 10.0.0.3
                search A.example b.example.
                options ndots:2 rotate
                """);
        assertThat(conf.servers())
                .extracting(s -> s.getAddress().getHostAddress())
                .containsExactly("10.0.0.1", "0:0:0:0:0:0:0:1", "10.0.0.2");
        assertThat(conf.search()).containsExactly("a.example", "b.example");
        assertThat(conf.ndots()).isEqualTo(2);
        assertThat(ResolvConf.parse("").servers())
                .extracting(s -> s.getAddress().getHostAddress())
                .containsExactly("8.8.8.8", "1.1.1.1");
        assertThat(ResolvConf.parse("""
                nameserver [127.0.0.1]:5300
                nameserver [::1]:0
                nameserver [::1]:65536
                nameserver [::1]:65535
                """).servers())
                .containsExactly(
                        new InetSocketAddress(LOOPBACK, 5300),
                        new InetSocketAddress(InetAddress.ofLiteral("::1"), 65_535));
    }

    @Test
    void aChangedFileIsReadAgain(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("resolv.conf");
        AtomicLong nanos = new AtomicLong();
        HostFile<String> file = new HostFile<>(path, text -> text, nanos::get);
        assertThat(file.get()).isEmpty();
        Files.writeString(path, "one");
        nanos.addAndGet(1_000_000_000);
        assertThat(file.get()).isEqualTo("one");
        Files.writeString(directory.resolve("other"), "two");
        Files.move(directory.resolve("other"), path, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        nanos.addAndGet(1_000_000_000);
        assertThat(file.get()).isEqualTo("two");
        Files.delete(path);
        nanos.addAndGet(1_000_000_000);
        assertThat(file.get()).isEmpty();
    }
}
