// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Device.Console;
import io.jlima.api.machine.Device.ConsoleKind;
import io.jlima.api.machine.Device.Disk;
import io.jlima.api.machine.Device.DiskRole;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.MachineSpec;
import io.jlima.api.machine.MachineSpec.Boot;
import io.jlima.api.mount.MountDriver.MountPlan;
import io.jlima.api.network.Network;
import io.jlima.api.network.Network.NicPlan;
import io.jlima.core.internal.disk.InstanceDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Everything that a start has decided before it does anything: which drivers, which devices, which addresses. What the
 * drivers cannot do is refused here.
 *
 * @param hypervisor driver that will run the machine
 * @param mountType word of the mount driver in use; empty when nothing is mounted
 * @param mounts what the mounts need
 * @param nic the first interface
 * @param setup what the agent and the services want in machine and guest
 */
record MachinePlan(
        InstanceFolder folder,
        InstanceConfig config,
        Hypervisor hypervisor,
        String mountType,
        MountPlan mounts,
        NicPlan nic,
        GuestSetup setup,
        int sshPort) {
    /** First three bytes of the addresses that Lima makes up; locally administered. */
    private static final String MAC_PREFIX = "52:55:55";

    /** The one that needs nothing of the machine. */
    private static final String LATER_MOUNTS = "reverse-sshfs";

    static MachinePlan of(
            InstanceFolder folder,
            InstanceConfig config,
            Facts facts,
            Drivers drivers,
            int sshPort,
            HostEnvironment caller) {
        HostLimits.check(config, facts);
        NestedMounts.check(config.mounts());
        Hypervisor hypervisor = drivers.hypervisor(vmType(config, drivers));
        String mountType = mountType(config, drivers);
        if (!config.networks().isEmpty()) {
            throw new LimaException(
                    "networks[0] of instance `" + folder.name() + "` asks for a second network, and no driver for it is"
                            + " installed",
                    "Remove `networks` from " + folder.limaYaml());
        }
        NicPlan nic =
                drivers.network("slirp").plan(new Network.Request(folder.name(), "eth0", macAddress(facts), sshPort));
        SetupRequest request =
                new SetupRequest(folder.name(), folder.path(), config, hypervisor, nic.addresses(), sshPort, caller);
        MountPlan mounts = mountType.isEmpty()
                ? new MountPlan(List.of(), List.of())
                : drivers.mountDriver(mountType).plan(request, config.mounts());
        return new MachinePlan(folder, config, hypervisor, mountType, mounts, nic, setup(request, drivers), sshPort);
    }

    /** All that the agent and the services want, as one. */
    private static GuestSetup setup(SetupRequest request, Drivers drivers) {
        List<GuestSetup> parts = new ArrayList<>();
        if (!request.config().plain()) {
            drivers.guestAgent().ifPresent(agent -> parts.add(agent.setup(request)));
        }
        drivers.guestServices().forEach(service -> parts.add(service.setup(request)));
        Map<String, String> variables = new HashMap<>();
        parts.forEach(part -> variables.putAll(part.variables()));
        return new GuestSetup(
                parts.stream().flatMap(part -> part.devices().stream()).toList(),
                parts.stream().flatMap(part -> part.files().stream()).toList(),
                parts.stream().flatMap(part -> part.scripts().stream()).toList(),
                variables);
    }

    /** The word for the hypervisor; the platform's own choice when the configuration makes none. */
    static String vmType(InstanceConfig config, Drivers drivers) {
        if (config.vmType() != null) {
            return config.vmType();
        }
        boolean native_ = config.arch() == io.jlima.api.Arch.host();
        boolean mac = System.getProperty("os.name", "").startsWith("Mac");
        return mac && native_ && drivers.hasHypervisor("vz") ? "vz" : "qemu";
    }

    /** The word for the mount driver; empty when nothing is mounted. */
    static String mountType(InstanceConfig config, Drivers drivers) {
        return config.mounts().isEmpty() ? "" : mountChoice(config, drivers).mountType();
    }

    /** The mount driver for what is mounted while an instance runs that mounted nothing when it started. */
    static String laterMountType(InstanceConfig config) {
        return config.mountType() == null ? LATER_MOUNTS : config.mountType();
    }

    /** The word of the mount driver that the guest is to be ready for; empty when it has no use for any. */
    String guestMountType() {
        String later = laterMountType(config);
        String ready = config.mountTypesUnsupported().contains(later) ? "" : later;
        return mountType.isEmpty() ? ready : mountType;
    }

    /** The mount driver for an instance that mounts something. */
    static MountChoice mountChoice(InstanceConfig config, Drivers drivers) {
        if (config.mountType() != null) {
            return new MountChoice(
                    config.mountType(), "lima.yaml says so, or the release of Lima that made the instance");
        }
        Hypervisor.Info info = drivers.hypervisor(vmType(config, drivers)).info();
        List<String> choices = info.mountTypes().stream()
                .filter(drivers::hasMountDriver)
                .filter(t -> !config.mountTypesUnsupported().contains(t))
                .toList();
        if (choices.isEmpty()) {
            throw new LimaException(
                    "no driver can mount directories in this guest",
                    "hypervisor " + info.vmType() + " can do " + info.mountTypes() + ", the guest cannot do "
                            + config.mountTypesUnsupported(),
                    "Install a driver for one of them, or remove `mounts`",
                    null);
        }
        if (config.mountInotify()) {
            Optional<String> seen = choices.stream()
                    .filter(type -> config.mounts().stream()
                            .allMatch(mount ->
                                    drivers.mountDriver(type).replay(mount).isPossible()))
                    .findFirst();
            if (seen.isPresent() && !seen.get().equals(choices.getFirst())) {
                return new MountChoice(
                        seen.get(),
                        "the first choice with " + info.vmType()
                                + " by which watchers in the guest are told of changes in all mounts (mountInotify)");
            }
        }
        String word = choices.getFirst();
        List<String> better = info.mountTypes().subList(0, info.mountTypes().indexOf(word));
        return new MountChoice(
                word,
                "the first choice with " + info.vmType()
                        + (better.isEmpty()
                                ? ""
                                : " that works: this guest or this installation has no "
                                        + String.join(", no ", better)));
    }

    /** Words of drivers by which this host could mount the same directories. Whether the guest can, nobody knows. */
    static List<String> otherMountTypes(
            InstanceFolder folder, InstanceConfig config, Drivers drivers, HostEnvironment caller) {
        Hypervisor hypervisor = drivers.hypervisor(vmType(config, drivers));
        SetupRequest request =
                new SetupRequest(folder.name(), folder.path(), config, hypervisor, Optional.empty(), 0, caller);
        String inUse = mountType(config, drivers);
        return hypervisor.info().mountTypes().stream()
                .filter(type -> !type.equals(inUse)
                        && !config.mountTypesUnsupported().contains(type)
                        && drivers.hasMountDriver(type)
                        && canMount(drivers, type, request))
                .toList();
    }

    private static boolean canMount(Drivers drivers, String type, SetupRequest request) {
        try {
            drivers.mountDriver(type).plan(request, request.config().mounts());
            return true;
        } catch (LimaException e) {
            return false;
        }
    }

    private static String macAddress(Facts facts) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((facts.machineId() + facts.instanceDirectory()).getBytes(StandardCharsets.UTF_8));
            return MAC_PREFIX + ":" + HexFormat.ofDelimiter(":").formatHex(hash, 0, 3);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * The machine itself.
     *
     * @param data further disks, in the order in which the guest finds them
     */
    MachineSpec spec(InstanceDisk disk, List<Disk> data, Path cidata) {
        List<Device> devices = new ArrayList<>();
        devices.add(new Disk(DiskRole.BOOT, disk.disk(), disk.format().word(), false));
        devices.addAll(data);
        if (disk.iso() != null) {
            devices.add(new Disk(DiskRole.BOOT_CDROM, disk.iso(), "raw", true));
        }
        devices.add(new Disk(DiskRole.CIDATA, cidata, "raw", true));
        devices.add(nic.nic());
        devices.add(new Console(ConsoleKind.SERIAL, folder.file("serial.log"), folder.file("serial.sock")));
        devices.add(new Console(ConsoleKind.VIRTIO, folder.file("serialv.log"), folder.file("serialv.sock")));
        Device.GuestPort signal = GuestSignal.port(folder);
        if (hypervisor.objection(signal).isEmpty()) {
            devices.add(signal);
        }
        devices.add(new Device.Display(config.video().display(), config.video().vncDisplay()));
        if (!config.audio().device().isEmpty()) {
            devices.add(new Device.Sound(config.audio().device(), config.audio().audioInterface()));
        }
        devices.addAll(mounts.devices());
        devices.addAll(setup.devices());
        List<String> objections = devices.stream()
                .map(hypervisor::objection)
                .flatMap(Optional::stream)
                .toList();
        if (!objections.isEmpty()) {
            throw new LimaException(
                    "hypervisor " + hypervisor.info().vmType() + " cannot run instance `" + folder.name() + "`",
                    objections.stream().collect(Collectors.joining("\n")),
                    null,
                    null);
        }
        Map<String, Object> options =
                config.vmOpts().getOrDefault(hypervisor.info().vmType(), Map.of());
        return new MachineSpec(
                folder.name(),
                folder.path(),
                config.arch(),
                config.cpus(),
                config.memory(),
                boot(disk),
                devices,
                options);
    }

    private Boot boot(InstanceDisk disk) {
        if (disk.kernel() != null) {
            return new MachineSpec.DirectKernel(disk.kernel(), disk.initrd(), disk.cmdline());
        }
        return config.firmware().legacyBIOS() ? new MachineSpec.LegacyBios() : new MachineSpec.Uefi(null);
    }
}
