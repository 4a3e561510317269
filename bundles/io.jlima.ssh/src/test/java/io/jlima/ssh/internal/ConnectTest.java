// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector.HostKey;
import io.jlima.api.ssh.SshConnector.Target;
import io.jlima.testing.ReservedPort;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
final class ConnectTest {
    private static final Duration TIME = Duration.ofSeconds(60);

    @TempDir
    Path temporary;

    private final SshdConnector connector = new SshdConnector();
    private Path identity;
    private String userKey;

    @BeforeEach
    void keys() throws Exception {
        userKey = connector.userKey(temporary.resolve("config"));
        identity = temporary.resolve("config/user");
    }

    @AfterEach
    void stop() {
        connector.stop();
    }

    private Sshd sshd(HostKey hostKey) throws Exception {
        return Sshd.start(temporary, hostKey, userKey);
    }

    @Test
    void logsInToARealSshd() throws Exception {
        try (Sshd sshd = sshd(connector.newHostKey("guest"));
                SshConnection connection = connector.connect(sshd.target(identity), TIME)) {
            assertThat(connection.isOpen()).isTrue();
            assertThat(connection.run("id -un", "", TIME).stdout().strip()).isEqualTo(Sshd.USER);
            assertThat(sshd.log()).contains("Accepted publickey for " + Sshd.USER);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa", "ecdsa"})
    void knowsHostAndUserKeysOfOtherTypes(String type) throws Exception {
        Path file = temporary.resolve("key");
        Process keygen = new ProcessBuilder(
                        Sshd.program("ssh-keygen").toString(),
                        "-q",
                        "-t",
                        type,
                        "-N",
                        "",
                        "-C",
                        "x",
                        "-f",
                        file.toString())
                .start();
        assertThat(keygen.waitFor()).isZero();
        String line = Files.readString(Path.of(file + ".pub")).strip();
        userKey = line;
        try (Sshd sshd = sshd(new HostKey(Files.readString(file), line));
                SshConnection connection = connector.connect(sshd.target(file), TIME)) {
            assertThat(connection.run("exit 3", "", TIME).exitCode()).isEqualTo(3);
        }
    }

    @Test
    void foreignServerIsRefusedWithBothFingerprints() throws Exception {
        HostKey guest = connector.newHostKey("guest");
        try (Sshd sshd = sshd(connector.newHostKey("foreign"))) {
            Target target = new Target(Sshd.HOST, sshd.port(), Sshd.USER, guest.publicKey(), List.of(identity));
            assertThatThrownBy(() -> connector.connect(target, TIME))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("A foreign ssh server answers on 127.0.0.1:" + sshd.port())
                    .hasMessageContaining(fingerprint(sshd.hostPublicKey()))
                    .hasMessageContaining(fingerprint(guest.publicKey()))
                    .hasMessageContaining("ssh.localPort");
            assertThat(sshd.log()).doesNotContain("Accepted");
        }
    }

    @Test
    void foreignServerWithAnotherTypeOfKeyIsRefusedAlike() throws Exception {
        Path file = temporary.resolve("ecdsa");
        assertThat(new ProcessBuilder(
                                Sshd.program("ssh-keygen").toString(),
                                "-q",
                                "-t",
                                "ecdsa",
                                "-N",
                                "",
                                "-f",
                                file.toString())
                        .start()
                        .waitFor())
                .isZero();
        String foreign = Files.readString(Path.of(file + ".pub")).strip();
        HostKey guest = connector.newHostKey("guest");
        try (Sshd sshd = sshd(new HostKey(Files.readString(file), foreign))) {
            Target target = new Target(Sshd.HOST, sshd.port(), Sshd.USER, guest.publicKey(), List.of(identity));
            assertThatThrownBy(() -> connector.connect(target, TIME))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("A foreign ssh server")
                    .hasMessageContaining(fingerprint(foreign));
        }
    }

    @Test
    void refusedUserKeyIsNamed() throws Exception {
        connector.userKey(temporary.resolve("other"));
        try (Sshd sshd = sshd(connector.newHostKey("guest"))) {
            Path other = temporary.resolve("other/user");
            assertThatThrownBy(() -> connector.connect(sshd.target(other), TIME))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("refuses to let " + Sshd.USER + " in with our key")
                    .hasMessageContaining(other.toString());
        }
    }

    @Test
    void secondIdentityIsTried() throws Exception {
        connector.userKey(temporary.resolve("other"));
        Path other = temporary.resolve("other/user");
        Path missing = temporary.resolve("missing");
        try (Sshd sshd = sshd(connector.newHostKey("guest"))) {
            Target target = new Target(
                    Sshd.HOST, sshd.port(), Sshd.USER, sshd.hostPublicKey(), List.of(missing, other, identity));
            try (SshConnection connection = connector.connect(target, TIME)) {
                assertThat(connection.isOpen()).isTrue();
            }
        }
    }

    @Test
    void withoutAnyReadableIdentityNothingIsTried() {
        Path missing = temporary.resolve("missing");
        String hostKey = connector.newHostKey("x").publicKey();
        assertThatThrownBy(
                        () -> connector.connect(new Target(Sshd.HOST, 1, Sshd.USER, hostKey, List.of(missing)), TIME))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(missing + ": no such file");
    }

    @Test
    void badHostKeyIsShown() {
        assertThatThrownBy(() -> connector.connect(
                        new Target(Sshd.HOST, 1, Sshd.USER, "ssh-ed25519 AAAA", List.of(identity)), TIME))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no public key: ssh-ed25519 AAAA");
    }

    @Test
    void nobodyThere() throws Exception {
        String hostKey = connector.newHostKey("x").publicKey();
        try (ReservedPort port = new ReservedPort()) {
            Target target = new Target(Sshd.HOST, port.number(), Sshd.USER, hostKey, List.of(identity));
            assertThatThrownBy(() -> connector.connect(target, TIME))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("Nothing answers on 127.0.0.1:" + port.number());
        }
    }

    @Test
    void silentServerIsGivenUpInTimeAndOnInterrupt() throws Exception {
        String hostKey = connector.newHostKey("x").publicKey();
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getByName(Sshd.HOST))) {
            Target target = new Target(Sshd.HOST, silent.getLocalPort(), Sshd.USER, hostKey, List.of(identity));
            assertThatThrownBy(() -> connector.connect(target, Duration.ofSeconds(2)))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("did not let us in within 2 s")
                    .hasMessageContaining("The connection was taken");

            CompletableFuture<Throwable> result = new CompletableFuture<>();
            Thread waiter = Thread.ofVirtual().start(() -> {
                try {
                    connector.connect(target, TIME);
                } catch (InterruptedException | RuntimeException e) {
                    result.complete(e);
                }
            });
            Eventually.holds("the login waits", TIME, () -> waiter.getState() == Thread.State.TIMED_WAITING);
            waiter.interrupt();
            assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    void stoppingTheServiceEndsConnectionsAndThreads() throws Exception {
        try (Sshd sshd = sshd(connector.newHostKey("guest"))) {
            SshConnection connection = connector.connect(sshd.target(identity), TIME);
            assertThat(sshdThreads()).isPositive();

            connector.stop();

            connection.closed().toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(connection.isOpen()).isFalse();
            Eventually.holds("SSHD's threads end", TIME, () -> sshdThreads() == 0);
            assertThatThrownBy(() -> connector.connect(sshd.target(identity), TIME))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    private static long sshdThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("sshd-"))
                .count();
    }

    private String fingerprint(String publicKey) throws Exception {
        Path file = Files.writeString(temporary.resolve("shown.pub"), publicKey + "\n");
        Process process =
                new ProcessBuilder(Sshd.program("ssh-keygen").toString(), "-l", "-f", file.toString()).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).isZero();
        assertThat(output).contains(" SHA256:");
        return output.split(" ")[1];
    }
}
