// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.ssh;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;
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

    /**
     * A stream to a TCP port as seen from the guest, RFC 4254 section 7.2.
     *
     * @param host name or address, for example {@code 127.0.0.1} for the guest itself
     * @throws java.net.ConnectException when nobody takes the connection there
     * @throws IOException when the connection fails, or the guest's sshd allows no forwarding
     */
    default SshStream openTcp(String host, int port) throws IOException {
        throw new IOException("This connection carries no streams");
    }

    /**
     * A stream to a unix socket of the guest ({@code direct-streamlocal@openssh.com} in OpenSSH's PROTOCOL).
     *
     * @throws java.net.ConnectException when nobody takes the connection there
     * @throws IOException when the connection fails, or the guest's sshd allows no forwarding
     */
    default SshStream openUnix(String path) throws IOException {
        throw new IOException("This connection carries no streams");
    }

    /**
     * Has the guest's sshd listen at a unix socket until the handle or this connection is closed. There must be no
     * file of that name.
     *
     * @param acceptor called with each connection, on a thread of its own, which may block
     * @throws IOException when it cannot listen there
     */
    default AutoCloseable listenUnix(String path, Acceptor acceptor) throws IOException {
        throw new IOException("This connection carries no streams");
    }

    @Override
    void close();

    /** Takes connections that were made in the guest. */
    @FunctionalInterface
    @ConsumerType
    interface Acceptor {
        void accept(SshStream stream);
    }

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
