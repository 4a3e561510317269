// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The guest {@code p}, whose ports are forwarded by the rules of {@link PortTable}, and its servers. */
final class PortsGuest {
    static final long BOOT = 540;

    /** Variable that names another agent to take, such as one that was built with sanitizers for the guest. */
    static final String AGENT = "JLIMA_ITEST_AGENT";

    private static final Pattern ENTRY = Pattern.compile("\"protocol\":\"(\\w+)\",\"guest\":\"([^\"]*):(\\d+)\","
            + ".*\"state\":\"(\\w+)\",\"host\":(null|\"[^\"]*\"),.*\"transport\":(null|\"\\w+\")");

    final Home home = Home.create();
    final Path sockets = home.path.resolve("sockets");
    final Path shared = home.path.resolve("shared");
    final Path resolvConf = home.path.resolve("resolv.conf");

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
    String certificate() throws Exception {
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

    /** Boots it, and has its servers listen. */
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
    void asTheHostDoes() throws IOException {
        Path host = Path.of("/etc/resolv.conf");
        Files.writeString(resolvConf, Files.exists(host) ? Files.readString(host) : "");
    }

    void serve(String instance) {
        home.limactlFed(GuestServers.program(), "shell", instance, "sh", "-c", "cat >/tmp/servers.pl");
        home.good(
                "shell",
                instance,
                "sh",
                "-c",
                "setsid perl /tmp/servers.pl >/tmp/servers.log 2>&1 </dev/null & for i in $(seq 400); do"
                        + " test -e /tmp/servers-ready && exit 0; sleep 0.1; done; cat /tmp/servers.log; exit 1");
    }

    /** State, host and transport of each guest port, as {@code limactl port list} has them. */
    Map<Integer, String> list() {
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
}
