// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Takes the figures of forwarded ports for docs/benchmarks.md: each transport beside {@code ssh -L}, by turns, through
 * one guest. Run it with {@code java itests/bench/Ports.java DISTRIBUTION [MEBIBYTES]}.
 */
public final class Ports {
    private static final int ROUNDS = 5;
    private static final int ALL = 23_001;
    private static final int LOOPBACK = 23_002;
    private static final String SERVERS = """
        use strict; use warnings; use Socket qw(:all); use IO::Select;
        $SIG{CHLD} = 'IGNORE'; my $all = IO::Select->new; my $block = "x" x 65536;
        for (['0.0.0.0', %d], ['127.0.0.1', %d]) {
            socket(my $s, AF_INET, SOCK_STREAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
            bind($s, pack_sockaddr_in($_->[1], inet_aton($_->[0]))) or die "bind $!"; listen($s, 4096); $all->add($s);
        }
        open(my $mark, '>', '/tmp/bench-ready'); close $mark;
        while (1) { for my $s ($all->can_read) {
            accept(my $c, $s) or next; if (fork) { close $c; next }
            sysread($c, my $what, 16);
            if ($what =~ /^s(\\d+)/) { my $left = $1 * 16; while ($left-- > 0) { my $at = 0; while ($at < 65536) { my $n = syswrite($c, $block, 65536 - $at, $at) or exit; $at += $n } } }
            elsif ($what =~ /^r/) { while (sysread($c, my $data, 262144)) {} syswrite($c, 'k') }
            else { syswrite($c, $what); while (sysread($c, my $data, 4096)) {} }
            exit;
        } }
        """.formatted(ALL, LOOPBACK);

    private final Path limactl;
    private final Path home;
    private final int mebibytes;

    private Ports(Path distribution, Path home, int mebibytes) {
        this.limactl = distribution.resolve("bin/limactl");
        this.home = home;
        this.mebibytes = mebibytes;
    }

    public static void main(String[] words) throws Exception {
        Path home = Files.createTempDirectory(Path.of("/tmp"), "jlb");
        Ports bench =
                new Ports(Path.of(words[0]).toAbsolutePath(), home, words.length > 1 ? Integer.parseInt(words[1]) : 32);
        try {
            bench.run();
        } finally {
            bench.limactl(Map.of(), "", "delete", "-f", "bench");
            bench.limactl(Map.of(), "", "daemon", "stop");
            new ProcessBuilder("rm", "-rf", home.toString()).start().waitFor();
        }
    }

    private void run() throws Exception {
        Path yaml =
                Files.writeString(home.resolve("bench.yaml"), "base: template://debian-local\ncpus: 1\nmemory: 1GiB\n");
        limactl(Map.of(), "", "start", "--tty=false", "--name", "bench", yaml.toString());
        limactl(Map.of(), SERVERS, "shell", "bench", "sh", "-c", "cat >/tmp/bench.pl");
        limactl(
                Map.of(),
                "",
                "shell",
                "bench",
                "sh",
                "-c",
                "setsid perl /tmp/bench.pl >/dev/null 2>&1 </dev/null & until test -e /tmp/bench-ready; do sleep 0.1;"
                        + " done");
        int tunnel = freePort();
        Process ssh = new ProcessBuilder(
                        "ssh",
                        "-F",
                        home.resolve("bench/ssh.config").toString(),
                        "-o",
                        "ControlMaster=no",
                        "-o",
                        "ControlPath=none",
                        "-N",
                        "-L",
                        "127.0.0.1:" + tunnel + ":127.0.0.1:" + LOOPBACK,
                        "lima-bench")
                .inheritIO()
                .start();
        try {
            await(tunnel);
            for (String transport : List.of("qemu", "agent", "ssh")) {
                limactl(Map.of("JLIMA_PORT_TRANSPORT", transport), "", "daemon", "restart");
                int port = transport.equals("qemu") ? ALL : LOOPBACK;
                await(port);
                compare(transport, port, tunnel);
            }
            limactl(Map.of(), "", "daemon", "restart");
            await(LOOPBACK);
            simultaneous(LOOPBACK);
            shortOnes(LOOPBACK, tunnel);
            resolver();
        } finally {
            ssh.destroy();
        }
    }

