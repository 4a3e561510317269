// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A guest for benchmarks, in a LIMA_HOME of its own, with servers in it. Closing it leaves nothing, unless JLIMA_BENCH_HOME
 * names a directory: there the guest stays, for the next run.
 */
final class BenchGuest implements AutoCloseable {
    /** Sends, takes, echoes; on all addresses and on the loopback one. */
    static final int ALL = 23_001;

    static final int LOOPBACK = 23_002;

    /** Takes orders, see {@link #order}. */
    static final int CONTROL = 23_003;

    /** Says one byte and closes, without a process for each connection; on the loopback address. */
    static final int SHORT = 23_004;

    /** Echo without a process for each connection, on all addresses and on the loopback one. */
    static final int HOLD_ALL = 23_005;

    static final int HOLD_LOOPBACK = 23_006;

    /** Answers lines, see {@link Talk}; on all addresses, so that no daemon is in the way. */
    static final int TALK = 23_007;

    /** What the host's resolver alone knows. */
    static final String NAME = "answer.bench.example";

    static final String ADDRESS = "10.99.0.1";

    /** A socket of the guest that leads to {@link #hostSocket}. */
    static final String GUEST_SOCKET = "/tmp/to-host.sock";

    private static final String KEEP = "JLIMA_BENCH_HOME";

    private static final String SERVERS = """
            use strict; use warnings; use Socket qw(:all); use IO::Select; use IO::Handle; use Time::HiRes qw(time);
            $SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE'; my $all = IO::Select->new; my (%%kept, %%kind); my $block = "x" x 65536;
            sub serve {
                my ($ip, $port, $kind) = @_; socket(my $s, AF_INET, SOCK_STREAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
                bind($s, pack_sockaddr_in($port, inet_aton($ip))) or die "bind $!"; listen($s, 4096) or die; $s
            }
            sub from_socket {
                socket(my $s, AF_UNIX, SOCK_STREAM, 0) or return "$!"; connect($s, pack_sockaddr_un($_[0])) or return "$!";
                my $line = <$s> // 'nothing'; chomp $line; $line
            }
            sub from_file { open(my $f, '<', $_[0]) or return "$!"; my $line = <$f> // 'nothing'; chomp $line; $line }
            sub address_of { my $raw = gethostbyname($_[0]); defined $raw ? inet_ntoa($raw) : 'none' }
            sub talk {
                my $c = shift; $c->autoflush(1);
                while (my $line = <$c>) {
                    my ($word, $rest) = $line =~ /^(\\w+) ?(.*)/ or next;
                    my $answer = $word eq 'file' ? from_file($rest) : $word eq 'socket' ? from_socket($rest)
                        : $word eq 'name' ? address_of($rest) : $word eq 'clock' ? sprintf('%%.3f', time)
                        : $word eq 'run' ? join(' ', split(/\\n/, `$rest 2>&1`)) : 'here';
                    print $c "$answer\\n";
                }
            }
            for (['0.0.0.0', %d, 'work'], ['127.0.0.1', %d, 'work'], ['0.0.0.0', %d, 'control'], ['127.0.0.1', %d, 'short'],
                    ['0.0.0.0', %d, 'hold'], ['127.0.0.1', %d, 'hold'], ['0.0.0.0', %d, 'talk']) {
                my $s = serve(@$_); $all->add($s); $kind{$s} = $_->[2];
            }
            unlink '/tmp/in-guest.sock'; socket(my $local, AF_UNIX, SOCK_STREAM, 0) or die;
            bind($local, pack_sockaddr_un('/tmp/in-guest.sock')) or die; listen($local, 64); $all->add($local); $kind{$local} = 'hold';
            open(my $mark, '>', '/tmp/bench-ready'); close $mark;
            while (1) { for my $s ($all->can_read) {
                if ($kind{$s} eq 'held') {
                    if (sysread($s, my $data, 4096)) { syswrite($s, $data) } else { $all->remove($s); delete $kind{$s}; close $s }
                    next;
                }
                accept(my $c, $s) or next;
                if ($kind{$s} eq 'hold') { $all->add($c); $kind{$c} = 'held'; next }
                if ($kind{$s} eq 'short') { syswrite($c, 'x'); close $c; next }
                if ($kind{$s} eq 'control') {
                    my $words = <$c> // '';
                    if ($words =~ /^listen (\\S+) (\\d+) (\\d+)/) { $kept{$_} = serve($1, $_) for $2 .. $2 + $3 - 1; syswrite($c, 'd'); close $c; next }
                    if ($words =~ /^close (\\d+) (\\d+)/) { for ($1 .. $1 + $2 - 1) { close delete $kept{$_} } syswrite($c, 'd'); close $c; next }
                    close $c; next
                }
                if (fork) { close $c; next }
                close $_ for $all->handles;
                if ($kind{$s} eq 'talk') { talk($c); exit }
                sysread($c, my $what, 16);
                if ($what =~ /^s(\\d+)/) { my $left = $1 * 16; while ($left-- > 0) { my $at = 0; while ($at < 65536) { my $n = syswrite($c, $block, 65536 - $at, $at) or exit; $at += $n } } }
                elsif ($what =~ /^r/) { while (sysread($c, my $data, 262144)) {} syswrite($c, 'k') }
                else { syswrite($c, $what); while (sysread($c, my $data, 4096)) {} }
                exit;
            } }
            """.formatted(ALL, LOOPBACK, CONTROL, SHORT, HOLD_ALL, HOLD_LOOPBACK, TALK);

