// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestSignalTest {
    @TempDir
    Path directory;

    @Test
    void anyByteIsTheSignal() throws Exception {
        InstanceFolder folder = new InstanceFolder("x", directory);
        try (ServerSocketChannel port = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            port.bind(UnixDomainSocketAddress.of(GuestSignal.port(folder).socket()));
            try (GuestSignal signal = GuestSignal.listen(folder);
                    SocketChannel machine = port.accept()) {
                var up = signal.sshIsUp().toCompletableFuture();
                assertThat(up).isNotDone();
                machine.write(ByteBuffer.wrap(new byte[] {'\n'}));
                up.get(60, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void aMachineThatEndsOrHasNoPortSaysNothing() throws Exception {
        InstanceFolder folder = new InstanceFolder("x", directory);
        try (GuestSignal none = GuestSignal.listen(folder);
                ServerSocketChannel port = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            assertThat(none.sshIsUp().toCompletableFuture()).isNotDone();
            port.bind(UnixDomainSocketAddress.of(GuestSignal.port(folder).socket()));
            try (GuestSignal signal = GuestSignal.listen(folder)) {
                port.accept().close();
                assertThat(signal.sshIsUp().toCompletableFuture()).isNotDone();
            }
        }
    }
}
