// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ports and sockets of a real guest on the host: rules by listeners, by each transport, and again after the daemon was
 * killed. One guest serves all tests, which run in order.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PortsIT {
    private static final long BOOT = 540;
    private static final int GUEST_BASE = 20_000;
    private static final int HOST_BASE = 25_000;
    private static final int STATIC_PORT = 21_000;
    private static final int SUM_PORT = 21_001;
    private static final int ECHO_LOOPBACK = 21_002;
    private static final int RESET_PORT = 21_003;
    private static final int HUGE = 32 * 1024 * 1024;

    /** Listeners, by column of the table. */
    private static final List<String> LISTENERS = List.of(
            "tcp 127.0.0.1", "tcp 0.0.0.0", "tcp ::", "tcp ::1", "tcp 192.168.5.15", "udp 127.0.0.1", "udp 0.0.0.0");

    /**
     * Rules, and what each is to do for each listener: {@code d} forwarded by the default rule to the same port,
     * {@code m} forwarded by this rule to its port, {@code -} not forwarded. GUEST and HOST stand for port ranges.
     */
    private static final List<String[]> RULES = List.of(
            new String[] {"", "dddd-dd"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST}", "mmmm-mm"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, proto: tcp}", "mmmm-dd"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, proto: udp}", "dddd-mm"},
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 0.0.0.0}", "dmmd-dm"},
            new String[] {
                "{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 0.0.0.0, guestIPMustBeZero: false}", "mmmmmmm"
            },
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, guestIP: 192.168.5.15}", "dmmdmdm"},
            new String[] {"{guestPortRange: GUEST, ignore: true}", "-dd---d"},
            new String[] {"{guestPortRange: GUEST, ignore: true, guestIP: 0.0.0.0}", "d--d-d-"},
            new String[] {"{guestPortRange: GUEST, ignore: true, guestIP: 0.0.0.0, guestIPMustBeZero: false}", "-------"
            },
            new String[] {"{guestPortRange: GUEST, hostPortRange: HOST, hostIP: 127.0.0.2}", "mmmm-mm"});

    private final Home home = Home.create();
    private final Path sockets = home.path.resolve("sockets");

    /** One cell of the table. */
    private record Cell(String listener, int port, String host) {
        boolean isUdp() {
            return listener.startsWith("udp");
        }

        boolean isForwarded() {
            return !host.isEmpty();
        }

        InetAddress hostAddress() {
            return InetAddress.ofLiteral(host.substring(0, host.lastIndexOf(':')));
        }

        int hostPort() {
            return Integer.parseInt(host.substring(host.lastIndexOf(':') + 1));
        }

        /** Whether this transport can carry it. */
        boolean carriedBy(String transport) {
            return switch (transport) {
                case "qemu" ->
                    listener.contains("0.0.0.0") || listener.contains("192.168.5.15") || listener.equals("tcp ::");
                case "ssh" -> !isUdp();
                default -> true;
            };
        }
    }

    private static List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (int row = 0; row < RULES.size(); row++) {
            String[] rule = RULES.get(row);
            String address = rule[0].contains("127.0.0.2") ? "127.0.0.2" : "127.0.0.1";
            for (int column = 0; column < LISTENERS.size(); column++) {
                int offset = row * 10 + column;
                String host = switch (rule[1].charAt(column)) {
                    case 'd' -> "127.0.0.1:" + (GUEST_BASE + offset);
                    case 'm' -> address + ":" + (HOST_BASE + offset);
                    default -> "";
                };
                cells.add(new Cell(LISTENERS.get(column), GUEST_BASE + offset, host));
            }
        }
        return cells;
    }

    private String configuration() {
        StringBuilder yaml = new StringBuilder("base: template://debian-local\ncpus: 1\nmemory: 1GiB\n"
                + "hostResolver: {hosts: {answer.jlima.example: 10.99.0.1, alias.jlima.example: answer.jlima.example}}\n"
                + "portForwards:\n");
        for (int row = 0; row < RULES.size(); row++) {
            String rule = RULES.get(row)[0];
            if (!rule.isEmpty()) {
                int low = row * 10;
                yaml.append("- ")
                        .append(rule.replace("GUEST", "[" + (GUEST_BASE + low) + "," + (GUEST_BASE + low + 9) + "]")
                                .replace("HOST", "[" + (HOST_BASE + low) + "," + (HOST_BASE + low + 9) + "]"))
                        .append('\n');
            }
        }
        yaml.append("- {guestPort: %d, hostPort: %d, static: true}\n".formatted(STATIC_PORT, STATIC_PORT));
        yaml.append("- {guestSocket: /tmp/in-guest.sock, hostSocket: \"%s/to-guest.sock\"}\n".formatted(sockets));
        yaml.append("- {guestSocket: /tmp/to-host.sock, hostSocket: \"%s/on-host.sock\", reverse: true}\n"
                .formatted(sockets));
        return yaml.toString();
    }

    /** Servers in Perl, which each Debian has: echo for all, a checksum and a reset for some. */
    private static String servers() {
        StringBuilder calls = new StringBuilder();
        for (Cell cell : cells()) {
            String[] words = cell.listener().split(" ");
            calls.append("serve('%s', '%s', %d, 'echo');\n".formatted(words[0], words[1], cell.port()));
        }
        calls.append("serve('tcp', '127.0.0.1', %d, 'echo');\n".formatted(STATIC_PORT));
        calls.append("serve('tcp', '0.0.0.0', %d, 'sum');\n".formatted(SUM_PORT));
        calls.append("serve('tcp', '127.0.0.1', %d, 'sum');\n".formatted(ECHO_LOOPBACK));
        calls.append("serve('tcp', '0.0.0.0', %d, 'reset');\n".formatted(RESET_PORT));
        return """
                use strict; use warnings; use Socket qw(:all); use IO::Select;
                $SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
                my (%kind, %udp); my $all = IO::Select->new;
                sub serve {
                    my ($proto, $ip, $port, $kind) = @_;
                    my $six = $ip =~ /:/;
                    my $type = $proto eq 'udp' ? SOCK_DGRAM : SOCK_STREAM;
                    socket(my $s, $six ? AF_INET6 : AF_INET, $type, 0) or die "socket $!";
                    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
                    my $raw = inet_pton($six ? AF_INET6 : AF_INET, $ip);
                    bind($s, $six ? pack_sockaddr_in6($port, $raw) : pack_sockaddr_in($port, $raw)) or die "bind $proto $ip $port: $!";
                    if ($proto eq 'udp') { $udp{$s} = 1 } else { listen($s, 1024) or die "listen $!" }
                    $kind{$s} = $kind; $all->add($s);
                }
                sub local_socket {
                    unlink $_[0]; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; bind($s, pack_sockaddr_un($_[0])) or die;
                    listen($s, 64); $kind{$s} = 'echo'; $all->add($s);
                }
                CALLS
                local_socket('/tmp/in-guest.sock');
                open(my $mark, '>', '/tmp/servers-ready'); close $mark;
                while (1) {
                    for my $s ($all->can_read) {
                        if ($udp{$s}) { my $from = recv($s, my $data, 65535, 0); send($s, $data, 0, $from) if defined $from; next }
                        accept(my $c, $s) or next;
                        my $kind = $kind{$s};
                        if ($kind eq 'reset') { setsockopt($c, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $c; next }
                        if (fork) { close $c; next }
                        close $_ for $all->handles;
                        if ($kind eq 'sum') { open(STDIN, '<&', $c); open(STDOUT, '>&', $c); exec('sha256sum') }
                        while (sysread($c, my $data, 65536)) { my $at = 0; while ($at < length $data) { my $n = syswrite($c, $data, length($data) - $at, $at); exit unless defined $n; $at += $n } }
                        exit;
                    }
                }
                """.replace("CALLS\n", calls.toString());
    }

    @BeforeAll
    void start() throws Exception {
        Files.createDirectories(sockets);
        Path file = Files.writeString(home.path.resolve("ports.yaml"), configuration());
        home.goodWithin(BOOT, "start", "--tty=false", "--name", "p", file.toString());
        home.limactlFed(servers(), "shell", "p", "sh", "-c", "cat >/tmp/servers.pl");
        home.good(
                "shell",
                "p",
                "sh",
                "-c",
                "setsid perl /tmp/servers.pl >/tmp/servers.log 2>&1 </dev/null & for i in $(seq 200); do"
                        + " test -e /tmp/servers-ready && exit 0; sleep 0.1; done; cat /tmp/servers.log; exit 1");
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    private static final Pattern ENTRY = Pattern.compile("\"protocol\":\"(\\w+)\",\"guest\":\"([^\"]*):(\\d+)\","
            + ".*\"state\":\"(\\w+)\",\"host\":(null|\"[^\"]*\"),.*\"transport\":(null|\"\\w+\")");

    /** State, host and transport of each guest port, as {@code limactl port list} has them. */
    private Map<Integer, String> list() {
        Map<Integer, String> all = new TreeMap<>();
        for (String line : home.good("port", "list", "--json", "p").out().split("\n")) {
            Matcher entry = ENTRY.matcher(line);
            if (entry.find()) {
                all.put(
                        Integer.parseInt(entry.group(3)),
                        entry.group(4) + " " + entry.group(5).replace("\"", "") + " "
                                + entry.group(6).replace("\"", ""));
            }
        }
        return all;
    }

    /** Holds the whole table against the guest. */
    private void theTable(String transport) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        List<String> wrong;
        do {
            wrong = differences(list(), transport);
            LockSupport.parkNanos(wrong.isEmpty() ? 0 : TimeUnit.MILLISECONDS.toNanos(200));
        } while (!wrong.isEmpty() && System.nanoTime() < deadline);
        assertThat(wrong).as("differences by transport %s", transport).isEmpty();
        for (Cell cell : cells()) {
            if (cell.isForwarded() && (transport.isEmpty() || cell.carriedBy(transport))) {
                assertThat(echo(cell)).as(cell.toString()).isEqualTo("hello " + cell.port());
            }
        }
    }

    private static List<String> differences(Map<Integer, String> seen, String transport) {
        List<String> wrong = new ArrayList<>();
        for (Cell cell : cells()) {
            String entry = seen.getOrDefault(cell.port(), "nothing");
            boolean open = cell.isForwarded() && (transport.isEmpty() || cell.carriedBy(transport));
            boolean right = open
                    ? entry.startsWith("forwarded " + cell.host() + " ") && entry.endsWith(transport)
                    : !entry.startsWith("forwarded ") && !entry.equals("nothing");
            if (!right) {
                wrong.add(cell + ": " + entry);
            }
        }
        return wrong;
    }

    private static String echo(Cell cell) throws IOException {
        byte[] text = ("hello " + cell.port()).getBytes(StandardCharsets.UTF_8);
        if (cell.isUdp()) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(10_000);
                socket.send(new DatagramPacket(text, text.length, cell.hostAddress(), cell.hostPort()));
                DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                socket.receive(answer);
                return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
            }
        }
        try (Socket socket = new Socket(cell.hostAddress(), cell.hostPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(text);
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    @Order(1)
    void rulesByListeners() throws IOException {
        assertThat(cells()).hasSizeGreaterThanOrEqualTo(60);
        theTable("");
    }

    @Test
    @Order(2)
    void theSameAfterTheDaemonWasKilled() throws Exception {
        ProcessHandle daemon = ProcessHandle.of(home.daemonPid()).orElseThrow();
        daemon.destroyForcibly();
        daemon.onExit().get(30, TimeUnit.SECONDS);
        theTable("");
    }

    @ParameterizedTest
    @ValueSource(strings = {"qemu", "agent", "ssh"})
    @Order(3)
    void theSameByEachTransport(String transport) throws IOException {
        home.with("JLIMA_PORT_TRANSPORT", transport);
        home.good("daemon", "restart");
        theTable(transport);
        streams(transport);
    }

    /** What a stream has to keep, by a transport of this name. */
    private void streams(String transport) throws IOException {
        int port = transport.equals("qemu") ? SUM_PORT : ECHO_LOOPBACK;
        awaitForward(port, transport);
        byte[] data = new byte[HUGE];
        new Random(9).nextBytes(data);
        try (Socket socket = new Socket("127.0.0.1", port)) {
            // The sum comes when our half has ended, so it shows both the half-close and that all has arrived.
            socket.getOutputStream().write(data);
            socket.shutdownOutput();
            String sum = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(sum).startsWith(HexFormat.of().formatHex(sha256(data)));
        }
        if (!transport.equals("ssh")) {
            awaitForward(RESET_PORT, transport);
        }
        try (Socket socket = new Socket("127.0.0.1", RESET_PORT)) {
            socket.setSoTimeout(20_000);
            assertThat(endsOrBreaks(socket.getInputStream())).isTrue();
        }
    }

    private static boolean endsOrBreaks(InputStream in) {
        try {
            return in.read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private void awaitForward(int port, String transport) {
        Home.eventually(
                "port " + port + " by " + transport,
                () -> list().getOrDefault(port, "").endsWith(" " + transport));
    }

    private static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Order(4)
    void socketsAndStaticPorts() throws Exception {
        home.with("JLIMA_PORT_TRANSPORT", null);
        home.good("daemon", "restart");
        theTable("");
        try (Socket socket = new Socket("127.0.0.1", STATIC_PORT)) {
            socket.getOutputStream().write('s');
            assertThat(socket.getInputStream().read()).isEqualTo('s');
        }
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(sockets.resolve("to-guest.sock")))) {
            client.write(ByteBuffer.wrap(new byte[] {'u'}));
            ByteBuffer answer = ByteBuffer.allocate(1);
            assertThat(client.read(answer)).isEqualTo(1);
            assertThat(answer.get(0)).isEqualTo((byte) 'u');
        }
        try (ServerSocketChannel server = ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(sockets.resolve("on-host.sock")))) {
            Thread.ofVirtual().start(() -> {
                try (SocketChannel peer = server.accept()) {
                    peer.write(ByteBuffer.wrap("from the host\n".getBytes(StandardCharsets.UTF_8)));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            String perl = "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0);"
                    + " connect(S, pack_sockaddr_un(\"/tmp/to-host.sock\")) or die $!; print scalar <S>;";
            assertThat(home.good("shell", "p", "perl", "-e", perl).out()).isEqualTo("from the host\n");
        }
    }

    @Test
    @Order(5)
    void aTakenPortIsTakenOverWhenItIsFree() throws Exception {
        int port = 22_001;
        try (ServerSocket stranger = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            home.good(
                    "shell",
                    "p",
                    "sh",
                    "-c",
                    "setsid perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); bind(S, pack_sockaddr_in(" + port
                            + ", INADDR_ANY)); listen(S, 9); while (accept(C, S)) { syswrite C, 1; close C }'"
                            + " >/dev/null 2>&1 </dev/null &");
            Home.eventually("the conflict", () -> list().getOrDefault(port, "").startsWith("failed"));
            assertThat(home.good("list", "p").err()).contains("127.0.0.1:" + port + " is taken by");
            assertThat(stranger.isBound()).isTrue();
        }
        Home.eventually("the take-over", () -> list().getOrDefault(port, "").startsWith("forwarded"));
        try (Socket socket = new Socket("127.0.0.1", port)) {
            assertThat(socket.getInputStream().read()).isEqualTo('1');
        }
        assertThat(home.good("list", "p").err()).doesNotContain("is taken by");
    }

    /** What the guest's resolver asks the host. */
    @Test
    @Order(6)
    void namesOfTheHost() {
        assertThat(home.good("shell", "p", "getent", "ahostsv4", "answer.jlima.example")
                        .out())
                .startsWith("10.99.0.1");
        assertThat(home.good("shell", "p", "getent", "ahostsv4", "alias.jlima.example")
                        .out())
                .startsWith("10.99.0.1");
        assertThat(home.limactl("shell", "p", "getent", "hosts", "nobody.jlima.example")
                        .code())
                .isEqualTo(2);
    }
}
