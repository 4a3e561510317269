// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ObjIntConsumer;
import java.util.stream.Stream;

/**
 * OpenSSH's sftp-server, a process for each session; see sftp-server(8). It serves every file that its user may read:
 * the directory is where it begins, and nothing keeps it there.
 */
public record OpensshServer(Path program, String location, boolean writable, HostEnvironment caller)
        implements SftpServer {
    /** The word of {@code sshfs.sftpDriver}. */
    public static final String WORD = "openssh-sftp-server";

    /** What one request may bring, in bytes: SFTP_MAX_MSG_LENGTH of its sftp-common.h. With less, one may fail for space. */
    private static final int LONGEST_WRITE = 256 * 1024;

    /** Where distributions and Homebrew put it, in the order of Lima. */
    private static final List<String> PLACES = List.of(
            "/opt/homebrew/opt/openssh/libexec/sftp-server",
            "/usr/local/opt/openssh/libexec/sftp-server",
            "/usr/libexec/sftp-server",
            "/usr/libexec/openssh/sftp-server",
            "/usr/lib/sftp-server",
            "/usr/lib/openssh/sftp-server",
            "/usr/lib/ssh/sftp-server");

    /** The program, if this host has it. */
    public static Optional<Path> find(HostEnvironment caller) {
        return Stream.concat(
                        caller.findProgram("sftp-server").stream(),
                        PLACES.stream().map(Path::of))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Override
    public String word() {
        return WORD;
    }

    private List<String> command() {
        // Standard error instead of the host's syslog; a % would be taken for the name of the user or his home.
        List<String> command = new ArrayList<>(List.of(program.toString(), "-e", "-d", location.replace("%", "%%")));
        if (!writable) {
            command.add("-R");
        }
        return command;
    }

    @Override
    public void serve(InputStream in, OutputStream out) throws IOException {
        Process process = caller.apply(new ProcessBuilder(command()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        FullDisk disk = new FullDisk(this::isFull);
        Thread toServer = Thread.ofVirtual().name("sftp-server-input").start(() -> {
            try (OutputStream stdin = process.getOutputStream()) {
                copy(in, stdin, disk::asked);
            } catch (IOException e) {
                // Either end has gone, and the other direction ends by that, too.
                process.destroy();
            }
        });
        try {
            copy(process.getInputStream(), out, disk::answered);
        } finally {
            process.destroyForcibly();
            toServer.interrupt();
        }
    }

    private static void copy(InputStream in, OutputStream out, ObjIntConsumer<byte[]> seen) throws IOException {
        byte[] buffer = new byte[128 * 1024];
        for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
            seen.accept(buffer, got);
            out.write(buffer, 0, got);
            out.flush();
        }
    }

    private boolean isFull() {
        try {
            FileStore disk = Files.getFileStore(Path.of(location));
            return disk.getTotalSpace() > 0 && disk.getUsableSpace() < LONGEST_WRITE;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
