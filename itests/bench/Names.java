// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Figures of the host's resolver, beside a name server that takes half a second for each answer. */
final class Names implements AutoCloseable {
    private static final int SLOW_MILLIS = 500;
    private static final int MISSES = 200;
    private static final int PROGRAMS = 4;
    private static final int EACH = 10_000;
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final BenchGuest guest;
    private final DatagramSocket upstream;
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();

    Names(BenchGuest guest) throws IOException {
        this.guest = guest;
        this.upstream = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0));
        Thread.ofPlatform().daemon().start(this::serve);
    }

    /** A file for JLIMA_RESOLV_CONF. */
    Path configuration() throws IOException {
        return Files.writeString(
                guest.home.resolve("resolv.conf"), "nameserver [127.0.0.1]:" + upstream.getLocalPort() + "\n");
    }

    private void serve() {
        while (!upstream.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(new byte[512], 512);
                upstream.receive(packet);
                byte[] answer = Arrays.copyOf(packet.getData(), packet.getLength() + 16);
                answer[2] |= (byte) 0x80;
                answer[3] |= (byte) 0x80;
                answer[7] = 1;
                byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 10, 99, 0, 9};
                System.arraycopy(record, 0, answer, packet.getLength(), record.length);
                later.schedule(
                        () -> {
                            try {
                                upstream.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        SLOW_MILLIS,
                        TimeUnit.MILLISECONDS);
            } catch (IOException e) {
                if (!upstream.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static byte[] question(String name) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes(new byte[] {0, 0, 1, 0, 1});
        return out.toByteArray();
    }

    /** Asks one thing so often, each time after the last answer. */
    private static void ask(byte[] question, int port, int times, AtomicInteger answered) {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(20_000);
            DatagramPacket answer = new DatagramPacket(new byte[512], 512);
            for (int n = 0; n < times; n++) {
                socket.send(new DatagramPacket(question, question.length, LOOPBACK, port));
                socket.receive(answer);
                answered.addAndGet((answer.getData()[3] & 15) == 0 && answer.getData()[7] > 0 ? 1 : 0);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double seconds(List<byte[]> questions, int port, int times, AtomicInteger answered)
            throws InterruptedException {
        List<Thread> programs = new ArrayList<>();
        long begun = System.nanoTime();
        for (byte[] question : questions) {
            programs.add(Thread.ofVirtual().start(() -> ask(question, port, times, answered)));
        }
        for (Thread program : programs) {
            program.join();
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    void run() throws Exception {
        int port = Integer.parseInt(
                Files.readString(guest.home.resolve("bench/dns-ports")).strip().split(" ")[0]);
        for (String name : List.of("host.lima.internal", "cached.bench.example")) {
            AtomicInteger answered = new AtomicInteger();
            byte[] question = question(name);
            ask(question, port, 1, answered);
            double seconds = seconds(List.of(question, question, question, question), port, EACH, answered);
            BenchGuest.line(
                    "resolver, " + (name.startsWith("host") ? "a name it knows" : "an answer it remembers") + ", "
                            + PROGRAMS + " programs",
                    "%.0f/s of %d, %d right".formatted(PROGRAMS * EACH / seconds, PROGRAMS * EACH, answered.get() - 1),
                    "5000/s");
        }
        String before = guest.held();
        for (int round = 0; round < 5; round++) {
            List<byte[]> misses = new ArrayList<>();
            for (int i = 0; i < MISSES; i++) {
                misses.add(question("m" + i + ".r" + round + ".bench.example"));
            }
            AtomicInteger answered = new AtomicInteger();
            double seconds = seconds(misses, port, 1, answered);
            if (round == 0 || round == 4) {
                BenchGuest.line(
                        MISSES + " misses at once, name server takes " + SLOW_MILLIS + " ms",
                        "%d answered within %.2f s".formatted(answered.get(), seconds),
                        "");
            }
        }
        BenchGuest.line("  before: descriptors/threads/KiB of " + before, "", "");
        BenchGuest.line("  after five rounds:             " + guest.held(), "", "no growth");
    }

    @Override
    public void close() {
        upstream.close();
        later.shutdownNow();
    }
}
