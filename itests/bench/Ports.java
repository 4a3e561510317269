// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Takes the figures of ports and names for docs/benchmarks.md, through one guest. Run it with
 * {@code java itests/bench/Ports.java DISTRIBUTION [PART...]}; the parts are throughput, latency, many, short (100 000
 * connections, or so many as in {@code short:20000}), names, sleep (ten minutes, or so many seconds as in {@code sleep:20})
 * and agent.
 */
public final class Ports {
    private static final int ROUNDS = 3;
    private static final int MEBIBYTES = 32;
    private static final int SAMPLES = 200;
    private static final int FIRST = 24_000;
    private static final int AT_ONCE = 300;
    private static final int AT_A_TIME = 2000;
    private static final int SHORT_ONES = 100_000;
    private static final int PROGRAMS = 8;
    private static final long TEN_MINUTES = 600;

    private final BenchGuest guest;

    private Ports(BenchGuest guest) {
        this.guest = guest;
    }

    public static void main(String[] words) throws Exception {
        Set<String> parts = words.length > 1
                ? Set.copyOf(Arrays.asList(words).subList(1, words.length))
                : Set.of("throughput", "latency", "many", "short", "names", "sleep", "agent");
        try (BenchGuest guest = BenchGuest.start(Path.of(words[0]).toAbsolutePath())) {
            Ports bench = new Ports(guest);
            if (parts.contains("throughput")) {
                bench.throughput();
                guest.restartDaemon(Map.of());
            }
            BenchGuest.await(BenchGuest.LOOPBACK);
            BenchGuest.await(BenchGuest.ALL);
            if (parts.contains("latency")) {
                bench.latency();
            }
            if (parts.contains("many")) {
                bench.many();
            }
            for (String part : parts) {
                if (part.equals("short") || part.startsWith("short:")) {
                    bench.shortOnes((int) number(part, SHORT_ONES));
                }
            }
            if (parts.contains("names")) {
                try (Names names = new Names(guest)) {
                    guest.restartDaemon(Map.of("JLIMA_RESOLV_CONF", names.configuration().toString()));
                    BenchGuest.await(BenchGuest.LOOPBACK);
                    names.run();
                }
            }
            for (String part : parts) {
                if (part.equals("sleep") || part.startsWith("sleep:")) {
                    new Sleep(guest, number(part, TEN_MINUTES)).run();
                }
            }
            if (parts.contains("agent")) {
                // Beside this program, which was given as a source file.
                guest.agentAlone(Path.of(System.getProperty("jdk.launcher.sourcefile", "Ports.java"))
                        .resolveSibling("agent.py"));
            }
        }
    }

    /** What stands behind the colon of a part. */
    private static long number(String part, long usual) {
        int colon = part.indexOf(':');
        return colon < 0 ? usual : Long.parseLong(part.substring(colon + 1));
    }

    private void throughput() throws Exception {
        int tunnel = freePort();
        String leads = "127.0.0.1:" + tunnel + ":127.0.0.1:" + BenchGuest.LOOPBACK;
        Process ssh = new ProcessBuilder(guest.ssh("-N", "-L", leads, "lima-bench")).inheritIO().start();
        try {
            BenchGuest.await(tunnel);
            for (String transport : List.of("qemu", "agent", "ssh")) {
                guest.restartDaemon(Map.of("JLIMA_PORT_TRANSPORT", transport));
                int port = transport.equals("qemu") ? BenchGuest.ALL : BenchGuest.LOOPBACK;
                BenchGuest.await(port);
                compare(transport, port, tunnel);
            }
        } finally {
            ssh.destroy();
            ssh.waitFor();
        }
    }

