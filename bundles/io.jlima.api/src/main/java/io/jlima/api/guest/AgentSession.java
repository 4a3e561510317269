// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The agent in one guest. It connects again by itself, as often as it takes, until it is closed. Thread-safe.
 */
@ConsumerType
public interface AgentSession extends AutoCloseable {
    /** Completes when the agent has answered for the first time. */
    CompletionStage<Void> met();

    /** Whether the agent can be asked right now. */
    boolean isConnected();

    /** Tells the listener of all that is known now, and then of each change, in order, from one thread at a time. */
    AutoCloseable watch(Listener listener);

    /**
     * A stream to a socket in the guest. Half-closes pass in both directions.
     *
     * @throws IOException when the agent is not there or the guest refuses; the message has the guest's reason
     */
    GuestStream open(GuestAddress target) throws IOException;

    /**
     * Has the guest listen, until the handle is closed. Kept over reconnects: the agent is asked again. While there is
     * no agent the wish is noted, and a refusal then goes to the instance's log.
     *
     * @param address for {@link GuestAddress.Protocol#UDP}, each peer in the guest is a connection of its own, which
     *     ends when it was silent for 90 seconds
     * @param acceptor called with each connection made in the guest, on a thread of its own, which may block
     * @throws IOException when the guest cannot listen there
     */
    AutoCloseable listen(GuestAddress address, Acceptor acceptor) throws IOException;

    /** Sets the guest's clock, if it is off by more than 100 ms. */
    void setClock(Instant now) throws IOException;

    /** Has the guest's watchers see changes that were made on the host. */
    void touched(List<FileEvent> events) throws IOException;

    /** Something has happened to the guest's machine; must not block. */
    default void happened(Machine.Event event) {}

    @Override
    void close();

    /** Is told of the guest; must not block for long. */
    @ConsumerType
    interface Listener {
        /** The agent is there: these are all sockets that wait for peers now. Follows each reconnect. */
        default void connected(List<GuestAddress> listening) {}

        /** A socket waits for peers now. */
        default void opened(GuestAddress address) {}

        /** No socket waits there any more. */
        default void closed(GuestAddress address) {}

        /** The guest has got to a stage of its boot, for example {@code boot-done}. */
        default void stage(String word) {}

        /** The agent cannot be reached for now. */
        default void disconnected() {}
    }

    /** Takes connections that were made in the guest. */
    @FunctionalInterface
    @ConsumerType
    interface Acceptor {
        void accept(GuestStream stream) throws IOException;
    }

    /**
     * What watchers of a file in the guest are to be shown.
     *
     * @param mountPoint absolute path of a mount in the guest; nothing is done where nothing is mounted
     * @param path of the file or directory below it, without a slash at either end; empty for the mounted directory
     * @param time when the file was last modified, which it is told once more; or a sign
     * @param sign whether the time is one that the mount's server takes for a sign: it changes nothing then, and the
     *     mount may be read-only
     */
    record FileEvent(String mountPoint, String path, Change change, Instant time, boolean sign) {}

    /** What is shown. */
    enum Change {
        /** {@code IN_MODIFY}, and {@code IN_CLOSE_WRITE} where the guest may write to it. */
        CONTENT,
        /** {@code IN_ATTRIB}. */
        ATTRIBUTES
    }
}
