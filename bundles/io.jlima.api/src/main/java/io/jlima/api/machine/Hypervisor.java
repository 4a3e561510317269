// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A program that runs virtual machines. A stateless service with the property {@value #VM_TYPE}; all methods may be
 * called from any thread and may block.
 *
 * <p>The machines are processes of their own: they outlive the daemon, the bundle and the service object.
 */
@ConsumerType
public interface Hypervisor {
    /** Service property: the word for this driver in {@code vmType} of lima.yaml. */
    String VM_TYPE = "vmType";

    Info info();

    /**
     * What stands against this device, in words that end in what would work instead; empty when it can be realised.
     */
    Optional<String> objection(Device device);

    /**
     * How instructions of a guest would be executed here, and why so, for people; empty when that is not known or no
     * machine of that kind can be run.
     */
    default Optional<String> accelerator(Arch arch, HostEnvironment caller) {
        return Optional.empty();
    }

    /**
     * Refuses a machine that cannot be run here, before anything is started: missing program, foreign architecture,
     * options that make no sense.
     *
     * @throws LimaException with the reason and the remedy
     */
    void validate(MachineSpec spec, HostEnvironment caller);

    /**
     * Starts the machine; it is running, but not booted, when the method returns. Nothing is left behind on failure.
     * The calling thread may be interrupted to give up.
     *
     * @param caller whose variables, directory and umask the process gets
     * @param listener told what happens to the machine until it ends
     * @throws LimaException with the hypervisor's own words when it refuses
     */
    Machine start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Progress progress);

    /**
     * Takes over a machine that an earlier daemon started, and only that very process: a pid that now belongs to
     * somebody else is no match.
     *
     * @param instance name of the instance
     * @param directory directory of the instance
     * @return empty when no machine of this instance runs
     */
    Optional<Machine> adopt(String instance, Path directory, Machine.Listener listener);

    /**
     * @param vmType the word in lima.yaml
     * @param arches guest architectures it can run on this host
     * @param diskFormats formats of disk images it opens as they are
     * @param mountTypes mount types it prefers, best first; a type not named may work all the same
     * @param capabilities optional halves its machines have, for display
     */
    record Info(
            String vmType,
            Set<Arch> arches,
            Set<String> diskFormats,
            List<String> mountTypes,
            Set<String> capabilities) {
        public Info {
            arches = Set.copyOf(arches);
            diskFormats = Set.copyOf(diskFormats);
            mountTypes = List.copyOf(mountTypes);
            capabilities = Set.copyOf(capabilities);
        }
    }
}
