// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.ssh;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** A connection to a guest, shared by all who talk to it. Thread-safe. */
@ProviderType
public interface SshConnection extends AutoCloseable {
    boolean isOpen();

    /** Completes when the connection has ended, for whatever reason. */
    CompletionStage<Void> closed();

    /**
     * Runs a command to its end.
     *
     * @param command line for the guest user's shell
     * @param stdin what the command reads, in UTF-8
     * @param timeout after which the command is given up
     * @throws IOException when the connection fails or the time is over
     */
    Result run(String command, String stdin, Duration timeout) throws IOException, InterruptedException;

    /**
     * Starts a command whose streams the caller serves.
     *
     * @param terminal null for plain pipes
     * @param variables sent as environment; the guest's sshd may refuse some of them silently
     */
    SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables) throws IOException;

    @Override
    void close();

    /**
     * @param exitCode 255 when the command ended without one, 128 + n when signal n ended it
     */
    record Result(int exitCode, String stdout, String stderr) {}

    /**
     * @param type value of TERM
     * @param columns width in characters
     * @param rows height in lines
     */
    record Terminal(String type, int columns, int rows) {}
}
