// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A caller, which is a process that does nothing with its streams, and both ends of the connection to its client. */
@Timeout(60)
abstract class WithCaller {
    @TempDir
    Path folder;

    Process caller;
    Frames daemon;
    Frames client;
    SocketChannel daemonEnd;
    SocketChannel clientEnd;

    @BeforeEach
    void open() throws IOException {
        caller = new ProcessBuilder("sleep", "1000").start();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            clientEnd = SocketChannel.open(address);
            daemonEnd = server.accept();
        }
        daemon = new Frames(daemonEnd);
        client = new Frames(clientEnd);
    }

    @AfterEach
    void close() throws Exception {
        daemonEnd.close();
        clientEnd.close();
        caller.destroyForcibly().waitFor();
    }

    CallerPipe pipe(int stream) throws IOException {
        Path path = Path.of("/proc/" + caller.pid() + "/fd/" + stream);
        return new CallerPipe(caller.pid(), stream, (Long) Files.getAttribute(path, "unix:dev"), (Long)
                Files.getAttribute(path, "unix:ino"));
    }

    /** How many descriptors this process has of the pipe. */
    static long open(CallerPipe pipe) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(d -> isOf(pipe, d)).count();
        }
    }

    static boolean isOf(CallerPipe pipe, Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("pipe:[" + pipe.inode() + "]");
        } catch (IOException e) {
            return false;
        }
    }

    static void print(OutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
