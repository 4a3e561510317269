// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Has a machine stand still and go on, by a second QEMU monitor: the daemon's takes one connection only. */
final class Pause implements AutoCloseable {
    private final SocketChannel channel;
    private final BufferedReader in;

    /** @param instance directory of a machine that was started by {@link #qemu} */
    Pause(Path instance) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(instance.resolve("second.sock")));
        in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        in.readLine();
        execute("qmp_capabilities");
    }

    /** A program to name in QEMU_SYSTEM_X86_64: QEMU, with one monitor more. */
    static Path qemu(Path directory) throws IOException {
        Path program = Files.writeString(directory.resolve("qemu-with-monitor"), """
                #!/bin/sh
                for word; do
                    case $word in *path=*/qmp.sock,*)
                        folder=${word#*path=}
                        set -- "$@" -chardev "socket,id=second,path=${folder%/qmp.sock,*}/second.sock,server=on,wait=off" \\
                            -mon chardev=second,mode=control
                    esac
                done
                exec qemu-system-x86_64 "$@"
                """);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    void stop() throws IOException {
        execute("stop");
    }

    /** @return nanoseconds of {@link System#nanoTime} when the machine was told */
    long goOn() throws IOException {
        long told = System.nanoTime();
        execute("cont");
        return told;
    }

    private void execute(String command) throws IOException {
        channel.write(ByteBuffer.wrap(("{\"execute\":\"" + command + "\"}\n").getBytes(StandardCharsets.UTF_8)));
        String line;
        do {
            line = in.readLine();
            if (line == null || line.startsWith("{\"error\"")) {
                throw new IOException(command + ": " + line);
            }
        } while (!line.startsWith("{\"return\""));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