    private void compare(String transport, int port, int tunnel) throws Exception {
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (int target : new int[] {port, tunnel}) {
                String who = target == port ? transport : "ssh -L";
                figures.computeIfAbsent(who + " from guest", k -> new ArrayList<>())
                        .add(fromGuest(target));
                figures.computeIfAbsent(who + " to guest", k -> new ArrayList<>())
                        .add(toGuest(target));
            }
        }
        for (String way : List.of("from guest", "to guest")) {
            double mine = median(figures.get(transport + " " + way));
            double theirs = median(figures.get("ssh -L " + way));
            System.out.printf(
                    "%-6s %-10s %6.1f MiB/s   ssh -L %6.1f MiB/s   ratio %.2f%n",
                    transport, way, mine, theirs, mine / theirs);
        }
    }

    private double fromGuest(int port) throws IOException {
        try (Socket socket = connect(port)) {
            long begun = System.nanoTime();
            socket.getOutputStream().write(("s" + mebibytes).getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[1 << 18];
            long total = 0;
            for (int got; (got = in.read(buffer)) >= 0; ) {
                total += got;
            }
            if (total != (long) mebibytes << 20) {
                throw new IOException("got " + total + " bytes");
            }
            return mebibytes / ((System.nanoTime() - begun) / 1e9);
        }
    }

    private double toGuest(int port) throws IOException {
        try (Socket socket = connect(port)) {
            long begun = System.nanoTime();
            OutputStream out = socket.getOutputStream();
            byte[] block = new byte[1 << 16];
            Arrays.fill(block, (byte) 'r');
            for (int i = 0; i < mebibytes * 16; i++) {
                out.write(block);
            }
            socket.shutdownOutput();
            if (socket.getInputStream().read() != 'k') {
                throw new IOException("no answer");
            }
            return mebibytes / ((System.nanoTime() - begun) / 1e9);
        }
    }

    private void simultaneous(int port) throws Exception {
        long before = daemonFigure("VmRSS:");
        List<Socket> sockets = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < 2000; i++) {
            Socket socket = connect(port);
            socket.getOutputStream().write("echo".getBytes(StandardCharsets.US_ASCII));
            sockets.add(socket);
        }
        int answered = 0;
        for (Socket socket : sockets) {
            answered += socket.getInputStream().readNBytes(4).length == 4 ? 1 : 0;
        }
        System.out.printf(
                "2000 at once: %d answered within %.1f s; daemon %d -> %d KiB%n",
                answered, (System.nanoTime() - begun) / 1e9, before, daemonFigure("VmRSS:"));
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void shortOnes(int port, int tunnel) throws Exception {
        long descriptors = descriptors();
        for (int target : new int[] {port, tunnel}) {
            int count = 500;
            long begun = System.nanoTime();
            for (int i = 0; i < count; i++) {
                try (Socket socket = connect(target)) {
                    socket.getOutputStream().write("echo".getBytes(StandardCharsets.US_ASCII));
                    if (socket.getInputStream().readNBytes(4).length != 4) {
                        throw new IOException("no answer");
                    }
                }
            }
            System.out.printf(
                    "short connections, one after another, %s: %.0f/s%n",
                    target == tunnel ? "ssh -L" : "forward", count / ((System.nanoTime() - begun) / 1e9));
        }
        System.out.printf("daemon's descriptors %d -> %d%n", descriptors, descriptors());
    }

    /** Questions that the host's resolver answers by itself, from four programs at once, each waiting for its answer. */
    private void resolver() throws Exception {
        int port = Integer.parseInt(
                Files.readString(home.resolve("bench/dns-ports")).strip().split(" ")[0]);
        byte[] name = "\4host\4lima\10internal\0\0\1\0\1".getBytes(StandardCharsets.ISO_8859_1);
        byte[] question = new byte[12 + name.length];
        question[2] = 1;
        question[5] = 1;
        System.arraycopy(name, 0, question, 12, name.length);
        int each = 5000;
        List<Thread> programs = new ArrayList<>();
        long begun = System.nanoTime();
        for (int i = 0; i < 4; i++) {
            programs.add(Thread.ofPlatform().start(() -> {
                try (DatagramSocket socket = new DatagramSocket()) {
                    socket.setSoTimeout(10_000);
                    DatagramPacket answer = new DatagramPacket(new byte[512], 512);
                    for (int n = 0; n < each; n++) {
                        socket.send(new DatagramPacket(
                                question, question.length, InetAddress.ofLiteral("127.0.0.1"), port));
                        socket.receive(answer);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }));
        }
        for (Thread program : programs) {
            program.join();
        }
        System.out.printf("resolver: %.0f answers/s%n", 4 * each / ((System.nanoTime() - begun) / 1e9));
    }

    private long daemonPid() throws IOException {
        return Long.parseLong(Files.readString(home.resolve("_daemon/lock")).strip());
    }

    private long daemonFigure(String name) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + daemonPid() + "/status"))) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return 0;
    }

    private long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/" + daemonPid() + "/fd"))) {
            return files.count();
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        socket.setSoTimeout(120_000);
        return socket;
    }

    /** Until an echo comes back. */
    private static void await(int port) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (true) {
            try (Socket socket = connect(port)) {
                socket.setSoTimeout(5000);
                socket.getOutputStream().write("echo".getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().readNBytes(4).length == 4) {
                    return;
                }
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
            Thread.sleep(100);
        }
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void limactl(Map<String, String> variables, String input, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(limactl.toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("LIMA_HOME", home.toString());
        builder.environment().putAll(variables);
        Process process = builder.start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }
}