    final Path home;
    private final Path limactl;
    private final boolean stays;

    private BenchGuest(Path distribution) throws IOException {
        limactl = distribution.resolve("bin/limactl");
        String kept = System.getenv(KEEP);
        stays = kept != null;
        home = kept != null
                ? Files.createDirectories(Path.of(kept).toAbsolutePath())
                : Files.createTempDirectory(Path.of("/tmp"), "jlb");
    }

    /** Boots it, unless it runs from an earlier run, and has its servers run. */
    static BenchGuest start(Path distribution) throws Exception {
        BenchGuest guest = new BenchGuest(distribution);
        try {
            if (!Files.exists(guest.home.resolve("bench/ready"))) {
                guest.boot();
            }
            return guest;
        } catch (Exception e) {
            guest.close();
            throw e;
        }
    }

    private void boot() throws Exception {
        Files.createDirectories(shared());
        Path yaml = Files.writeString(
                home.resolve("bench.yaml"),
                """
                images: [{location: "debian:bookworm", arch: "x86_64"}, {location: "debian:bookworm", arch: "aarch64"}]
                cpus: 1
                memory: 1GiB
                mountType: reverse-sshfs
                mounts: [{location: "%s", writable: true}]
                hostResolver: {ipv6: true, hosts: {%s: %s}}
                portForwards:
                - {guestSocket: /tmp/in-guest.sock, hostSocket: "%s"}
                - {guestSocket: %s, hostSocket: "%s", reverse: true}
                """.formatted(shared(), NAME, ADDRESS, socketToGuest(), GUEST_SOCKET, hostSocket()));
        limactl(
                Map.of("QEMU_SYSTEM_X86_64", Pause.qemu(home).toString()),
                "",
                "start",
                "--tty=false",
                "--name",
                "bench",
                yaml.toString());
        limactl(Map.of(), SERVERS, "shell", "bench", "sh", "-c", "cat >/tmp/bench.pl");
        limactl(
                Map.of(),
                "",
                "shell",
                "bench",
                "sh",
                "-c",
                "ulimit -n 8192; setsid perl /tmp/bench.pl >/tmp/bench.log 2>&1 </dev/null & until test -e /tmp/bench-ready;"
                        + " do sleep 0.1; done");
    }

    /** A directory of the host that the guest has mounted, at the same path. */
    Path shared() {
        return home.resolve("shared");
    }

    /** Leads to an echo in the guest. */
    Path socketToGuest() {
        return home.resolve("to-guest.sock");
    }

    /** Where {@link #GUEST_SOCKET} leads to; nobody listens there yet. */
    Path hostSocket() {
        return home.resolve("on-host.sock");
    }

    Path directory() {
        return home.resolve("bench");
    }

    /** A new daemon, with these variables. */
    void restartDaemon(Map<String, String> variables) throws Exception {
        limactl(variables, "", "daemon", "restart");
    }

