// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import io.jlima.api.Arch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The machine to run, complete: nothing in it depends on the hypervisor that will run it.
 *
 * @param instance name of the instance
 * @param directory directory of the instance; the hypervisor keeps its pid file, sockets and logs there
 * @param memory bytes
 * @param options what {@code vmOpts} holds for this hypervisor
 */
public record MachineSpec(
        String instance,
        Path directory,
        Arch arch,
        int cpus,
        long memory,
        Boot boot,
        List<Device> devices,
        Map<String, Object> options) {
    public MachineSpec {
        devices = List.copyOf(devices);
        options = Map.copyOf(options);
    }

    /** How the machine finds its kernel. */
    public sealed interface Boot {}

    /** The hypervisor loads the kernel itself. {@code initrd} is null for none. */
    public record DirectKernel(Path kernel, @Nullable Path initrd, String cmdline) implements Boot {}

    /** PC BIOS. */
    public record LegacyBios() implements Boot {}

    /** UEFI. {@code code} is the firmware image to use, null to take the one that belongs to the hypervisor. */
    public record Uefi(@Nullable Path code) implements Boot {}
}
