// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshConnector.HostKey;
import io.jlima.api.ssh.SshConnector.Target;
import io.jlima.testing.ReservedPort;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real sshd of OpenSSH on a loopback port, that lets the current user in with one key. */
final class Sshd implements AutoCloseable {
    static final String HOST = "127.0.0.1";
    static final String USER = System.getProperty("user.name");

    private final Process process;
    private final ReservedPort port;
    private final String hostPublicKey;
    private final StringBuffer log = new StringBuffer();
    private final CountDownLatch listening = new CountDownLatch(1);

    private Sshd(Path directory, ReservedPort reserved, HostKey hostKey, String userPublicKey, String more)
            throws Exception {
        this.port = reserved;
        int port = reserved.number();
        this.hostPublicKey = hostKey.publicKey();
        Path key = Files.createFile(
                directory.resolve("host-" + port),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, hostKey.privateKey());
        Path authorized = Files.writeString(directory.resolve("authorized-" + port), userPublicKey + "\n");
        // Bash reads ~/.bashrc under sshd; what somebody keeps there must not matter.
        Path home = Files.createDirectories(directory.resolve("home-" + port));
        Path config = directory.resolve("sshd_config-" + port);
        Files.writeString(config, """
                ListenAddress %s:%d
                HostKey %s
                AuthorizedKeysFile %s
                UsePAM no
                StrictModes no
                PidFile none
                PasswordAuthentication no
                PermitRootLogin yes
                PrintMotd no
                PrintLastLog no
                AcceptEnv JLIMA_*
                SetEnv HOME=%s
                LogLevel VERBOSE
                %s
                """.formatted(HOST, port, key, authorized, home, more));
        if (USER.equals("root")) {
            // Where sshd, run by root, locks up its half that talks to strangers.
            Files.createDirectories(Path.of("/run/sshd"));
        }
        process = new ProcessBuilder(program("sshd").toString(), "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .start();
        Thread.ofVirtual().start(this::follow);
        if (!listening.await(60, TimeUnit.SECONDS) || !process.isAlive()) {
            close();
            throw new IllegalStateException("sshd does not start:\n" + log);
        }
    }

    /** Starts one and returns when it listens. */
    static Sshd start(Path directory, HostKey hostKey, String userPublicKey) throws Exception {
        return start(directory, new ReservedPort(), hostKey, userPublicKey);
    }

    /** Starts one at this port, which is its own from now on. */
    static Sshd start(Path directory, ReservedPort port, HostKey hostKey, String userPublicKey) throws Exception {
        return new Sshd(directory, port, hostKey, userPublicKey, "");
    }

    /** Starts one with a line more in its configuration. */
    static Sshd start(Path directory, HostKey hostKey, String userPublicKey, String more) throws Exception {
        return new Sshd(directory, new ReservedPort(), hostKey, userPublicKey, more);
    }

    /** A program of OpenSSH; without it these tests say nothing, so its absence is a failure. */
    static Path program(String name) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin")
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("These tests need " + name
                        + " of OpenSSH (on Debian: apt install openssh-server openssh-client)"));
    }

    int port() {
        return port.number();
    }

    String hostPublicKey() {
        return hostPublicKey;
    }

    Target target(Path identity) {
        return new Target(HOST, port(), USER, hostPublicKey, List.of(identity));
    }

    String log() {
        return log.toString();
    }

    void clearLog() {
        log.setLength(0);
    }

    /** Cuts all connections at the server's end, without a word. */
    void killConnections() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
    }

    private void follow() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line; (line = lines.readLine()) != null; ) {
                log.append(line).append('\n');
                if (line.startsWith("Server listening")) {
                    listening.countDown();
                }
            }
        } catch (IOException e) {
            // Ended, and its output with it.
        } finally {
            listening.countDown();
        }
    }

    @Override
    public void close() throws IOException {
        port.close();
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
