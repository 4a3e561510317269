// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import io.jlima.guestagent.internal.Channel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** The agent in a real guest: with the daemon first, and then, once that has gone, with a session of the test's own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AgentIT {
    private static final long BOOT = 540;
    private static final int SWITCHED_OFF = 26_000;

    private final Home home = Home.create();
    private final Path directory = home.path.resolve("a");

    private record Told(LinkedBlockingQueue<String> words) implements AgentSession.Listener {
        Told() {
            this(new LinkedBlockingQueue<>());
        }

        @Override
        public void connected(List<GuestAddress> listening) {
            words.add("connected " + listening);
        }

        @Override
        public void opened(GuestAddress address) {
            words.add("opened " + address);
        }

        @Override
        public void closed(GuestAddress address) {
            words.add("closed " + address);
        }

        @Override
        public void stage(String word) {
            words.add("stage " + word);
        }

        String await(Predicate<String> wanted) throws InterruptedException {
            while (true) {
                String word = words.poll(60, TimeUnit.SECONDS);
                assertThat(word).as("something told within a minute").isNotNull();
                if (word != null && wanted.test(word)) {
                    return word;
                }
            }
        }
    }

    @BeforeAll
    void boot() {
        Path yaml = home.write(
                "a.yaml",
                "base: template:debian-local\ncpus: 1\nmemory: 1GiB\nmounts: []\n"
                        + "portForwards: [{guestIP: 0.0.0.0, proto: any, ignore: true}]\n");
        home.goodWithin(BOOT, "start", "--tty=false", "--name", "a", yaml.toString());
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    /** The words of a command in the guest that no daemon is needed for. */
    private String guest(String script) {
        Home.Result result = Home.await(ssh(script), "", Home.LIMIT_SECONDS);
        assertThat(result.code()).as(result.err()).isZero();
        return result.out();
    }

    private Process ssh(String script) {
        return home.process(List.of("ssh", "-F", directory.resolve("ssh.config").toString(), "lima-a", script));
    }

    @Test
    @Order(1)
    void itIsAServiceOfTheGuest() {
        assertThat(guest("systemctl is-active lima-guestagent")).isEqualTo("active\n");
        assertThat(guest("stat -c '%a %F' /run/lima-guestagent.sock").strip()).isEqualTo("600 socket");
        String memory = guest("sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$(pidof lima-guestagent)/status");
        assertThat(Long.parseLong(memory.strip())).isLessThanOrEqualTo(2048);
        assertThat(guest("stat -c %s /usr/local/bin/lima-guestagent").strip())
                .satisfies(size -> assertThat(Long.parseLong(size)).isLessThanOrEqualTo(200 << 10));
    }

    /** Listens at fifty ports by TCP and by UDP, at one address after another. */
    private static final String LISTENERS = """
            import socket, sys
            kept = []
            for i in range(50):
                address = ("0.0.0.0", "127.0.0.1", "::", "::1", "192.168.5.15")[i % 5]
                for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
                    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
                    s.bind((address, FIRST + i))
                    if kind == socket.SOCK_STREAM: s.listen()
                    kept.append(s)
            print("begun")
            sys.stdin.read()
            """.replace("FIRST", Integer.toString(SWITCHED_OFF));

    @Test
    @Order(2)
    void oneRuleSwitchesAllForwardingOff() throws Exception {
        Process server = ssh("exec python3 -uc '" + LISTENERS + "'");
        try (BufferedReader words = new BufferedReader(new InputStreamReader(server.getInputStream(), UTF_8))) {
            assertThat(words.readLine()).isEqualTo("begun");
            Home.eventually(
                    "all listeners are known, and left alone",
                    () -> home.good("port", "list", "a")
                                    .out()
                                    .lines()
                                    .filter(line -> line.matches(".*:26[0-9]{3} .*the rule says ignore"))
                                    .count()
                            == 100);
            // What the processes of this instance listen at is what any scan of the host's ports would find of it.
            List<Integer> listening = new ArrayList<>();
            List<Integer> bound = new ArrayList<>();
            for (long pid : new long[] {home.daemonPid(), home.machinePid("a")}) {
                listening.addAll(HostSockets.listening(pid));
                bound.addAll(HostSockets.bound(pid));
            }
            String dns = Files.readString(directory.resolve("dns-ports")).strip();
            int ssh = Integer.parseInt(Files.readString(directory.resolve("ssh.config"))
                    .replaceAll("(?s).*\\n\\s*Port (\\d+)\\n.*", "$1"));
            assertThat(listening).containsExactlyInAnyOrder(ssh, Integer.parseInt(dns.split(" ")[1]));
            assertThat(bound).contains(Integer.parseInt(dns.split(" ")[0]));
            for (int port = SWITCHED_OFF; port < SWITCHED_OFF + 50; port++) {
                assertThat(bound).doesNotContain(port);
                InetSocketAddress address = new InetSocketAddress("127.0.0.1", port);
                assertThatThrownBy(() -> new Socket().connect(address)).isInstanceOf(ConnectException.class);
            }
        } finally {
            server.getOutputStream().close();
            server.waitFor(30, TimeUnit.SECONDS);
        }
    }

    @Test
    @Order(3)
    void aNewDaemonSetsTheClock() throws IOException {
        guest("sudo date -s '-1 hour'");
        home.killDaemon();
        home.good("list");
        Path log = directory.resolve("ha.stderr.log");
        Home.eventually("the clock is set", () -> {
            try {
                return Files.readString(log).contains("and is set");
            } catch (IOException e) {
                return false;
            }
        });
        long guestSeconds = Long.parseLong(guest("date +%s").strip());
        assertThat(Math.abs(guestSeconds - System.currentTimeMillis() / 1000)).isLessThan(60);
    }

    @Test
    @Order(4)
    void portsAndStreamsAndStages() throws Exception {
        home.good("daemon", "stop");
        List<String> log = new CopyOnWriteArrayList<>();
        Told told = new Told();
        try (AgentSession session = Channel.connect(directory.resolve("ga.sock"), log::add)) {
            session.watch(told);
            // Which of the two is told first is nobody's promise.
            Predicate<String> either = word -> word.startsWith("connected") || word.equals("stage boot-done");
            assertThat(List.of(told.await(either), told.await(either)))
                    .contains("stage boot-done")
                    .anySatisfy(word -> assertThat(word).startsWith("connected").contains("tcp 0.0.0.0:22"));
            assertThat(log).noneMatch(line -> line.contains("once a second"));

            Process server = ssh("exec python3 -uc 'import socket\n"
                    + "s = socket.socket(); s.bind((\"127.0.0.1\", 8099)); s.listen(); print(\"begun\")\n"
                    + "p, _ = s.accept(); s.close()\n"
                    + "while d := p.recv(9999): p.sendall(d)'");
            BufferedReader words = new BufferedReader(new InputStreamReader(server.getInputStream(), UTF_8));
            assertThat(words.readLine()).isEqualTo("begun");
            told.await("opened tcp 127.0.0.1:8099"::equals);
            try (GuestStream stream = session.open(GuestAddress.tcp("127.0.0.1", 8099))) {
                stream.out().write("through the port of virtio".getBytes(UTF_8));
                assertThat(stream.in().readNBytes(26)).asString(UTF_8).isEqualTo("through the port of virtio");
                told.await("closed tcp 127.0.0.1:8099"::equals);
                stream.finish();
                assertThat(stream.in().read()).isEqualTo(-1);
            }
            server.waitFor(30, TimeUnit.SECONDS);

            Process datagrams = ssh("exec python3 -uc 'import socket, sys\n"
                    + "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 8098))\n"
                    + "print(\"begun\"); sys.stdin.read()'");
            BufferedReader first = new BufferedReader(new InputStreamReader(datagrams.getInputStream(), UTF_8));
            assertThat(first.readLine()).isEqualTo("begun");
            told.await("opened udp 127.0.0.1:8098"::equals);
            datagrams.getOutputStream().close();
            told.await("closed udp 127.0.0.1:8098"::equals);
            datagrams.waitFor(30, TimeUnit.SECONDS);

            guest("sudo iptables -t nat -A PREROUTING -p tcp --dport 8097 -j DNAT --to-destination 192.0.2.1:80");
            told.await("opened tcp 0.0.0.0:8097"::equals);
            guest("sudo iptables -t nat -F PREROUTING");
            told.await("closed tcp 0.0.0.0:8097"::equals);
        }
    }

    @Test
    @Order(5)
    void theGuestReachesTheHostByAListener() throws Exception {
        try (AgentSession session = Channel.connect(directory.resolve("ga.sock"), line -> {})) {
            session.met().toCompletableFuture().get(60, TimeUnit.SECONDS);
            AutoCloseable listening = session.listen(GuestAddress.unix("/tmp/reverse.sock"), stream -> {
                try (stream) {
                    stream.out().write("from the host\n".getBytes(UTF_8));
                    stream.finish();
                }
            });
            assertThat(guest("stat -c %U /tmp/reverse.sock").strip())
                    .isEqualTo(guest("id -un").strip());
            assertThat(
                            guest(
                                    "sudo busybox nc local:/tmp/reverse.sock </dev/null || sudo python3 -c 'import socket;"
                                            + "s=socket.socket(socket.AF_UNIX);s.connect(\"/tmp/reverse.sock\");print(s.recv(99).decode(),end=\"\")'"))
                    .contains("from the host");
            listening.close();
        }
    }

    @Test
    @Order(6)
    void anAgentThatWasKilledComesBack() throws Exception {
        Told told = new Told();
        try (AgentSession session = Channel.connect(directory.resolve("ga.sock"), line -> {})) {
            session.watch(told);
            told.await(word -> word.startsWith("connected"));
            guest("sudo pkill -KILL -x lima-guestagent");
            assertThat(told.await(word -> word.startsWith("connected"))).contains("tcp 0.0.0.0:22");
        }
    }

    @Test
    @Order(7)
    void whatTheGuestFloodsCostsOnlyItsSession() throws Exception {
        try (AgentSession session = Channel.connect(directory.resolve("ga.sock"), line -> {})) {
            session.met().toCompletableFuture().get(60, TimeUnit.SECONDS);
            // Whoever is root in the guest can write what he likes where the agent has left the port.
            guest("sudo systemctl stop lima-guestagent; p=$(grep -lx io.lima-vm.guest_agent.0"
                    + " /sys/class/virtio-ports/*/name | cut -d/ -f5);"
                    + " sudo timeout 5 dd if=/dev/urandom of=/dev/$p bs=64k count=200 2>/dev/null;"
                    + " sudo systemctl start lima-guestagent");
            Told told = new Told();
            session.watch(told);
            assertThat(told.await(word -> word.startsWith("connected"))).contains("tcp 0.0.0.0:22");
        }
        home.good("list");
        assertThat(home.status("a")).isEqualTo("Running");
    }
}
