// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The agent itself, mostly with sanitizers, as a process of this machine. Its end is checked. */
final class RealAgent {
    private static final Path SANITIZED =
            Path.of("target/sanitized/lima-guestagent").toAbsolutePath();

    private static final Path CROSS_BUILT = Path.of(
                    "target/classes/io/jlima/guestagent/internal/programs/lima-guestagent-aarch64")
            .toAbsolutePath();

    private static final Path EMULATOR = Path.of("/usr/bin/qemu-aarch64-static");

    private final Path folder;
    private final Path errors;
    private final Process process;

    private RealAgent(Path folder, List<Path> program, List<String> arguments) throws IOException {
        Assumptions.assumeTrue(program.stream().allMatch(Files::isExecutable), "nothing to build or to run it here");
        this.folder = folder;
        this.errors = Files.createTempFile(folder, "agent", ".err");
        Files.createDirectories(marks());
        List<String> command =
                new ArrayList<>(program.stream().map(Path::toString).toList());
        command.addAll(List.of("--keep-clock", "--touch-anywhere", "--run", marks().toString()));
        command.add("--owner");
        command.add(Files.getAttribute(folder, "unix:uid") + ":" + Files.getAttribute(folder, "unix:gid"));
        command.addAll(arguments);
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    }

    /** The program. */
    static Path program() {
        Assumptions.assumeTrue(Files.isExecutable(SANITIZED), "nothing to build it here");
        return SANITIZED;
    }

    /** One that serves a socket in the folder. */
    static RealAgent serving(Path folder) throws IOException {
        return serving(folder, List.of(SANITIZED));
    }

    /** One for guests of another architecture, which an emulator runs here. */
    static RealAgent emulated(Path folder) throws IOException {
        return serving(folder, List.of(EMULATOR, CROSS_BUILT));
    }

    private static RealAgent serving(Path folder, List<Path> program) throws IOException {
        return new RealAgent(folder, program, List.of("--socket", socket(folder).toString()));
    }

    /** One whose channel is a pipe to whoever listens at the socket. */
    static RealAgent on(Path folder, Path channel) throws IOException {
        return new RealAgent(folder, List.of(SANITIZED), List.of("--channel", channel.toString()));
    }

    static Path socket(Path folder) {
        return folder.resolve("agent.sock");
    }

    static GuestSession.Connector connector(Path socket) {
        return () -> connect(socket);
    }

    static ByteChannel connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Where it looks for the marks of the boot. */
    Path marks() {
        return folder.resolve("run");
    }

    /** Kilobytes of its memory. */
    long residentKiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("the agent is gone");
    }

    /** How many descriptors it has. */
    long descriptors() throws IOException {
        try (var list = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            return list.count();
        }
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends it and checks how it ended. */
    void close() throws IOException, InterruptedException {
        boolean ended = process.isAlive();
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        String words = Files.readString(errors);
        assertThat(words).doesNotContain("Sanitizer", "runtime error");
        if (ended) {
            assertThat(process.exitValue()).as(words).isZero();
        }
    }
}