    private static void compare(String transport, int port, int tunnel) throws Exception {
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (int target : new int[] {port, tunnel}) {
                String who = target == port ? transport : "ssh -L";
                figures.computeIfAbsent(who + " from guest", k -> new ArrayList<>()).add(fromGuest(target));
                figures.computeIfAbsent(who + " to guest", k -> new ArrayList<>()).add(toGuest(target));
            }
        }
        for (String way : List.of("from guest", "to guest")) {
            double mine = median(figures.get(transport + " " + way));
            double theirs = median(figures.get("ssh -L " + way));
            BenchGuest.line(
                    transport + ", " + way + ": against ssh -L",
                    "%.1f and %.1f MiB/s; x %.2f".formatted(mine, theirs, mine / theirs),
                    transport.equals("qemu") ? "2" : transport.equals("agent") ? "1" : "");
        }
    }

    private static double fromGuest(int port) throws IOException {
        try (Socket socket = BenchGuest.connect(port)) {
            long begun = System.nanoTime();
            socket.getOutputStream().write(("s" + MEBIBYTES).getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[1 << 18];
            long total = 0;
            for (int got; (got = in.read(buffer)) >= 0; ) {
                total += got;
            }
            if (total != (long) MEBIBYTES << 20) {
                throw new IOException("got " + total + " bytes");
            }
            return MEBIBYTES / ((System.nanoTime() - begun) / 1e9);
        }
    }

    private static double toGuest(int port) throws IOException {
        try (Socket socket = BenchGuest.connect(port)) {
            long begun = System.nanoTime();
            OutputStream out = socket.getOutputStream();
            byte[] block = new byte[1 << 16];
            Arrays.fill(block, (byte) 'r');
            for (int i = 0; i < MEBIBYTES * 16; i++) {
                out.write(block);
            }
            socket.shutdownOutput();
            if (socket.getInputStream().read() != 'k') {
                throw new IOException("no answer");
            }
            return MEBIBYTES / ((System.nanoTime() - begun) / 1e9);
        }
    }

    /**
     * From the answer of a program in the guest that it listens, or has closed, until the host's port takes a connection,
     * or is gone. The answer comes by a forwarded port too, so that the guest's own time and the way are left out.
     */
    private void latency() throws Exception {
        for (String address : List.of("0.0.0.0", "127.0.0.1")) {
            long[] opened = new long[SAMPLES];
            long[] closed = new long[SAMPLES];
            for (int i = 0; i < SAMPLES; i++) {
                int port = FIRST + i;
                long answered = guest.order("listen " + address + " " + port + " 1");
                untilTaken(port);
                opened[i] = System.nanoTime() - answered;
                answered = guest.order("close " + port + " 1");
                while (listening(port, 1) > 0) {
                    Thread.onSpinWait();
                }
                closed[i] = System.nanoTime() - answered;
            }
            String by = address.equals("0.0.0.0") ? "qemu" : "agent";
            BenchGuest.line("listen() in the guest to the host's port, " + by, BenchGuest.percentiles(opened), "p99 50 ms");
            BenchGuest.line("close() to the host's port is gone, " + by, BenchGuest.percentiles(closed), "200 ms");
            long answered = guest.order("listen " + address + " " + FIRST + " " + AT_ONCE);
            while (listening(FIRST, AT_ONCE) < AT_ONCE) {
                Thread.sleep(1);
            }
            long seen = System.nanoTime() - answered;
            answered = guest.order("close " + FIRST + " " + AT_ONCE);
            while (listening(FIRST, AT_ONCE) > 0) {
                Thread.sleep(1);
            }
            BenchGuest.line(
                    AT_ONCE + " ports at once on the host, and gone, " + by,
                    "%.0f ms, %.0f ms".formatted(seen / 1e6, (System.nanoTime() - answered) / 1e6),
                    "1 s");
        }
    }

    private static void untilTaken(int port) throws IOException {
        while (true) {
            try (Socket socket = BenchGuest.connect(port)) {
                return;
            } catch (SocketException e) {
                Thread.onSpinWait();
            }
        }
    }

    /** How many of these ports the host listens at; state 0A of proc(5), addresses in the order of the machine. */
    private static int listening(int first, int count) throws IOException {
        int seen = 0;
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] words = line.strip().split("\\s+");
                if (words.length > 3 && words[3].equals("0A")) {
                    int port = Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16);
                    seen += port >= first && port < first + count ? 1 : 0;
                }
            }
        }
        return seen;
    }

    private void many() throws Exception {
        for (int port : new int[] {BenchGuest.HOLD_ALL, BenchGuest.HOLD_LOOPBACK}) {
            String before = guest.held();
            long descriptors = guest.machineDescriptors();
            List<Socket> sockets = new ArrayList<>();
            long begun = System.nanoTime();
            int answered = 0;
            for (int i = 0; i < AT_A_TIME; i++) {
                // Each is answered before the next one: QEMU's queue holds two, and a third waits a second for its turn.
                Socket socket = BenchGuest.connect(port);
                socket.getOutputStream().write("echo".getBytes(StandardCharsets.US_ASCII));
                answered += socket.getInputStream().readNBytes(4).length == 4 ? 1 : 0;
                sockets.add(socket);
            }
            String by = port == BenchGuest.HOLD_ALL ? "qemu" : "agent";
            BenchGuest.line(
                    AT_A_TIME + " connections at a time, " + by,
                    "%d answered within %.1f s".formatted(answered, (System.nanoTime() - begun) / 1e9),
                    "all");
            BenchGuest.line("  before: descriptors/threads/KiB of " + before, "", "");
            BenchGuest.line("  while they are there:          " + guest.held(), "", "");
            for (Socket socket : sockets) {
                socket.close();
            }
            BenchGuest.await(port);
            // The guest's program hears of the ends one by one.
            guest.awaitDescriptors(descriptors);
            BenchGuest.line("  after:                         " + guest.held(), "", "no leak");
        }
    }

    private void shortOnes(int count) throws Exception {
        carryShortOnes(count / 20);
        String before = guest.held();
        double seconds = carryShortOnes(count);
        BenchGuest.line(
                count + " short connections, agent, " + PROGRAMS + " programs", "%.0f/s".formatted(count / seconds), "");
        BenchGuest.line("  before: descriptors/threads/KiB of " + before, "", "");
        BenchGuest.line("  after:                         " + guest.held(), "", "no leak");
    }

    private static double carryShortOnes(int count) throws Exception {
        AtomicInteger left = new AtomicInteger(count);
        AtomicInteger wrong = new AtomicInteger();
        List<Thread> programs = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < PROGRAMS; i++) {
            programs.add(Thread.ofPlatform().start(() -> {
                while (left.getAndDecrement() > 0) {
                    try (Socket socket = BenchGuest.connect(BenchGuest.SHORT)) {
                        wrong.addAndGet(socket.getInputStream().read() == 'x' ? 0 : 1);
                    } catch (IOException e) {
                        wrong.incrementAndGet();
                    }
                }
            }));
        }
        for (Thread program : programs) {
            program.join();
        }
        if (wrong.get() > 0) {
            BenchGuest.line("  of " + count + " short connections without an answer", wrong.toString(), "0");
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
