// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
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
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
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

    /** Variable that names another agent to take, such as one that was built with sanitizers for the guest. */
    private static final String AGENT = "JLIMA_ITEST_AGENT";

    private static final int HUGE = 32 * 1024 * 1024;
    private static final int TAKEN = 22_001;
    private static final Duration AWAKE = Duration.ofMinutes(3);

    /** Where the second guest says a number. */
    private static final int SECOND = GuestServers.GENERATION;

    private final Home home = Home.create();
    private final Path sockets = home.path.resolve("sockets");
    private final Path shared = home.path.resolve("shared");
    private final Path resolvConf = home.path.resolve("resolv.conf");

    private String configuration() throws Exception {
        return """
                base: template://debian-local
                cpus: 1
                memory: 1GiB
                mounts: [{location: "%1$s", writable: true}]
                hostResolver:
                  ipv6: true
                  hosts: {answer.jlima.example: 10.99.0.1, alias.jlima.example: answer.jlima.example}
                propagateProxyEnv: true
                env: {https_proxy: "http://127.0.0.1:3128", OTHER: "a b"}
                caCerts:
                  certs:
                  - |
                %5$s
                portForwards:
                %2$s
                - {guestPort: %3$d, hostPort: %3$d, static: true}
                - {guestSocket: /tmp/in-guest.sock, hostSocket: "%4$s/to-guest.sock"}
                - {guestSocket: /tmp/to-host.sock, hostSocket: "%4$s/on-host.sock", reverse: true}
                """.formatted(
                        shared,
                        PortTable.yaml(),
                        GuestServers.STATIC,
                        sockets,
                        certificate().indent(4).stripTrailing());
    }

    /** A certificate that nobody else has; the JDK has a program that makes one. */
    private String certificate() throws Exception {
        Path file = home.path.resolve("ca.pem");
        if (!Files.exists(file)) {
            String script = """
                    set -e; k="%s/bin/keytool -keystore %s/keys -storepass nobody -alias a"
                    $k -genkeypair -keyalg EC -dname 'CN=jlima test'; $k -exportcert -rfc >%s""".formatted(System.getProperty("java.home"), home.path, file);
            Home.Result made = home.shell(script);
            assertThat(made.code()).as(made.all()).isZero();
        }
        return Files.readString(file).replace("\r", "").strip();
    }

    @BeforeAll
    void start() throws Exception {
        Files.createDirectories(sockets);
        Files.createDirectories(shared);
        Path file = Files.writeString(home.path.resolve("ports.yaml"), configuration());
        home.with("JLIMA_RESOLV_CONF", resolvConf.toString())
                .with("QEMU_SYSTEM_X86_64", Monitor.qemu(home.path).toString())
                .with("ftp_proxy", "http://user:pass@127.0.0.1:2121/");
        asTheHostDoes();
        home.goodWithin(BOOT, "start", "--tty=false", "--name", "p", file.toString());
        String agent = System.getenv(AGENT);
        if (agent != null) {
            home.good("copy", agent, "p:/tmp/agent");
            home.good(
                    "shell",
                    "p",
                    "sudo",
                    "sh",
                    "-c",
                    "systemctl stop lima-guestagent && install /tmp/agent /usr/local/bin/lima-guestagent"
                            + " && systemctl start lima-guestagent");
        }
        serve("p");
    }

    /** Names come from the host's name servers again, if it has any. */
    private void asTheHostDoes() throws IOException {
        Path host = Path.of("/etc/resolv.conf");
        Files.writeString(resolvConf, Files.exists(host) ? Files.readString(host) : "");
    }

    private void serve(String instance) {
        home.limactlFed(GuestServers.program(), "shell", instance, "sh", "-c", "cat >/tmp/servers.pl");
        home.good(
                "shell",
                instance,
                "sh",
                "-c",
                "setsid perl /tmp/servers.pl >/tmp/servers.log 2>&1 </dev/null & for i in $(seq 400); do"
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
            wrong = PortTable.differences(list(), transport);
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
        allArrivesAndTheOtherHalfGoesOn(transport);
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

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private void allArrivesAndTheOtherHalfGoesOn(String transport) throws IOException {
        int port = transport.equals("qemu") ? GuestServers.SUM : GuestServers.SUM_LOOPBACK;
        awaitForward(port, transport);
        byte[] data = new byte[HUGE];
        new Random(9).nextBytes(data);
        try (Socket socket = connect(port)) {
            // The sum comes when our half has ended, so it shows both the half-close and that all has arrived.
            socket.getOutputStream().write(data);
            socket.shutdownOutput();
            String sum = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(sum).startsWith(sha256(data));
        }
    }

    private static void bothSidesBreakConnections(String transport) throws IOException {
        try (Socket socket = connect(GuestServers.RESET)) {
            assertThat(endsOrBreaks(socket.getInputStream())).isTrue();
        }
        GuestServers.order("rm -f " + GuestServers.TOLD);
        try (Socket socket = connect(GuestServers.TELL)) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            socket.setSoLinger(true, 0);
        }
        // A channel of ssh has no break; it ends.
        String expected = transport.equals("ssh") ? "end" : "break";
        Home.eventually(
                "the guest hears of a break by " + transport,
                () -> ordered("cat " + GuestServers.TOLD + " 2>&1").equals(expected));
    }

    private static String ordered(String words) {
        try {
            return GuestServers.order(words);
        } catch (IOException e) {
            return e.toString();
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

    private static void whoReadsSlowlyHoldsUpNobodyElse() throws Exception {
        try (Socket slow = connect(GuestServers.SOURCE);
                Socket other = connect(GuestServers.ECHO)) {
            echo(other, 30);
            assertThat(sha256(slow.getInputStream().readAllBytes())).isEqualTo(sha256(GuestServers.source()));
        }
        GuestServers.order("rm -f " + GuestServers.GO);
        byte[] data = GuestServers.source();
        try (Socket unread = connect(GuestServers.LAZY);
                Socket other = connect(GuestServers.ECHO)) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(
                    () -> {
                        try {
                            unread.getOutputStream().write(data);
                            unread.shutdownOutput();
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    Thread::startVirtualThread);
            echo(other, 30);
            GuestServers.order("touch " + GuestServers.GO);
            assertThat(new String(unread.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith(sha256(data));
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    private static void whoWritesSlowlyIsAnsweredEachTime() throws IOException {
        try (Socket socket = connect(GuestServers.ECHO)) {
            echo(socket, 100);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    private static void echo(Socket socket, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            socket.getOutputStream().write(i);
            assertThat(socket.getInputStream().read()).isEqualTo(i);
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

    /** What a port says until it closes; empty when it does not answer. */
    private static String said(int port) {
        try (Socket socket = connect(port)) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private void aTakenPortIsTakenOverWhenItIsFree(String transport) throws IOException {
        try (ServerSocket stranger = new ServerSocket(TAKEN, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            assertThat(GuestServers.order("listen " + TAKEN + " echo")).isEqualTo("done");
            Home.eventually("the conflict", () -> list().getOrDefault(TAKEN, "").startsWith("failed"));
            assertThat(home.good("list", "p").err()).contains("127.0.0.1:" + TAKEN + " is taken by");
            assertThat(stranger.isBound()).isTrue();
        }
        awaitForward(TAKEN, transport);
        try (Socket socket = connect(TAKEN)) {
            echo(socket, 3);
        }
        assertThat(home.good("list", "p").err()).doesNotContain("is taken by");
        assertThat(GuestServers.order("close " + TAKEN)).isEqualTo("done");
        Home.eventually("the port is gone", () -> !list().containsKey(TAKEN));
    }

    private void awaitForward(int port, String transport) {
        Home.eventually("port " + port + " by " + transport, () -> {
            String entry = list().getOrDefault(port, "");
            return entry.startsWith("forwarded ") && entry.endsWith(" " + transport);
        });
    }

    private static String sha256(byte[] data) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
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

    /** Asks the guest's name server in the guest, by messages of this test's own: a line for each, {@code udp HEX}. */
    private static final String ASK = """
            use strict; use warnings; use Socket; use IO::Select; $| = 1;
            my $server = pack_sockaddr_in(53, inet_aton('192.168.5.3'));
            while (my $line = <STDIN>) {
                my ($how, $question) = split ' ', $line; $question = pack('H*', $question);
                socket(my $s, AF_INET, $how eq 'udp' ? SOCK_DGRAM : SOCK_STREAM, 0) or die; connect($s, $server) or die "connect $!";
                syswrite($s, $how eq 'udp' ? $question : pack('n/a*', $question));
                my ($answer, $wanted) = ('', $how eq 'udp' ? 1 : 2);
                while (length $answer < $wanted && IO::Select->new($s)->can_read(30)) {
                    sysread($s, $answer, 65535, length $answer) or last;
                    $wanted = 2 + unpack('n', $answer) if $how eq 'tcp' && length $answer >= 2;
                }
                print unpack('H*', $how eq 'tcp' ? substr($answer, 2) : $answer), "\\n";
            }
            """;

    /** Answers to these questions; each is given as way, name and type. */
    private List<byte[]> ask(String... questions) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < questions.length; i++) {
            String[] words = questions[i].split(" ");
            byte[] query = NameServer.query(i + 1, words[1], Integer.parseInt(words[2]));
            lines.append(words[0])
                    .append(' ')
                    .append(HexFormat.of().formatHex(query))
                    .append('\n');
        }
        Home.Result result = home.limactlFed(lines.toString(), "shell", "p", "perl", "-e", ASK);
        assertThat(result.code()).as(result.all()).isZero();
        List<byte[]> answers =
                result.out().lines().map(HexFormat.of()::parseHex).toList();
        assertThat(answers).as(result.all()).hasSize(questions.length).allMatch(answer -> answer.length > 12);
        return answers;
    }

    @Test
    @Order(6)
    void recordsOfEveryTypeComeFromTheHostsNameServers() throws IOException {
        try (NameServer upstream = NameServer.open()) {
            Files.writeString(resolvConf, upstream.line());
            int a = NameServer.type("a");
            // The daemon looks at the file when a question comes, four times a second at most.
            Home.eventually(
                    "the new name server is asked",
                    () -> NameServer.code(ask("udp a.up.example " + a).getFirst()) == 0);
            for (String way : List.of("udp", "tcp")) {
                List<String> types = NameServer.types();
                List<byte[]> answers = ask(types.stream()
                        .map(t -> way + " " + t + ".up.example " + NameServer.type(t))
                        .toArray(String[]::new));
                for (int i = 0; i < types.size(); i++) {
                    int type = NameServer.type(types.get(i));
                    byte[] whole = NameServer.answer(NameServer.query(i + 1, types.get(i) + ".up.example", type));
                    assertThat(NameServer.code(answers.get(i))).as(types.get(i)).isZero();
                    assertThat(NameServer.data(answers.get(i)))
                            .as("%s by %s", types.get(i), way)
                            .isEqualTo(NameServer.data(whole));
                }
            }
            assertThat(home.good("shell", "p", "getent", "ahostsv4", "a.up.example")
                            .out())
                    .startsWith("10.99.0.7");

            List<byte[]> answers = ask(
                    "udp nobody.up.example " + a,
                    "udp " + NameServer.LONG + " " + NameServer.type("txt"),
                    "tcp " + NameServer.LONG + " " + NameServer.type("txt"));
            assertThat(NameServer.code(answers.getFirst())).isEqualTo(NameServer.NO_SUCH_NAME);
            assertThat(NameServer.isTruncated(answers.get(1))).isTrue();
            assertThat(answers.get(1).length).isLessThanOrEqualTo(512);
            assertThat(NameServer.isTruncated(answers.get(2))).isFalse();
            assertThat(answers.get(2)).hasSizeGreaterThan(20 * 200);
            assertThat(home.limactl("shell", "p", "getent", "hosts", "nobody.up.example")
                            .code())
                    .isEqualTo(2);

            theTablesOfNamesComeFirst(upstream);
            upstreamDownAndUpAgain(upstream);
        } finally {
            asTheHostDoes();
        }
    }

    private void theTablesOfNamesComeFirst(NameServer upstream) {
        int a = NameServer.type("a");
        int ptr = NameServer.type("ptr");
        List<byte[]> answers = ask(
                "udp host.lima.internal " + a,
                "udp lima-p " + a,
                "tcp answer.jlima.example " + a,
                "udp 2.5.168.192.in-addr.arpa " + ptr);
        assertThat(NameServer.data(answers.get(0))).containsExactly(192, 168, 5, 2);
        assertThat(NameServer.data(answers.get(1))).containsExactly(192, 168, 5, 15);
        assertThat(NameServer.data(answers.get(2))).containsExactly(10, 99, 0, 1);
        assertThat(new String(NameServer.data(answers.get(3)), StandardCharsets.ISO_8859_1))
                .isEqualTo("\4host\4lima\10internal\0");
        assertThat(upstream.wasAsked("a.up.example")).isTrue();
        for (String name :
                List.of("host.lima.internal", "lima-p", "answer.jlima.example", "2.5.168.192.in-addr.arpa")) {
            assertThat(upstream.wasAsked(name)).as(name).isFalse();
        }
    }

    private void upstreamDownAndUpAgain(NameServer upstream) throws IOException {
        String question = "udp mx.up.example " + NameServer.type("mx");
        try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            Files.writeString(resolvConf, "nameserver [127.0.0.1]:" + silent.getLocalPort() + "\n");
            Home.eventually(
                    "nobody answers", () -> NameServer.code(ask(question).getFirst()) == NameServer.SERVER_FAILURE);
        }
        Files.writeString(resolvConf, upstream.line());
        Home.eventually(
                "somebody answers again", () -> NameServer.code(ask(question).getFirst()) == 0);
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
                .contains(certificate());
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

    /** Of interest where {@link #AGENT} names one with sanitizers. */
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
        Home.Result start = home.goodWithin(BOOT, "start", "--tty=false", "--name", "q", file.toString());
        assertThat(start.err()).contains(taken);
        assertThat(home.good("list", "q").err()).contains(taken);
        assertThat(home.good("list", "p").err()).doesNotContain("is taken by");
        assertThat(home.path.resolve("q/dns-ports")).doesNotExist();
        assertThat(home.good("shell", "q", "resolvectl", "dns").out()).contains("192.0.2.53");
        serve("q");
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
