// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.ForwardedConnections.allArrivesAndTheOtherHalfGoesOn;
import static io.jlima.itests.ForwardedConnections.bothSidesBreakConnections;
import static io.jlima.itests.ForwardedConnections.connect;
import static io.jlima.itests.ForwardedConnections.echo;
import static io.jlima.itests.ForwardedConnections.ordered;
import static io.jlima.itests.ForwardedConnections.said;
import static io.jlima.itests.ForwardedConnections.whoReadsSlowlyHoldsUpNobodyElse;
import static io.jlima.itests.ForwardedConnections.whoWritesSlowlyIsAnsweredEachTime;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
    private static final int TAKEN = 22_001;
    private static final Duration AWAKE = Duration.ofMinutes(3);

    /** Where the second guest says a number. */
    private static final int SECOND = GuestServers.GENERATION;

    private final PortsGuest guest = new PortsGuest();
    private final Home home = guest.home;
    private final Path sockets = guest.sockets;
    private final Path shared = guest.shared;
    private final Path resolvConf = guest.resolvConf;
    private final GuestNames names = new GuestNames(home, resolvConf);

    @BeforeAll
    void start() throws Exception {
        guest.start();
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    /** Holds the whole table against the guest. */
    private void theTable(String transport) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        List<String> wrong;
        do {
            wrong = PortTable.differences(guest.list(), transport);
            LockSupport.parkNanos(wrong.isEmpty() ? 0 : TimeUnit.MILLISECONDS.toNanos(200));
        } while (!wrong.isEmpty() && System.nanoTime() < deadline);
        assertThat(wrong).as("differences by transport %s", transport).isEmpty();
        for (PortTable.Cell cell : PortTable.cells()) {
            if (cell.isForwarded() && (transport.isEmpty() || cell.carriedBy(transport))) {
                assertThat(PortTable.echo(cell)).as(cell.toString()).isEqualTo("hello " + cell.port());
            }
        }
    }

    @Test
    @Order(1)
    void rulesByListeners() throws IOException {
        assertThat(PortTable.cells()).hasSizeGreaterThanOrEqualTo(60);
        theTable("");
        socketsAndStaticPorts();
    }

    @Test
    @Order(2)
    void theSameAfterTheDaemonWasKilled() throws Exception {
        ProcessHandle daemon = ProcessHandle.of(home.daemonPid()).orElseThrow();
        daemon.destroyForcibly();
        daemon.onExit().get(30, TimeUnit.SECONDS);
        theTable("");
        socketsAndStaticPorts();
    }

    @ParameterizedTest
    @ValueSource(strings = {"qemu", "agent", "ssh"})
    @Order(3)
    void theSameByEachTransport(String transport) throws Exception {
        home.with("JLIMA_PORT_TRANSPORT", transport);
        home.good("daemon", "restart");
        theTable(transport);
        for (int port : List.of(
                GuestServers.SUM,
                GuestServers.RESET,
                GuestServers.CONTROL,
                GuestServers.SOURCE,
                GuestServers.LAZY,
                GuestServers.TELL,
                GuestServers.GENERATION,
                GuestServers.ECHO)) {
            awaitForward(port, transport);
        }
        int sum = transport.equals("qemu") ? GuestServers.SUM : GuestServers.SUM_LOOPBACK;
        awaitForward(sum, transport);
        allArrivesAndTheOtherHalfGoesOn(sum);
        bothSidesBreakConnections(transport);
        whoReadsSlowlyHoldsUpNobodyElse();
        whoWritesSlowlyIsAnsweredEachTime();
        aPortThatIsClosedAndOpenedAtOnceIsTheNewOne(transport);
        aTakenPortIsTakenOverWhenItIsFree(transport);
        if (!transport.equals("qemu")) {
            // The machine itself forwards ports only, and this one is on the guest's loopback.
            socketsAndStaticPorts();
        }
    }

    private void aPortThatIsClosedAndOpenedAtOnceIsTheNewOne(String transport) throws IOException {
        for (int i = 0; i < 10; i++) {
            String[] generation =
                    GuestServers.order("again " + GuestServers.GENERATION).split(" ");
            Home.eventually(
                    "the listener that came %s ms after the last one".formatted(generation[1]),
                    () -> said(GuestServers.GENERATION).equals(generation[0]));
        }
        awaitForward(GuestServers.GENERATION, transport);
        assertThat(said(GuestServers.GENERATION)).matches("\\d+");
    }

    private void aTakenPortIsTakenOverWhenItIsFree(String transport) throws IOException {
        try (ServerSocket stranger = new ServerSocket(TAKEN, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThat(GuestServers.order("listen " + TAKEN + " echo")).isEqualTo("done");
            Home.eventually(
                    "the conflict", () -> guest.list().getOrDefault(TAKEN, "").startsWith("failed"));
            assertThat(home.good("list", "p").err()).contains("127.0.0.1:" + TAKEN + " is taken by");
            assertThat(stranger.isBound()).isTrue();
        }
        awaitForward(TAKEN, transport);
        try (Socket socket = connect(TAKEN)) {
            echo(socket, 3);
        }
        assertThat(home.good("list", "p").err()).doesNotContain("is taken by");
        assertThat(GuestServers.order("close " + TAKEN)).isEqualTo("done");
        Home.eventually("the port is gone", () -> !guest.list().containsKey(TAKEN));
    }

    private void awaitForward(int port, String transport) {
        Home.eventually("port " + port + " by " + transport, () -> {
            String entry = guest.list().getOrDefault(port, "");
            return entry.startsWith("forwarded ") && entry.endsWith(" " + transport);
        });
    }

    @Test
    @Order(4)
    void theSameByFreeChoiceAgain() throws Exception {
        home.with("JLIMA_PORT_TRANSPORT", null);
        home.good("daemon", "restart");
        theTable("");
        socketsAndStaticPorts();
    }

    /** What has no listener in the table: a static port, and unix sockets in both directions. */
    private void socketsAndStaticPorts() throws IOException {
        Home.eventually("the static port", () -> answers(new InetSocketAddress("127.0.0.1", GuestServers.STATIC)));
        Home.eventually(
                "a socket to the guest", () -> answers(UnixDomainSocketAddress.of(sockets.resolve("to-guest.sock"))));
        Path path = sockets.resolve("on-host.sock");
        try (ServerSocketChannel server =
                ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path))) {
            Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        try (SocketChannel peer = server.accept()) {
                            peer.write(ByteBuffer.wrap("from the host\n".getBytes(StandardCharsets.UTF_8)));
                        }
                    }
                } catch (IOException e) {
                    // The end.
                }
            });
            String perl = "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0);"
                    + " connect(S, pack_sockaddr_un(\"/tmp/to-host.sock\")) or die $!; print scalar <S>;";
            Home.eventually(
                    "a socket to the host",
                    () -> home.limactl("shell", "p", "perl", "-e", perl).out().equals("from the host\n"));
        } finally {
            Files.deleteIfExists(path);
        }
    }

    /** What the guest's resolver asks the host. */
    @Test
    @Order(5)
    void namesOfTheHost() {
        assertThat(home.good("shell", "p", "getent", "ahostsv4", "answer.jlima.example")
                        .out())
                .startsWith("10.99.0.1");
        assertThat(home.good("shell", "p", "getent", "ahostsv4", "alias.jlima.example")
                        .out())
                .startsWith("10.99.0.1");
    }

    @Test
    @Order(6)
    void recordsOfEveryTypeComeFromTheHostsNameServers() throws IOException {
        try (NameServer upstream = NameServer.open()) {
            names.recordsOfEveryType(upstream);
            names.theTablesOfNamesComeFirst(upstream);
            names.upstreamDownAndUpAgain(upstream);
        } finally {
            guest.asTheHostDoes();
        }
    }

    @Test
    @Order(7)
    void proxiesVariablesAndCertificatesReachTheGuest() throws Exception {
        String environment = home.good("shell", "p", "cat", "/etc/environment").out();
        assertThat(environment.lines())
                .contains(
                        "ftp_proxy=http://user:pass@192.168.5.2:2121/",
                        "FTP_PROXY=http://user:pass@192.168.5.2:2121/",
                        "https_proxy=http://192.168.5.2:3128",
                        "HTTPS_PROXY=http://192.168.5.2:3128",
                        "OTHER=a b");
        assertThat(home.good("shell", "p", "sh", "-c", "echo $ftp_proxy $HTTPS_PROXY $OTHER")
                        .out())
                .isEqualTo("http://user:pass@192.168.5.2:2121/ http://192.168.5.2:3128 a b\n");
        assertThat(home.good("shell", "p", "cat", "/etc/ssl/certs/ca-certificates.crt")
                        .out())
                .contains(guest.certificate());
        String own = "/usr/local/share/ca-certificates/lima/lima-000.crt";
        assertThat(home.good("shell", "p", "openssl", "verify", "-CApath", "/etc/ssl/certs", own)
                        .out())
                .endsWith(": OK\n");
    }

    /**
     * The guest's clock stands still while its machine is paused: what a pause of ten minutes does to it is done by
     * setting it back by ten minutes here.
     */
    @Test
    @Order(8)
    void afterASleepAllIsRightWithoutACommand() throws Exception {
        Files.writeString(shared.resolve("note"), "from the host");
        Home.eventually("the mount", () -> ordered("cat " + shared + "/note").equals("from the host"));
        try (Monitor monitor = new Monitor(home.path.resolve("p"))) {
            // Kills both connections that the daemon has with the guest, a moment before its machine stands still.
            GuestServers.order("sudo sh -c 'date -s \"10 minutes ago\"; pkill -KILL -x lima-guestagent;"
                    + " pkill -KILL -f \"^sshd: [^/]\"' >/dev/null 2>&1");
            monitor.execute("stop");
            try (Socket socket = new Socket("127.0.0.1", GuestServers.ECHO)) {
                socket.setSoTimeout(3000);
                socket.getOutputStream().write('x');
                assertThatThrownBy(() -> socket.getInputStream().read())
                        .isInstanceOf(java.net.SocketTimeoutException.class);
            }
            monitor.execute("cont");
        }
        Home.eventually(
                "a port by the machine itself",
                AWAKE,
                () -> said(GuestServers.GENERATION).matches("\\d+"));
        Home.eventually("the clock", AWAKE, () -> isOnTime(ordered("date +%s").strip()));
        Home.eventually(
                "a port by the agent", AWAKE, () -> answers(new InetSocketAddress("127.0.0.1", loopbackEcho())));
        Home.eventually("a socket", AWAKE, () -> answers(UnixDomainSocketAddress.of(sockets.resolve("to-guest.sock"))));
        Home.eventually(
                "the mount", AWAKE, () -> ordered("cat " + shared + "/note").equals("from the host"));
        Home.eventually(
                "names",
                AWAKE,
                () -> ordered("getent ahostsv4 answer.jlima.example").startsWith("10.99.0.1"));
    }

    /** Whether the guest's clock is the host's, as far as a test can say. */
    private static boolean isOnTime(String seconds) {
        return seconds.matches("\\d+") && Math.abs(Long.parseLong(seconds) - System.currentTimeMillis() / 1000) < 60;
    }

    private static int loopbackEcho() {
        return PortTable.cells().stream()
                .filter(cell -> cell.isForwarded() && cell.listener().equals("tcp 127.0.0.1"))
                .findFirst()
                .orElseThrow()
                .hostPort();
    }

    private static boolean answers(SocketAddress address) {
        try (SocketChannel channel = SocketChannel.open(address)) {
            channel.write(ByteBuffer.wrap(new byte[] {'y'}));
            channel.shutdownOutput();
            return channel.read(ByteBuffer.allocate(1)) == 1;
        } catch (IOException e) {
            return false;
        }
    }

    /** Of interest where {@link PortsGuest#AGENT} names one with sanitizers. */
    @Test
    @Order(9)
    void theAgentHasFoundNoFaultInItself() {
        String journal = home.good("shell", "p", "sudo", "journalctl", "--no-pager", "-b", "-u", "lima-guestagent")
                .out();
        assertThat(journal)
                .contains("Started")
                .doesNotContain("Sanitizer", "runtime error", "core-dump", "dumped core");
    }

    @Test
    @Order(10)
    void aPortOfAnotherInstanceIsTakenOverWhenItEnds() throws Exception {
        Path file = home.write("q.yaml", """
                base: template://debian-local
                cpus: 1
                memory: 512MiB
                mounts: []
                hostResolver: {enabled: false}
                dns: [192.0.2.53]
                portForwards: [{guestPort: %d, hostPort: %d, static: true}]
                """.formatted(SECOND, GuestServers.STATIC));
        String taken = "127.0.0.1:" + GuestServers.STATIC + " is taken by instance `p`";
        Home.Result start = home.goodWithin(PortsGuest.BOOT, "start", "--tty=false", "--name", "q", file.toString());
        assertThat(start.err()).contains(taken);
        assertThat(home.good("list", "q").err()).contains(taken);
        assertThat(home.good("list", "p").err()).doesNotContain("is taken by");
        assertThat(home.path.resolve("q/dns-ports")).doesNotExist();
        assertThat(home.good("shell", "q", "resolvectl", "dns").out()).contains("192.0.2.53");
        guest.serve("q");
        try (Socket socket = connect(GuestServers.STATIC)) {
            echo(socket, 3);
        }

        home.good("stop", "--force", "p");
        Home.eventually(
                "the port has moved over", () -> said(GuestServers.STATIC).equals("0"));
        // The servers of the second guest have wanted ports of the first one's, too.
        Home.eventually(
                "nothing is in the way any more",
                () -> !home.good("list", "q").err().contains("is taken by"));
    }
}
