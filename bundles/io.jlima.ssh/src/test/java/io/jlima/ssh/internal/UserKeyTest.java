// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnector.HostKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UserKeyTest {
    @TempDir
    Path temporary;

    Path directory;
    final SshdConnector connector = new SshdConnector();

    @BeforeEach
    void directory() {
        directory = temporary.resolve("home/_config");
    }

    @Test
    void isMadeAsSshKeygenWouldMakeIt() throws Exception {
        String line = connector.userKey(directory);

        assertThat(line).startsWith("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5").endsWith(" lima");
        assertThat(directory.resolve("user.pub")).hasContent(line);
        assertThat(keygen("-y", "-f", directory.resolve("user").toString()).strip())
                .isEqualTo(line);
        assertThat(mode(directory)).isEqualTo("rwx------");
        assertThat(mode(directory.resolve("user"))).isEqualTo("rw-------");
        assertThat(mode(directory.resolve("user.pub"))).isEqualTo("rw-r--r--");
        assertThat(names()).containsExactlyInAnyOrder("user", "user.pub");
    }

    @Test
    void isLaidOutAsSshKeygenLaysItOut() throws Exception {
        connector.userKey(directory);
        Path key = directory.resolve("user");
        String ours = Files.readString(key);
        // Changing nothing but the comment to what it is makes ssh-keygen write the whole file anew.
        keygen("-c", "-q", "-C", "lima", "-f", key.toString());
        String theirs = Files.readString(key);

        assertThat(theirs.lines().map(String::length).toList())
                .isEqualTo(ours.lines().map(String::length).toList());
        // What comes before the random check number is the same.
        assertThat(theirs.substring(0, 130)).isEqualTo(ours.substring(0, 130));
    }

    @Test
    void ofLimaIsUsedAsItIs() throws Exception {
        Files.createDirectories(directory);
        Path key = directory.resolve("user");
        keygen("-t", "ed25519", "-q", "-N", "", "-C", "someone@somewhere", "-f", key.toString());
        String privateBefore = Files.readString(key);
        String publicBefore = Files.readString(directory.resolve("user.pub"));

        assertThat(connector.userKey(directory)).isEqualTo(publicBefore.strip()).endsWith(" someone@somewhere");
        assertThat(key).hasContent(privateBefore);
        assertThat(directory.resolve("user.pub")).hasContent(publicBefore);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ed25519", "rsa", "ecdsa"})
    void publicHalfIsDerivedAgain(String type) throws Exception {
        Files.createDirectories(directory);
        Path key = directory.resolve("user");
        keygen("-t", type, "-q", "-N", "", "-C", "lima", "-f", key.toString());
        String before = Files.readString(directory.resolve("user.pub")).strip();
        Files.delete(directory.resolve("user.pub"));

        assertThat(connector.userKey(directory)).isEqualTo(before);
        assertThat(directory.resolve("user.pub")).hasContent(before);
    }

    @Test
    void publicHalfOfAnotherKeyIsReplaced() throws Exception {
        String first = connector.userKey(directory);
        Files.delete(directory.resolve("user"));

        String second = connector.userKey(directory);

        assertThat(second).isNotEqualTo(first);
        assertThat(directory.resolve("user.pub")).hasContent(second);
    }

    @Test
    void openPrivateFileIsClosedAgain() throws Exception {
        connector.userKey(directory);
        Path key = directory.resolve("user");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        connector.userKey(directory);

        assertThat(mode(key)).isEqualTo("rw-------");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----\n",
                "-----BEGIN OPENSSH PRIVATE KEY-----\n!!!!\n-----END OPENSSH PRIVATE KEY-----\n",
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUA\n"
                        + "-----END OPENSSH PRIVATE KEY-----\n"
            })
    void unusableKeyIsNamedAndKept(String text) throws Exception {
        Files.createDirectories(directory);
        Path key = Files.writeString(directory.resolve("user"), text);

        assertThatThrownBy(() -> connector.userKey(directory))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(key.toString())
                .hasMessageContaining("Move it away");
        assertThat(key).hasContent(text);
        assertThat(names()).containsExactly("user");
    }

    @Test
    void manyAtOnceAgreeOnOneKey() throws Exception {
        int count = 16;
        CyclicBarrier start = new CyclicBarrier(count);
        Set<String> lines;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> futures = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                futures.add(threads.submit(() -> {
                    start.await(60, TimeUnit.SECONDS);
                    return new SshdConnector().userKey(directory);
                }));
            }
            lines = new HashSet<>();
            for (Future<String> future : futures) {
                lines.add(future.get(60, TimeUnit.SECONDS));
            }
        }
        assertThat(lines).hasSize(1);
        assertThat(keygen("-y", "-f", directory.resolve("user").toString()).strip())
                .isEqualTo(lines.iterator().next());
        assertThat(names()).containsExactlyInAnyOrder("user", "user.pub");
    }

    @Test
    void hostKeyIsReadableBySshKeygen() throws Exception {
        HostKey key = connector.newHostKey("lima-default");
        Path file = Files.writeString(temporary.resolve("host"), key.privateKey());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        assertThat(key.privateKey()).endsWith("-----END OPENSSH PRIVATE KEY-----\n");
        assertThat(key.publicKey()).endsWith(" lima-default");
        assertThat(keygen("-y", "-f", file.toString()).strip()).isEqualTo(key.publicKey());
        assertThat(connector.newHostKey("lima-default").publicKey()).isNotEqualTo(key.publicKey());
    }

    private List<String> names() throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String mode(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static String keygen(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(Sshd.program("ssh-keygen").toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
