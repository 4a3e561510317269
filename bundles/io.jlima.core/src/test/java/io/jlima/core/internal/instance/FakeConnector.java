// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Guests that greet when {@link #boot} is called. */
final class FakeConnector implements SshConnector {
    private static final String KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
            + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n"
            + "-----END OPENSSH PRIVATE KEY-----\n";

    private final CountDownLatch booted = new CountDownLatch(1);
    final CountDownLatch waiting = new CountDownLatch(1);
    final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
    volatile @Nullable LimaException refusal;
    volatile @Nullable Runnable whileConnecting;

    /** What guests say of the boot scripts that failed, one a line, on connections that are made from now on. */
    volatile String failedSteps = "";

    void boot() {
        booted.countDown();
    }

    @Override
    public String userKey(Path configDirectory) {
        return "ssh-ed25519 AAAAuser jane@host";
    }

    @Override
    public HostKey newHostKey(String comment) {
        return new HostKey(KEY, "ssh-ed25519 AAAAhost " + comment);
    }

    @Override
    public void awaitBanner(String host, int port, Duration timeout) throws InterruptedException {
        waiting.countDown();
        booted.await();
    }

    @Override
    public SshConnection connect(Target target, Duration timeout) {
        LimaException reason = refusal;
        if (reason != null) {
            throw reason;
        }
        String said = failedSteps;
        FakeConnection connection = new FakeConnection(target) {
            @Override
            public Result run(String command, String stdin, Duration timeout) {
                Result result = super.run(command, stdin, timeout);
                return command.contains("/run/lima-boot-failed") ? new Result(0, said, "") : result;
            }
        };
        connections.add(connection);
        Runnable also = whileConnecting;
        if (also != null) {
            also.run();
        }
        return connection;
    }
}
