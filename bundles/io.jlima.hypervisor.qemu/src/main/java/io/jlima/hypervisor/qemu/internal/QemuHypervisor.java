// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Runs machines with QEMU. */
@Component(service = Hypervisor.class, property = Hypervisor.VM_TYPE + "=qemu")
public final class QemuHypervisor implements Hypervisor {
    private final HostOs os;
    private final Path root;
    private final Accelerators accelerators;
    private final QemuVersions versions = new QemuVersions();

    /** For the host that this JVM runs on. */
    @Activate
    public QemuHypervisor() {
        this(HostOs.current(), Arch.host(), Path.of("/"));
    }

    /** @param root what the paths of devices and firmware are relative to */
    QemuHypervisor(HostOs os, Arch arch, Path root) {
        this.os = os;
        this.root = root;
        this.accelerators = new Accelerators(os, arch, root.resolve("dev/kvm"));
    }

    @Override
    public Info info() {
        return new Info(
                "qemu",
                Set.of(Arch.values()),
                Set.of("qcow2", "raw", "vmdk", "vhdx"),
                os == HostOs.LINUX ? List.of("reverse-sshfs", "9p", "virtiofs") : List.of("reverse-sshfs", "9p"),
                Set.of("snapshots"));
    }

    @Override
    public Optional<String> objection(Device device) {
        return Objections.to(device, os);
    }

    @Override
    public Optional<String> accelerator(Arch arch, HostEnvironment caller) {
        try {
            return Optional.of(accelerators
                    .choose(QemuProgram.find(arch, caller, os), arch, caller)
                    .toString());
        } catch (LimaException e) {
            return Optional.empty();
        }
    }

    @Override
    public void validate(MachineSpec spec, HostEnvironment caller) {
        facts(spec, caller, Accelerator.Kind.TCG);
    }

    /** Everything about the host that can be known before something is started or written. */
    private Prepared facts(MachineSpec spec, HostEnvironment caller, Accelerator.Kind accelerator) {
        Objections.check(spec, os);
        QemuProgram program = QemuProgram.find(spec.arch(), caller, os);
        QemuVersion version = versions.of(program, caller);
        Objections.check(version, program, spec);
        Firmware.@Nullable Found firmware = null;
        // The firmware of these two is part of QEMU.
        if (spec.boot() instanceof MachineSpec.Uefi uefi && spec.arch() != Arch.PPC64LE && spec.arch() != Arch.S390X) {
            firmware = Firmware.find(spec, uefi, program.path(), caller, root);
        }
        Prepared prepared = new Prepared(program, version, firmware);
        CommandLine.of(spec, prepared.facts(os, accelerator, null));
        return prepared;
    }

    private record Prepared(QemuProgram program, QemuVersion version, Firmware.@Nullable Found firmware) {
        CommandLine.Facts facts(HostOs os, Accelerator.Kind accelerator, @Nullable Firmware installed) {
            return new CommandLine.Facts(program, version, os, accelerator, installed);
        }
    }

    @Override
    public Machine start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Progress progress) {
        Prepared prepared = facts(spec, caller, Accelerator.Kind.TCG);
        if (prepared.version().compareTo(QemuVersion.TESTED) < 0) {
            progress.warn("QEMU " + prepared.version() + " is old; " + QemuVersion.TESTED + " or newer is advised");
        }
        if (!prepared.program().extraWords().isEmpty()) {
            progress.warn("QEMU gets more arguments from the environment: "
                    + String.join(" ", prepared.program().extraWords()));
        }
        Accelerator accelerator = accelerators.choose(prepared.program(), spec.arch(), caller);
        tell(accelerator, progress);
        Firmware firmware =
                prepared.firmware() == null ? null : prepared.firmware().install(spec.directory());
        CommandLine.Facts facts = prepared.facts(os, accelerator.kind(), firmware);
        return new Start(spec, caller, listener, accelerator).run(CommandLine.of(spec, facts));
    }

    private static void tell(Accelerator accelerator, Progress progress) {
        if (accelerator.reason().isEmpty()) {
            progress.info("The guest runs with " + accelerator);
        } else {
            progress.warn("The guest runs with " + accelerator
                    + (accelerator.remedy().isEmpty() ? "" : ". " + accelerator.remedy()));
        }
    }

    @Override
    public Optional<Machine> adopt(String instance, Path directory, Machine.Listener listener) {
        return new Adoption(instance, directory, listener).run();
    }
}
