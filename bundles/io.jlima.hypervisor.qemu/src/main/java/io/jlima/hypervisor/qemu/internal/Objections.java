// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What stands against a machine, before anything is started. */
final class Objections {
    private static final Set<String> FORMATS = Set.of("qcow2", "raw", "vmdk", "vhdx");
    private static final Set<String> SECURITY_MODELS = Set.of("none", "passthrough", "mapped-xattr", "mapped-file");

    private Objections() {}

    /** What stands against a device, ending in what would work; empty when it can be realised. */
    static Optional<String> to(Device device, HostOs os) {
        return Optional.ofNullable(
                switch (device) {
                    case Device.Disk disk -> toFormat(disk.format());
                    case Device.SharedDirectory shared -> toSharing(shared.sharing(), os);
                    case Device.Nic nic -> null;
                    case Device.Console console -> null;
                    case Device.GuestPort port -> null;
                    case Device.Display display -> null;
                    case Device.Sound sound -> null;
                    default ->
                        "QEMU does not know a device of type "
                                + device.getClass().getSimpleName()
                                + "; disks, network interfaces, shared directories, consoles, ports, displays and"
                                + " sound cards work";
                });
    }

    private static @Nullable String toFormat(String format) {
        return FORMATS.contains(format)
                ? null
                : "QEMU cannot use a disk of format " + format + "; qcow2, raw, vmdk and vhdx work";
    }

    private static @Nullable String toSharing(Device.Sharing sharing, HostOs os) {
        return switch (sharing) {
            case Device.NineP nineP -> toNineP(nineP.securityModel(), os);
            case Device.Virtiofs virtiofs ->
                os == HostOs.LINUX
                        ? null
                        : "QEMU can share directories by virtiofs on Linux hosts only; mountType reverse-sshfs or 9p"
                                + " works";
        };
    }

    private static @Nullable String toNineP(String securityModel, HostOs os) {
        if (os == HostOs.OTHER) {
            return "QEMU cannot share directories by 9p on this operating system; mountType reverse-sshfs works";
        }
        return SECURITY_MODELS.contains(securityModel)
                ? null
                : "QEMU has no 9p security model " + securityModel
                        + "; none, passthrough, mapped-xattr and mapped-file work";
    }

    /** @throws LimaException when this machine makes no sense on this host */
    static void check(MachineSpec spec, HostOs os) {
        for (Device device : spec.devices()) {
            to(device, os).ifPresent(words -> {
                throw new LimaException("Instance " + spec.instance() + " cannot run with QEMU", words, null, null);
            });
        }
        if (spec.cpus() < 1 || spec.memory() < 1024 * 1024) {
            throw new LimaException("A machine needs at least one processor and 1 MiB of memory, not " + spec.cpus()
                    + " and " + spec.memory() + " bytes");
        }
        sockets(spec).forEach(socket -> {
            int length = socket.toString().getBytes(StandardCharsets.UTF_8).length;
            if (length > os.socketPathLimit()) {
                throw new LimaException(
                        "The path of a socket is too long: " + length + " bytes, and the system takes "
                                + os.socketPathLimit(),
                        socket.toString(),
                        "Use a shorter LIMA_HOME or a shorter instance name",
                        null);
            }
        });
    }

    /** Every unix socket that QEMU opens or connects to. */
    static Stream<Path> sockets(MachineSpec spec) {
        Stream<Path> ofDevices = spec.devices().stream()
                .flatMap(device -> Stream.ofNullable(
                        switch (device) {
                            case Device.Console console -> console.socket();
                            case Device.GuestPort port -> port.socket();
                            case Device.SharedDirectory shared ->
                                shared.sharing() instanceof Device.Virtiofs virtiofs ? virtiofs.socket() : null;
                            default -> null;
                        }));
        return Stream.concat(Stream.of(CommandLine.qmpSocket(spec.directory())), ofDevices);
    }

    /** @throws LimaException when this QEMU is too old */
    static void check(QemuVersion version, QemuProgram program, MachineSpec spec) {
        QemuVersion wanted = QemuVersion.REQUIRED;
        String why = "jlima needs " + wanted;
        if (spec.options().get("minimumVersion") instanceof Object minimum
                && !minimum.toString().isBlank()) {
            QemuVersion asked = QemuVersion.of(minimum.toString())
                    .orElseThrow(() -> new LimaException(
                            "vmOpts.qemu.minimumVersion is not a version: " + minimum,
                            "Write it as numbers, for example 8.2.1"));
            if (asked.compareTo(wanted) > 0) {
                wanted = asked;
                why = "vmOpts.qemu.minimumVersion is " + asked;
            }
        }
        if (version.compareTo(wanted) < 0) {
            throw new LimaException(
                    "QEMU " + version + " is too old: " + why,
                    program.path().toString(),
                    "Install QEMU " + wanted + " or newer, or let QEMU_SYSTEM_"
                            + QemuProgram.suffix(spec.arch()).toUpperCase(java.util.Locale.ROOT) + " point to one",
                    null);
        }
    }
}
