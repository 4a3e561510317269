// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The words of QEMU's command line for a machine; see qemu-system(1). A pure function of what it is given.
 *
 * <p>Nothing is left to QEMU's defaults ({@code -nodefaults}): an empty drive, an option ROM or a video card that nobody
 * asked for costs time in each boot.
 */
final class CommandLine {
    private final MachineSpec spec;
    private final Facts facts;
    private final List<String> words = new ArrayList<>();

    private CommandLine(MachineSpec spec, Facts facts) {
        this.spec = spec;
        this.facts = facts;
    }

    /**
     * What the host contributes.
     *
     * @param firmware null when the machine boots without UEFI
     */
    record Facts(
            QemuProgram program,
            QemuVersion version,
            HostOs os,
            Accelerator.Kind accelerator,
            @Nullable Firmware firmware) {}

    /** The whole command, the program first. */
    static List<String> of(MachineSpec spec, Facts facts) {
        return List.copyOf(new CommandLine(spec, facts).build());
    }

    /** A value within an option: commas separate there, so those that belong to it are doubled. */
    static String value(Object value) {
        return value.toString().replace(",", ",,");
    }

    private List<String> build() {
        words.add(facts.program().path().toString());
        words.addAll(facts.program().extraWords());
        words.add("-nodefaults");
        unlessGiven("-m", Long.toString(spec.memory() / (1024 * 1024)));
        unlessGiven("-cpu", cpu());
        machine();
        unlessGiven("-smp", "%d,sockets=1,cores=%1$d,threads=1".formatted(spec.cpus()));
        boot();
        words.addAll(new DeviceOptions(spec, facts).words());
        add("-device", virtio(spec.arch(), "rng"));
        panic();
        if (spec.devices().stream().noneMatch(Device.Display.class::isInstance)) {
            unlessGiven("-display", "none");
        }
        add("-chardev", "socket,id=char-qmp,path=" + value(qmpSocket(spec.directory())) + ",server=on,wait=off");
        add("-mon", "chardev=char-qmp,mode=control");
        add("-name", machineName(spec.instance()));
        add("-pidfile", pidFile(spec.directory()).toString());
        return words;
    }

    static Path qmpSocket(Path directory) {
        return directory.resolve("qmp.sock");
    }

    static Path pidFile(Path directory) {
        return directory.resolve("qemu.pid");
    }

    /** What the machine calls itself. */
    static String machineName(String instance) {
        return "lima-" + instance;
    }

    /** The virtio device of this kind on the bus that the architecture has. */
    static String virtio(Arch arch, String kind) {
        return "virtio-" + kind + (arch == Arch.S390X ? "-ccw" : "-pci");
    }

    private String cpu() {
        if (spec.options().get("cpuType") instanceof Map<?, ?> types
                && types.get(spec.arch().word()) instanceof String type
                && !type.isBlank()) {
            return type;
        }
        return switch (facts.accelerator()) {
            case TCG -> "max";
            case KVM -> "host";
            // These features are announced by Hypervisor.framework on Intel Macs but fault when used.
            case HVF -> spec.arch() == Arch.X86_64 ? "host,-avx512vl,-pdpe1gb" : "host";
        };
    }

    private void machine() {
        String type = switch (spec.arch()) {
            case X86_64 -> "q35,vmport=off";
            case AARCH64, ARMV7L -> "virt";
            case RISCV64 -> "virt,acpi=off";
            case PPC64LE -> "pseries";
            case S390X -> "s390-ccw-virtio";
        };
        boolean shared = spec.devices().stream()
                .anyMatch(d -> d instanceof Device.SharedDirectory s && s.sharing() instanceof Device.Virtiofs);
        if (shared) {
            // The daemon behind virtio-fs works in the guest's memory.
            add("-object", "memory-backend-memfd,id=mem0,size=" + spec.memory() / (1024 * 1024) + "M,share=on");
        }
        if (!facts.program().gives("-machine") && !facts.program().gives("-M")) {
            add("-machine", type + (shared ? ",memory-backend=mem0" : ""));
        }
        unlessGiven(
                "-accel",
                facts.accelerator() == Accelerator.Kind.TCG
                        ? "tcg,thread=multi,tb-size=512"
                        : facts.accelerator().word());
        if (spec.arch() == Arch.X86_64) {
            // A guest that suspends itself would not be woken up by anybody.
            add("-global", "ICH9-LPC.disable_s3=1");
            add("-global", "ICH9-LPC.disable_s4=1");
        }
    }

    private void boot() {
        switch (spec.boot()) {
            case MachineSpec.DirectKernel direct -> {
                add("-kernel", direct.kernel().toString());
                if (direct.initrd() instanceof Path initrd) {
                    add("-initrd", initrd.toString());
                }
                if (!direct.cmdline().isBlank()) {
                    add("-append", direct.cmdline().strip());
                }
            }
            case MachineSpec.LegacyBios bios -> {}
            case MachineSpec.Uefi uefi -> firmware();
        }
    }

    private void firmware() {
        Firmware firmware = facts.firmware();
        if (firmware == null) {
            return;
        }
        if (!firmware.flash()) {
            add("-bios", firmware.code().toString());
            return;
        }
        add("-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + value(firmware.code()));
        if (firmware.vars() instanceof Path vars) {
            add("-drive", "if=pflash,unit=1,format=raw,file=" + value(vars));
        }
    }

    /** A guest whose kernel gives up says so; what happens then is its own choice. */
    private void panic() {
        if (!facts.version().atLeast(6, 0)) {
            return;
        }
        switch (spec.arch()) {
            case X86_64 -> add("-device", "pvpanic");
            case AARCH64 -> add("-device", "pvpanic-pci");
            case ARMV7L, PPC64LE, RISCV64, S390X -> {
                return;
            }
        }
        add("-action", "panic=none");
    }

    private void unlessGiven(String option, String value) {
        if (!facts.program().gives(option)) {
            add(option, value);
        }
    }

    private void add(String option, String value) {
        words.add(option);
        words.add(value);
    }
}
