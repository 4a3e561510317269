// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.Yaml;

class HostAgentTest {
    @TempDir
    Path home;

    private InstanceFolder folder;
    private HostAgent agent;

    @BeforeEach
    void open() throws Exception {
        folder = new InstanceFolder("x", Files.createDirectory(home.resolve("x")));
        Files.writeString(folder.file("ha.stdout.log"), "of the last start\n");
        // Left by a daemon that was killed.
        Files.writeString(folder.file("ha.sock"), "");
        agent = HostAgent.open(folder, 60022, true);
    }

    @AfterEach
    void close() {
        agent.close();
    }

    private String ask(String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(folder.file("ha.sock")));
            ByteBuffer out = StandardCharsets.US_ASCII.encode(request);
            while (out.hasRemaining()) {
                channel.write(out);
            }
            channel.shutdownOutput();
            ByteBuffer in = ByteBuffer.allocate(4096);
            while (channel.read(in) >= 0) {}
            return new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void answersWithTheSshPort() throws Exception {
        assertThat(ask("GET /v1/info HTTP/1.1\r\nHost: lima\r\n\r\n"))
                .isEqualTo("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n"
                        + "Connection: close\r\n\r\n{\"sshLocalPort\":60022}");
        assertThat(Files.readString(folder.file("ha.pid")).strip())
                .isEqualTo(Long.toString(ProcessHandle.current().pid()));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.file("ha.sock"))))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @CsvSource({
        "'GET /v2 HTTP/1.1\r\n\r\n', 404",
        "'POST /v1/info HTTP/1.1\r\n\r\n', 405",
        "'\r\n\r\n', 400",
        "'nonsense\r\n\r\n', 400",
        "'GET /v1/info HTTP/1.1\r\n', 400"
    })
    void refusesOthers(String request, String status) throws Exception {
        assertThat(ask(request)).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void outlivesHostileClients() throws Exception {
        assertThat(ask("A".repeat(8192))).startsWith("HTTP/1.1 400 ");
        assertThat(ask("")).startsWith("HTTP/1.1 400 ");
        try (SocketChannel silent = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.connect(UnixDomainSocketAddress.of(folder.file("ha.sock")));
            assertThat(ask("GET /v1/info HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200 ");
        }
    }

    private static Map<String, Object> parse(String line) {
        // JSON is YAML.
        return new Yaml().load(line);
    }

    @Test
    void eventsAreLinesOfJson() throws Exception {
        agent.event(false, false, List.of());
        agent.event(true, false, List.of("it \"says\" \\ \n\u0001", "two"));
        agent.event(false, true, List.of());
        List<String> lines = Files.readAllLines(folder.file("ha.stdout.log"));
        assertThat(lines).hasSize(3).allSatisfy(l -> assertThat(l).startsWith("{\"time\":\"20"));
        assertThat(parse(lines.get(0))).containsEntry("status", Map.of("sshLocalPort", 60022));
        assertThat(parse(lines.get(1)))
                .containsEntry(
                        "status",
                        Map.of(
                                "sshLocalPort",
                                60022,
                                "running",
                                true,
                                "degraded",
                                true,
                                "errors",
                                List.of("it \"says\" \\ \n\u0001", "two")));
        assertThat(parse(lines.get(2))).containsEntry("status", Map.of("sshLocalPort", 60022, "exiting", true));
        agent.log("error", "a \"b\"");
        assertThat(parse(Files.readString(folder.file("ha.stderr.log"))))
                .containsEntry("level", "error")
                .containsEntry("msg", "a \"b\"");
    }

    @Test
    void releaseLeavesTheFilesForTheNextDaemon() throws Exception {
        agent.event(false, false, List.of());
        agent.release();
        assertThat(folder.file("ha.pid")).exists();
        assertThatThrownBy(() -> ask("GET /v1/info HTTP/1.0\r\n\r\n")).isInstanceOf(IOException.class);
        agent = HostAgent.open(folder, 60023, false);
        assertThat(ask("GET /v1/info HTTP/1.0\r\n\r\n")).endsWith("{\"sshLocalPort\":60023}");
        assertThat(Files.readAllLines(folder.file("ha.stdout.log"))).hasSize(1);
        agent.close();
        assertThat(folder.file("ha.pid")).doesNotExist();
        assertThat(folder.file("ha.sock")).doesNotExist();
        assertThat(folder.file("ha.stdout.log")).exists();
    }

    @Test
    void leavesNoTraceWhenItCannotBe() throws Exception {
        Path deep = Files.createDirectories(home.resolve("d".repeat(120)));
        InstanceFolder unfit = new InstanceFolder("y", deep);
        assertThatThrownBy(() -> HostAgent.open(unfit, 1, false)).isInstanceOf(IOException.class);
        assertThat(unfit.file("ha.pid")).doesNotExist();
        assertThat(unfit.file("ha.sock")).doesNotExist();
    }
}
