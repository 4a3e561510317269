// SPDX-License-Identifier: Apache-2.0
package io.jlima.testing;

import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshProcess;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A connection to a guest that is open until it is closed, and on which each command succeeds at once. */
public class BareConnection implements SshConnection {
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    @Override
    public boolean isOpen() {
        return !closed.isDone();
    }

    @Override
    public CompletionStage<Void> closed() {
        return closed;
    }

    @Override
    public Result run(String command, String stdin, Duration timeout) {
        return new Result(0, "", "");
    }

    @Override
    public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables) {
        throw new UnsupportedOperationException(command);
    }

    @Override
    public void close() {
        closed.complete(null);
    }
}
