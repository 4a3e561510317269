// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.machine.Snapshots;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * All instances of this LIMA_HOME. Thread-safe; long calls can be given up by interrupting the thread, which cancels
 * the caller's own wish and nothing else.
 */
@ProviderType
public interface Instances {
    /** LIMA_HOME. */
    Path home();

    /** Where templates are looked for by this caller, first hit wins. */
    List<Path> templateDirectories(HostEnvironment caller);

    /** Every instance, by name. */
    List<Instance> list();

    /** One instance; empty when there is none of this name. */
    Optional<Instance> find(String name);

    /**
     * Makes an instance: directory, configuration, image and disk. Nothing is left behind on failure.
     *
     * @param yaml text of its lima.yaml
     * @param source where the text comes from, for messages
     */
    Instance create(String name, String yaml, String source, HostEnvironment caller, Progress progress);

    /**
     * The configuration that a text would make, for an instance that is nowhere: its directory is LIMA_HOME itself.
     * Makes nothing, and asks no driver.
     *
     * @param source where the text comes from, for messages
     * @throws LimaException with every problem found
     */
    Resolved check(String yaml, String source, HostEnvironment caller);

    /**
     * Replaces the lima.yaml of an instance that does not run. It is checked first, by its drivers too.
     *
     * @param yaml the new text
     * @throws LimaException when the text is refused or the instance runs; then everything is as it was
     */
    void configure(String name, String yaml, HostEnvironment caller, Progress progress);

    /**
     * Starts an instance, or joins a start under way, and returns when it is ready.
     *
     * @param timeout how long to wait; the start goes on after that
     * @throws LimaException when it does not get ready; the message says what is left running
     */
    void start(String name, Duration timeout, HostEnvironment caller, Progress progress) throws InterruptedException;

    /**
     * Stops an instance and returns when its machine is gone.
     *
     * @param force without asking the guest
     */
    void stop(String name, boolean force, Progress progress) throws InterruptedException;

    /**
     * Removes an instance.
     *
     * @param force even if it runs
     * @return false when there was none
     */
    boolean delete(String name, boolean force, Progress progress) throws InterruptedException;

    /** Stops an instance by force and removes all but its configuration. */
    void factoryReset(String name, Progress progress) throws InterruptedException;

    /**
     * Protects an instance from being deleted or reset, or takes the protection away.
     *
     * @return false when it was so already
     */
    boolean protect(String name, boolean wanted);

    /** Makes a second instance with the configuration and the disk of one that does not run. */
    void copy(String name, String newName, Progress progress) throws InterruptedException;

    /** Gives an instance that does not run another name. */
    void rename(String name, String newName) throws InterruptedException;

    /**
     * The snapshots of an instance: of its machine while it runs, of its disk while it does not.
     *
     * @throws LimaException when the hypervisor or the disk has none
     */
    Snapshots snapshots(String name, HostEnvironment caller);

    /**
     * The kept connection to a running guest, made anew if it was lost.
     *
     * @throws LimaException when the instance does not run or does not answer
     */
    SshConnection connection(String name) throws InterruptedException;

    /** Closes the kept connection; whoever wants it next gets a new one. */
    void reconnect(String name);

    /**
     * Tells what happens from now on, until the returned handle is closed.
     *
     * @param instance name, null for all
     */
    AutoCloseable watch(@Nullable String instance, Consumer<InstanceEvent> listener);
}
