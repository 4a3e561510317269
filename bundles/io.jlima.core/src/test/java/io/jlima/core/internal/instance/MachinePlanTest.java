// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAgent;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Device.Console;
import io.jlima.api.machine.Device.Disk;
import io.jlima.api.machine.Device.DiskRole;
import io.jlima.api.machine.Device.Nic;
import io.jlima.api.machine.Device.SharedDirectory;
import io.jlima.api.machine.Device.UserMode;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import io.jlima.api.mount.MountDriver;
import io.jlima.api.network.Network;
import io.jlima.core.internal.disk.InstanceDisk;
import io.jlima.core.internal.image.ImageFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MachinePlanTest {
    private static final HostEnvironment CALLER = new HostEnvironment(Map.of(), Path.of("/"), 022);

    private static final Path DIRECTORY = Path.of("/lima/x");
    private static final InstanceFolder FOLDER = new InstanceFolder("x", DIRECTORY);
    private static final Mount MOUNT = new Mount(
            "/work",
            "/work",
            false,
            new Mount.Sshfs(true, false, ""),
            new Mount.NineP("none", "9p2000.L", 4096, "mmap"),
            null);

    private final Drivers drivers = new Drivers();
    private final List<String> objections = new ArrayList<>();
    private final List<Network.Request> requests = new ArrayList<>();

    /** Objects to what {@link #objections} names by the simple name of its type. */
    private final class Fake implements Hypervisor {
        private final List<String> mountTypes;

        Fake(String... mountTypes) {
            this.mountTypes = List.of(mountTypes);
        }

        @Override
        public Info info() {
            return new Info("fake", Set.of(Arch.X86_64), Set.of("raw"), mountTypes, Set.of());
        }

        @Override
        public Optional<String> objection(Device device) {
            String type = device.getClass().getSimpleName();
            return objections.contains(type) ? Optional.of("no " + type + "; use another") : Optional.empty();
        }

        @Override
        public void validate(MachineSpec spec, HostEnvironment caller) {}

        @Override
        public Machine start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Progress progress) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Machine> adopt(String instance, Path directory, Machine.Listener listener) {
            return Optional.empty();
        }
    }

    @BeforeEach
    void install() {
        drivers.addNetwork(
                request -> {
                    requests.add(request);
                    return new Network.NicPlan(
                            new Nic(
                                    request.interfaceName(),
                                    request.macAddress(),
                                    new UserMode("n", "h", "d", "s", List.of())),
                            Optional.empty());
                },
                Map.of(Network.NETWORK, "slirp"));
    }

    private void hypervisor(String... mountTypes) {
        drivers.addHypervisor(new Fake(mountTypes), Map.of(Hypervisor.VM_TYPE, "fake"));
    }

    private void mountDriver(String word) {
        drivers.addMountDriver(
                (request, mounts) -> new MountDriver.MountPlan(
                        List.of(new SharedDirectory(word, Path.of("/work"), true, new Device.NineP("none"))),
                        List.of(new MountDriver.FstabEntry(word, "/work", word, "ro"))),
                Map.of(MountDriver.MOUNT_TYPE, word));
    }

    private static Facts facts(String machineId) {
        return new Facts(
                "linux",
                Arch.X86_64,
                2,
                1 << 30,
                "jane",
                "",
                1000,
                Path.of("/home/jane"),
                machineId,
                "",
                "x",
                DIRECTORY,
                Path.of("/lima/_config"),
                null);
    }

    private MachinePlan plan(List<Mount> mounts, @Nullable String mountType) {
        return MachinePlan.of(FOLDER, Rig.config("fake", 0, mounts, mountType), facts("id"), drivers, 60022, CALLER);
    }

    private static InstanceDisk disk(@Nullable Path iso, @Nullable Path kernel) {
        return new InstanceDisk(
                DIRECTORY.resolve("disk"),
                ImageFormat.QCOW2,
                iso,
                kernel,
                kernel == null ? null : Path.of("/i"),
                "quiet");
    }

    @Test
    void theMachineHasItsDevicesInOrder() {
        hypervisor();
        MachineSpec spec = plan(List.of(), null).spec(disk(Path.of("/cd"), null), List.of(), Path.of("/c.iso"));
        assertThat(spec.devices()).hasSize(8);
        assertThat(spec.devices().subList(0, 3))
                .containsExactly(
                        new Disk(DiskRole.BOOT, DIRECTORY.resolve("disk"), "qcow2", false),
                        new Disk(DiskRole.BOOT_CDROM, Path.of("/cd"), "raw", true),
                        new Disk(DiskRole.CIDATA, Path.of("/c.iso"), "raw", true));
        assertThat(spec.devices().get(3)).isInstanceOf(Nic.class);
        assertThat(spec.devices().subList(4, 6)).allSatisfy(d -> assertThat(d).isInstanceOf(Console.class));
        assertThat(spec.devices().get(6))
                .isEqualTo(new Device.GuestPort("io.jlima.guest.0", DIRECTORY.resolve("guest.sock")));
        assertThat(spec.devices().get(7)).isEqualTo(new Device.Display("none", null));
        assertThat(spec.boot()).isEqualTo(new MachineSpec.Uefi(null));
        assertThat(spec.cpus()).isOne();
    }

    @Test
    void aKernelOfItsOwnIsLoadedDirectly() {
        hypervisor();
        MachineSpec spec = plan(List.of(), null).spec(disk(null, Path.of("/k")), List.of(), Path.of("/c.iso"));
        assertThat(spec.boot()).isEqualTo(new MachineSpec.DirectKernel(Path.of("/k"), Path.of("/i"), "quiet"));
    }

    @Test
    void theAddressIsTheInstancesOwnAndKept() {
        hypervisor();
        plan(List.of(), null);
        plan(List.of(), null);
        MachinePlan.of(FOLDER, Rig.config("fake", 0, List.of(), null), facts("other host"), drivers, 1, CALLER);
        assertThat(requests).hasSize(3);
        Network.Request request = requests.getFirst();
        assertThat(request.macAddress()).matches("52:55:55(:[0-9a-f]{2}){3}");
        assertThat(request.interfaceName()).isEqualTo("eth0");
        assertThat(request.sshPort()).isEqualTo(60022);
        assertThat(requests.get(1)).isEqualTo(request);
        assertThat(requests.get(2).macAddress()).isNotEqualTo(request.macAddress());
    }

    @Test
    void objectionsAreAllToldBeforeAnythingIsStarted() {
        hypervisor();
        objections.addAll(List.of("Nic", "Display"));
        MachinePlan plan = plan(List.of(), null);
        assertThatThrownBy(() -> plan.spec(disk(null, null), List.of(), Path.of("/c.iso")))
                .isInstanceOf(LimaException.class)
                .hasMessage("hypervisor fake cannot run instance `x`\nno Nic; use another\nno Display; use another");
    }

    @Test
    void theFirstMountTypeThatIsThereIsTaken() {
        hypervisor("virtiofs", "9p", "reverse-sshfs");
        mountDriver("reverse-sshfs");
        mountDriver("9p");
        MachinePlan plan = plan(List.of(MOUNT), null);
        assertThat(plan.mountType()).isEqualTo("9p");
        assertThat(plan.mounts().fstab()).hasSize(1);
        assertThat(plan.spec(disk(null, null), List.of(), Path.of("/c.iso")).devices())
                .last()
                .isInstanceOf(SharedDirectory.class);
        assertThat(plan(List.of(MOUNT), "reverse-sshfs").mountType()).isEqualTo("reverse-sshfs");
        assertThat(plan(List.of(), "9p").mountType()).as("nothing to mount").isEmpty();
        assertThat(MachinePlan.mountChoice(Rig.config("fake", 0, List.of(MOUNT), null), drivers)
                        .reason())
                .isEqualTo("the first choice with fake that works: this guest or this installation has no virtiofs");
        assertThat(MachinePlan.mountChoice(Rig.config("fake", 0, List.of(MOUNT), "9p"), drivers)
                        .reason())
                .startsWith("lima.yaml says so");
    }

    @Test
    void theMountTypeByWhichWatchersAreToldIsTakenWhereTheyAreToBe() {
        hypervisor("9p", "reverse-sshfs");
        mountDriver("9p");
        drivers.addMountDriver(
                new MountDriver() {
                    @Override
                    public MountPlan plan(SetupRequest request, List<Mount> mounts) {
                        return new MountPlan(List.of(), List.of());
                    }

                    @Override
                    public FileReplay replay(Mount mount) {
                        return FileReplay.BY_TIME;
                    }
                },
                Map.of(MountDriver.MOUNT_TYPE, "reverse-sshfs"));
        InstanceConfig asked = Rig.config("fake", 0, List.of(MOUNT), null, true);
        InstanceConfig decided = Rig.config("fake", 0, List.of(MOUNT), "9p", true);
        assertThat(MachinePlan.mountChoice(asked, drivers).mountType()).isEqualTo("reverse-sshfs");
        assertThat(MachinePlan.mountChoice(asked, drivers).reason()).contains("mountInotify");
        assertThat(MachinePlan.mountChoice(decided, drivers).mountType()).isEqualTo("9p");

        assertThat(NotYet.unseen(asked, drivers))
                .hasValueSatisfying(line -> assertThat(line).contains("no guest agent"));
        drivers.addGuestAgent(
                new GuestAgent() {
                    @Override
                    public GuestSetup setup(SetupRequest request) {
                        return GuestSetup.NOTHING;
                    }

                    @Override
                    public AgentSession connect(Guest guest) {
                        throw new UnsupportedOperationException();
                    }
                },
                Map.of());
        assertThat(NotYet.unseen(asked, drivers)).isEmpty();
        assertThat(NotYet.unseen(decided, drivers))
                .hasValueSatisfying(line ->
                        assertThat(line).contains("not told of changes in " + MOUNT.mountPoint() + " (read-only"));
        assertThat(NotYet.unseen(Rig.config("fake", 0, List.of(MOUNT), "9p"), drivers))
                .as("nobody asks")
                .isEmpty();
        assertThat(NotYet.unseen(Rig.config("fake", 0, List.of(MOUNT), "gone", true), drivers))
                .as("others say that")
                .isEmpty();
    }

    @Test
    void theOtherMountTypesAreThoseThatThisHostHas() {
        hypervisor("9p", "virtiofs", "reverse-sshfs", "none");
        mountDriver("9p");
        mountDriver("reverse-sshfs");
        drivers.addMountDriver(
                (request, mounts) -> {
                    throw new LimaException("no virtiofsd");
                },
                Map.of(MountDriver.MOUNT_TYPE, "virtiofs"));
        InstanceConfig config = Rig.config("fake", 0, List.of(MOUNT), "9p");
        assertThat(MachinePlan.otherMountTypes(FOLDER, config, drivers, CALLER)).containsExactly("reverse-sshfs");
        assertThat(MachinePlan.otherMountTypes(
                        FOLDER,
                        Rig.config("fake", 0, List.of(MOUNT), "9p", List.of("reverse-sshfs"), false),
                        drivers,
                        CALLER))
                .isEmpty();
    }

    @Test
    void aGuestIsReadyForMountsThatMayCome() {
        hypervisor("9p", "reverse-sshfs");
        mountDriver("9p");
        mountDriver("reverse-sshfs");
        assertThat(plan(List.of(MOUNT), null).guestMountType()).isEqualTo("9p");
        assertThat(plan(List.of(), null).guestMountType()).isEqualTo("reverse-sshfs");
        assertThat(plan(List.of(), "9p").guestMountType()).isEqualTo("9p");
        InstanceConfig without = Rig.config("fake", 0, List.of(), null, List.of("reverse-sshfs"), false);
        assertThat(MachinePlan.of(FOLDER, without, facts("id"), drivers, 60022, CALLER)
                        .guestMountType())
                .isEmpty();
    }

    @Test
    void noMountTypeIsAnError() {
        hypervisor("virtiofs");
        mountDriver("9p");
        assertThatThrownBy(() -> plan(List.of(MOUNT), null))
                .hasMessageStartingWith(
                        "no driver can mount directories in this guest\nhypervisor fake can do [virtiofs]");
        assertThatThrownBy(() -> plan(List.of(MOUNT), "virtiofs"))
                .hasMessageStartingWith("no driver for mountType `virtiofs` is installed\nInstalled: 9p.");
    }

    @Test
    void whatIsNotInstalledIsNamed() {
        assertThatThrownBy(() -> plan(List.of(), null))
                .hasMessageStartingWith("no driver for vmType `fake` is installed\nInstalled: none.");
        hypervisor();
        InstanceConfig plain = Rig.config("other", 0, List.of(), null);
        assertThatThrownBy(() -> MachinePlan.of(FOLDER, plain, facts("id"), drivers, 0, CALLER))
                .hasMessageStartingWith("no driver for vmType `other` is installed\nInstalled: fake.");
    }
}
