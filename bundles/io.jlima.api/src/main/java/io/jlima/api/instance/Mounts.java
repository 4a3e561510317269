// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.mount.MountAttachment.State;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The host directories that instances show to their guests, and changes to them while the guests run. Thread-safe. */
@ProviderType
public interface Mounts {
    /**
     * Every mount of an instance, whether it runs or not.
     *
     * @throws LimaException when there is no such instance, or its lima.yaml cannot be used
     */
    List<State> list(String instance);

    /**
     * The word of the driver that makes these mounts, or would at the next start; empty when there are none.
     *
     * @throws LimaException as {@link #list} does
     */
    String mountType(String instance);

    /**
     * The driver by which an instance of this configuration would make its mounts, and why.
     *
     * @throws LimaException when there is none
     */
    MountChoice choice(InstanceConfig config);

    /**
     * Shows one more directory in a running guest, and keeps it in lima.yaml. On failure nothing has changed.
     *
     * @throws LimaException when the instance does not run, the mount makes no sense, or its driver cannot do it
     */
    void add(String instance, Wanted wanted, HostEnvironment caller) throws InterruptedException;

    /**
     * Takes a directory away from a running guest, and from lima.yaml.
     *
     * @throws LimaException when the instance does not run, or its driver cannot do it
     */
    void remove(String instance, String mountPoint, HostEnvironment caller) throws InterruptedException;

    /**
     * A mount as a user asks for it.
     *
     * @param location directory of the host, absolute or below {@code ~}
     * @param mountPoint where the guest sees it; empty for the same path
     * @param sftpDriver as in lima.yaml; empty for automatic choice
     */
    record Wanted(String location, String mountPoint, boolean writable, String sftpDriver) {}
}