    String limactl(Map<String, String> variables, String input, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(limactl.toString()));
        command.addAll(List.of(words));
        return run(variables, input, command);
    }

    private String run(Map<String, String> variables, String input, List<String> command)
            throws IOException, InterruptedException {
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
        return said;
    }

    /** A command in the guest by OpenSSH, with a connection of its own. */
    List<String> ssh(String... words) {
        List<String> command = new ArrayList<>(List.of(
                "ssh", "-F", home.resolve("bench/ssh.config").toString(), "-o", "ControlMaster=no", "-o", "ControlPath=none"));
        command.addAll(List.of(words));
        return command;
    }

    /**
     * Has the servers {@code listen ADDRESS PORT COUNT} or {@code close PORT COUNT}; returns when they have.
     *
     * @return nanoseconds of {@link System#nanoTime} when the answer came
     */
    long order(String words) throws IOException {
        try (Socket socket = connect(CONTROL)) {
            socket.getOutputStream().write((words + "\n").getBytes(StandardCharsets.US_ASCII));
            if (socket.getInputStream().read() != 'd') {
                throw new IOException("not done: " + words);
            }
            return System.nanoTime();
        }
    }

    static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port);
        socket.setSoTimeout(120_000);
        return socket;
    }

    /** Until a port of the servers gives an echo. */
    static void await(int port) throws Exception {
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

    private long daemonPid() throws IOException {
        return Long.parseLong(Files.readString(home.resolve("_daemon/lock")).strip());
    }

    long machineDescriptors() throws IOException {
        return count("/proc/" + Files.readString(home.resolve("bench/qemu.pid")).strip() + "/fd");
    }

    /** Until the machine has about so many descriptors, or for a minute and a half. */
    void awaitDescriptors(long most) throws Exception {
        for (int left = 900; left > 0 && machineDescriptors() > most + 10; left--) {
            Thread.sleep(100);
        }
    }

    /** Descriptors, threads and resident KiB of the daemon, the machine and the guest's agent. */
    String held() throws IOException, InterruptedException {
        long machine = Long.parseLong(Files.readString(home.resolve("bench/qemu.pid")).strip());
        String agent = run(Map.of(), "", ssh(
                "lima-bench",
                "sudo sh -c 'p=$(pidof lima-guestagent); echo $(ls /proc/$p/fd | wc -l) $(ls /proc/$p/task | wc -l)"
                        + " $(sed -n \"s/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p\" /proc/$p/status)'"));
        return "daemon " + held(daemonPid()) + "; QEMU " + held(machine) + "; agent "
                + agent.strip().replace(' ', '/');
    }

    private static String held(long pid) throws IOException {
        Optional<String> resident;
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            resident = lines.filter(line -> line.startsWith("VmRSS:")).findFirst();
        }
        return count("/proc/" + pid + "/fd") + "/" + count("/proc/" + pid + "/task") + "/"
                + resident.orElseThrow().replaceAll("\\D", "");
    }

    private static long count(String folder) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.count();
        }
    }

    /** One line of the results. */
    static void line(String what, String figure, String aim) {
        System.out.printf("%-58s %-30s %s%n", what, figure, aim);
    }

    /** The middle one and the 99th of a hundred, of nanoseconds. */
    static String percentiles(long[] nanos) {
        Arrays.sort(nanos);
        return "p50 %.1f ms, p99 %.1f ms".formatted(nanos[nanos.length / 2] / 1e6, nanos[nanos.length * 99 / 100] / 1e6);
    }

    /** Runs the program for figures at the agent's channel, which has one user at a time. */
    void agentAlone(Path script) throws Exception {
        limactl(Map.of(), "", "daemon", "stop");
        int code = new ProcessBuilder("python3", script.toString(), directory().toString())
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new IOException(script + " ended with " + code);
        }
    }

    @Override
    public void close() throws Exception {
        if (stays) {
            return;
        }
        try {
            limactl(Map.of(), "", "delete", "-f", "bench");
        } finally {
            limactl(Map.of(), "", "daemon", "stop");
            new ProcessBuilder("rm", "-rf", home.toString()).start().waitFor();
        }
    }
}
