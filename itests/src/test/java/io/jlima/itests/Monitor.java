// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

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

/** A second QEMU monitor of a machine, beside the daemon's, which takes one connection only. */
final class Monitor implements AutoCloseable {
    private static final String SOCKET = "second.sock";

    private final SocketChannel channel;
    private final BufferedReader in;

    /** Opens the monitor of an instance that was started by {@link #qemu}. */
    Monitor(Path instance) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(instance.resolve(SOCKET)));
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
                        set -- "$@" -chardev "socket,id=second,path=${folder%%/qmp.sock,*}/%s,server=on,wait=off" \\
                            -mon chardev=second,mode=control
                    esac
                done
                exec qemu-system-x86_64 "$@"
                """.formatted(SOCKET));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }

    /** Runs a QMP command without arguments, and passes over events until it has been done. */
    void execute(String command) throws IOException {
        channel.write(ByteBuffer.wrap(("{\"execute\":\"" + command + "\"}\n").getBytes(StandardCharsets.UTF_8)));
        String line = in.readLine();
        while (line != null && !line.startsWith("{\"return\"")) {
            if (line.startsWith("{\"error\"")) {
                throw new IOException(command + ": " + line);
            }
            line = in.readLine();
        }
        if (line == null) {
            throw new IOException(command + ": the monitor was closed");
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
