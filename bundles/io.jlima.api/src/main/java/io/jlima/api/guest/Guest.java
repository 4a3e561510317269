// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.machine.Machine;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** A guest whose machine runs, as services and drivers see it. Of no use once the machine has ended. Thread-safe. */
@ProviderType
public interface Guest {
    /** Name of the instance. */
    String name();

    /** Directory of the instance. */
    Path directory();

    InstanceConfig config();

    /** Port on the host's 127.0.0.1 that leads to the guest's sshd. */
    int sshPort();

    /** Whose variables, directory and umask helper processes get: the one who started it, or the daemon's own. */
    HostEnvironment caller();

    /** The machine; it may offer optional halves by {@link Machine#as}. */
    Machine machine();

    /** Completes when the guest lets its user in; never, when the machine ends before that. */
    CompletionStage<Void> up();

    /**
     * The kept connection, made anew when it was lost. Blocks for as long as that takes.
     *
     * @throws LimaException when the machine has ended, or its guest does not answer
     */
    SshConnection connection() throws InterruptedException;

    /**
     * A connection for the caller alone, who closes it: what keeps many channels open must not use up those of the kept
     * one. Blocks for as long as a log-in takes.
     *
     * @throws LimaException when the machine has ended, or its guest does not answer
     */
    SshConnection ownConnection() throws InterruptedException;

    /** Of the first interface; empty when its network does not know them. */
    Optional<Addresses> addresses();

    /** The agent in the guest; empty in plain mode, without an agent's bundle, and for guests made without one. */
    Optional<AgentSession> agent();

    /**
     * The directories that it is shown now. {@link Attachment#mountsChanged} tells that there are others, if not each
     * time, then after the last change.
     */
    default List<SharedMount> shared() {
        return List.of();
    }

    /**
     * Says what is wrong with the guest although it runs, or that all is well again. Shown by {@code limactl list} and
     * in {@code ha.stdout.log}.
     *
     * @param source who says it; each source has one trouble at a time
     * @param words one line, null when all is well
     */
    void trouble(String source, @Nullable String words);

    /** A line for people in the instance's log, {@code ha.stderr.log}. */
    void log(String message);

    /**
     * An event for {@code ha.stdout.log}, with the members that readers of Lima's event log know.
     *
     * @param member name of the member of {@code status}, for example {@code portForward}
     * @param json its value, a JSON object in one line
     */
    void event(String member, String json);

    /** What a service wants told at the next READY and by {@code limactl list}: {@link #trouble} of all sources. */
    List<String> troubles();
}
