// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How soon all is right again in a guest that was paused, and whose agent and ssh sessions were killed a moment before. Each
 * thing is tried from the moment on that the machine goes on, every 20 ms, by a program of its own.
 */
final class Sleep {
    private static final String WORDS = "from the host";
    private static final int BETWEEN_MILLIS = 20;
    private static final long LIMIT_SECONDS = 180;
    private static final String KILL = "run sudo sh -c 'resolvectl flush-caches; pkill -KILL -x lima-guestagent; pkill -KILL -f \"^sshd: [^/]\"'";

    private final BenchGuest guest;
    private final long seconds;

    Sleep(BenchGuest guest, long seconds) {
        this.guest = guest;
        this.seconds = seconds;
    }

    private static boolean echoes(SocketAddress address) {
        try (SocketChannel channel = SocketChannel.open(address)) {
            channel.write(ByteBuffer.wrap("echo".getBytes(StandardCharsets.US_ASCII)));
            return channel.read(ByteBuffer.allocate(4)) == 4;
        } catch (IOException e) {
            return false;
        }
    }

    private static SocketAddress port(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }

    private boolean isOnTime(Talk talk) throws IOException {
        double theirs = Double.parseDouble(talk.ask("clock"));
        return Math.abs(theirs - System.currentTimeMillis() / 1000.0) < 1;
    }

    private boolean runsCommands() throws InterruptedException {
        try {
            return guest.limactl(Map.of(), "", "shell", "bench", "echo", "yes").strip().equals("yes");
        } catch (IOException e) {
            return false;
        }
    }

    /** Says {@link #WORDS} to everybody. */
    private static void serve(ServerSocketChannel server) {
        try {
            while (true) {
                try (SocketChannel client = server.accept()) {
                    client.write(ByteBuffer.wrap((WORDS + "\n").getBytes(StandardCharsets.US_ASCII)));
                }
            }
        } catch (ClosedChannelException e) {
            // The end.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is tried, with the guest's programs that take part in it. */
    private Map<String, Callable<Boolean>> things(Talk[] talks, Path note) {
        Map<String, Callable<Boolean>> things = new LinkedHashMap<>();
        things.put("the guest's own first answer", () -> talks[0].ask("hello").equals("here"));
        things.put("clock, within 1 s", () -> isOnTime(talks[1]));
        things.put("port by qemu", () -> echoes(port(BenchGuest.HOLD_ALL)));
        things.put("port by agent", () -> echoes(port(BenchGuest.HOLD_LOOPBACK)));
        things.put("socket to the guest", () -> echoes(UnixDomainSocketAddress.of(guest.socketToGuest())));
        things.put("socket to the host", () -> talks[2].ask("socket " + BenchGuest.GUEST_SOCKET).equals(WORDS));
        // A file that the guest has not looked for before, so that it has to ask.
        things.put("mount, reverse-sshfs", () -> talks[3].ask("file " + note).equals(WORDS));
        things.put("names", () -> talks[4].ask("name " + BenchGuest.NAME).equals(BenchGuest.ADDRESS));
        things.put("a command by limactl shell", this::runsCommands);
        return things;
    }

    /** A file of the mounted directory, with {@link #WORDS} in it. */
    private Path note() throws IOException {
        return Files.writeString(guest.shared().resolve("note-" + System.nanoTime()), WORDS);
    }

    void run() throws Exception {
        Files.deleteIfExists(guest.hostSocket());
        Talk[] talks = {new Talk(), new Talk(), new Talk(), new Talk(), new Talk()};
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(guest.hostSocket()));
                ExecutorService programs = Executors.newCachedThreadPool();
                Pause machine = new Pause(guest.directory())) {
            Thread.ofPlatform().daemon().start(() -> serve(server));
            // All is right to begin with.
            after(System::nanoTime, programs, things(talks, note()));
            Map<String, Callable<Boolean>> things = things(talks, note());
            talks[0].ask(KILL);
            machine.stop();
            TimeUnit.SECONDS.sleep(seconds);
            print(after(machine::goOn, programs, things));
        } finally {
            for (Talk talk : talks) {
                talk.close();
            }
            Files.deleteIfExists(guest.hostSocket());
        }
    }

    /** Seconds from a moment until each thing was right. */
    private static Map<String, Double> after(Callable<Long> moment, ExecutorService programs, Map<String, Callable<Boolean>> things)
            throws Exception {
        CountDownLatch now = new CountDownLatch(1);
        Map<String, Future<Long>> running = new LinkedHashMap<>();
        things.forEach((what, isRight) -> running.put(what, programs.submit(() -> {
            now.await();
            while (!isRight.call()) {
                TimeUnit.MILLISECONDS.sleep(BETWEEN_MILLIS);
            }
            return System.nanoTime();
        })));
        long begun = moment.call();
        now.countDown();
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (var thing : running.entrySet()) {
            try {
                seconds.put(thing.getKey(), (thing.getValue().get(LIMIT_SECONDS, TimeUnit.SECONDS) - begun) / 1e9);
            } catch (TimeoutException e) {
                throw new IOException(thing.getKey() + " is not right after " + LIMIT_SECONDS + " s", e);
            }
        }
        return seconds;
    }

    private void print(Map<String, Double> after) {
        double own = after.values().iterator().next();
        BenchGuest.line("after a pause of " + seconds + " s, agent and ssh sessions killed:", "", "");
        after.forEach((what, right) -> BenchGuest.line(
                "  " + what,
                right == own ? "%.2f s".formatted(own) : "%.2f s, %.2f s after the guest's own".formatted(right, right - own),
                what.startsWith("a command") ? "" : "2 s"));
    }
}
