// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.Guest;
import io.jlima.api.ssh.SshConnection;
import io.jlima.testing.BareConnection;
import java.lang.reflect.Proxy;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class SshReverseTest {
    private static final long LONG_SECONDS = 60;

    private final BlockingQueue<SshConnection> connections = new LinkedBlockingQueue<>();

    /** A guest of which only its connections are asked for, one after the other. */
    private final Guest guest = (Guest) Proxy.newProxyInstance(
            Guest.class.getClassLoader(), new Class<?>[] {Guest.class}, (proxy, method, arguments) -> {
                assertThat(method.getName()).isEqualTo("connection");
                return connections.take();
            });

    private static final class Connection extends BareConnection {
        final CountDownLatch given = new CountDownLatch(1);
        final Runnable whileListening;

        Connection(Runnable whileListening) {
            this.whileListening = whileListening;
        }

        @Override
        public AutoCloseable listenUnix(String path, Acceptor acceptor) {
            whileListening.run();
            return given::countDown;
        }
    }

    @Test
    void whatIsMadeAgainWhileItIsClosedIsGivenUpToo() throws Exception {
        CompletableFuture<SshReverse> reverse = new CompletableFuture<>();
        Connection first = new Connection(() -> {});
        Connection second = new Connection(() -> reverse.join().close());
        connections.add(first);
        connections.add(second);
        reverse.complete(SshReverse.open(guest, "/run/guest.sock", "/run/host.sock", new Relays()));
        first.close();
        assertThat(second.given.await(LONG_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(first.given.getCount()).isZero();
    }
}
