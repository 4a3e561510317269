// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.mount;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Device;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** A way to show host directories in the guest. A stateless service with the property {@value #MOUNT_TYPE}. */
@ConsumerType
public interface MountDriver {
    /** Service property: the word for this driver in {@code mountType} of lima.yaml. */
    String MOUNT_TYPE = "mountType";

    /**
     * Says what these mounts need. Nothing may be started yet.
     *
     * @param request the instance, and the hypervisor that says which devices it can realise
     * @param mounts at least one
     * @throws LimaException when an option cannot be honoured
     */
    MountPlan plan(SetupRequest request, List<Mount> mounts);

    /**
     * Mounts what the guest does not mount by itself, and keeps it mounted. Called for a guest that boots and for one
     * that was adopted; like {@link io.jlima.api.guest.GuestService#attach}, it returns at once.
     *
     * @return a {@link MountAttachment} if the mounts can be told of or changed later
     */
    default Attachment attach(Guest guest, List<Mount> mounts) {
        return Attachment.NONE;
    }

    /** How watchers in the guest can be shown what the host changes in this mount. */
    default FileReplay replay(Mount mount) {
        return mount.writable()
                ? FileReplay.BY_TIME
                : FileReplay.impossible("read-only, and its server lets the guest do nothing that watchers see");
    }

    /**
     * @param devices what the machine needs
     * @param fstab what the guest mounts while it boots
     * @param beginning what must be started on the host before the machine
     */
    record MountPlan(List<Device> devices, List<FstabEntry> fstab, Beginning beginning) {
        public MountPlan {
            devices = List.copyOf(devices);
            fstab = List.copyOf(fstab);
        }

        /** With nothing to start. */
        public MountPlan(List<Device> devices, List<FstabEntry> fstab) {
            this(devices, fstab, Beginning.NOTHING);
        }
    }

    /** Starts on the host what the machine's devices lead to. */
    @FunctionalInterface
    @ConsumerType
    interface Beginning {
        Beginning NOTHING = () -> () -> {};

        /**
         * Called when all that can be refused was, right before the machine is started; the mounted directories are
         * there. Returns when the machine can use what was started. That outlives the daemon, for {@link #attach} to
         * find it again, and ends with the machine.
         *
         * @return ends it, for a machine that does not come
         * @throws LimaException when it cannot be started; nothing of it is left then
         */
        Runnable begin() throws InterruptedException;
    }

    /** One line of the guest's mount table; see fstab(5). */
    record FstabEntry(String source, String mountPoint, String type, String options) {}
}
