// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.ssh;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** Makes keys and connections. Thread-safe. */
@ProviderType
public interface SshConnector {
    /**
     * The user's key pair {@code user} and {@code user.pub} in the directory, made if it is missing: Ed25519, no pass
     * phrase, private file 0600, directory 0700.
     *
     * @return the public key as one line in the format of authorized_keys
     */
    String userKey(Path configDirectory) throws IOException;

    /** A fresh Ed25519 key pair for a guest's sshd. */
    HostKey newHostKey(String comment) throws IOException;

    /**
     * Waits until an sshd of SSH protocol 2 greets on the port, in short tries, and nothing more.
     *
     * <p>QEMU's user-mode network takes a connection at once and retries the guest only after 6.5 s, so each try ends
     * after a second without a greeting and the next one begins while it waits.
     *
     * @throws LimaException when the time is over
     */
    void awaitBanner(String host, int port, Duration timeout) throws InterruptedException;

    /**
     * The same, with words from elsewhere: each try costs a guest that is not up yet a connection later, so they are
     * sparse until a hint completes, and close together for a while after it.
     *
     * @param hints each completes when an sshd is likely to be there soon; it may never do so
     * @throws LimaException when the time is over
     */
    default void awaitBanner(String host, int port, Duration timeout, List<? extends CompletionStage<?>> hints)
            throws InterruptedException {
        awaitBanner(host, port, timeout);
    }

    /**
     * Connects and logs in.
     *
     * @throws LimaException when the other end does not answer, is not the one expected, or refuses the key
     */
    SshConnection connect(Target target, Duration timeout) throws InterruptedException;

    /**
     * @param privateKey in OpenSSH's format, with its final newline
     * @param publicKey one line: type, key, comment
     */
    record HostKey(String privateKey, String publicKey) {}

    /**
     * @param hostPublicKey the only key accepted from the other end; type and base64 text, as in known_hosts
     * @param identities private key files to log in with
     */
    record Target(String host, int port, String user, String hostPublicKey, List<Path> identities) {}
}
