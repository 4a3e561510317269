// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Something the machine has. Drivers never talk to each other: they add devices to the plan, and the hypervisor says
 * whether it can realise them. A driver may bring device types of its own that a hypervisor of its own understands.
 */
@ConsumerType
public interface Device {
    /** What a disk is for; it decides where it hangs and whether the machine boots from it. */
    enum DiskRole {
        /** The guest's own disk. */
        BOOT,
        /** An additional disk; the order of these in the plan is the order of names in the guest. */
        DATA,
        /** An installation or live medium that the machine boots from. */
        BOOT_CDROM,
        /** The configuration volume. */
        CIDATA
    }

    /**
     * A block device.
     *
     * @param format {@code qcow2}, {@code raw} and so on
     */
    record Disk(DiskRole role, Path file, String format, boolean readOnly) implements Device {}

    /**
     * A network interface.
     *
     * @param name interface name in the guest
     * @param macAddress six hexadecimal bytes joined by colons
     */
    record Nic(String name, String macAddress, NicBackend backend) implements Device {}

    /** Where the frames of an interface go. */
    sealed interface NicBackend {}

    /**
     * The hypervisor's own user-mode network.
     *
     * @param network address and prefix length, for example {@code 192.168.5.0/24}
     * @param host address by which the guest reaches the host
     * @param dns address of the built-in name server
     * @param dhcpStart address given to the guest
     */
    record UserMode(String network, String host, String dns, String dhcpStart, List<HostForward> forwards)
            implements NicBackend {
        public UserMode {
            forwards = List.copyOf(forwards);
        }
    }

    /** A TCP port of the host that leads to a port of the guest. */
    record HostForward(String hostAddress, int hostPort, int guestPort) {}

    /** A unix stream socket carrying frames, each after its length as a 32-bit big-endian number. */
    record StreamSocket(Path socket) implements NicBackend {}

    /** A VDE switch, by its control directory. */
    record Vde(Path control) implements NicBackend {}

    /** A host directory that the guest can mount by its tag; read-only is enforced on the host. */
    record SharedDirectory(String tag, Path directory, boolean readOnly, Sharing sharing) implements Device {}

    /** The protocol by which a directory is shared. */
    sealed interface Sharing {}

    /** Plan 9 file protocol served by the hypervisor. */
    record NineP(String securityModel) implements Sharing {}

    /** virtio-fs, served by a daemon behind the socket. */
    record Virtiofs(Path socket, int queueSize) implements Sharing {}

    /**
     * A console of the guest.
     *
     * @param log file that receives all output
     * @param socket unix socket that gives access to it, null for none
     */
    record Console(ConsoleKind kind, Path log, @Nullable Path socket) implements Device {}

    enum ConsoleKind {
        SERIAL,
        PCI_SERIAL,
        VIRTIO
    }

    /** A named byte channel between a unix socket of the host and {@code /dev/virtio-ports/NAME} in the guest. */
    record GuestPort(String name, Path socket) implements Device {}

    /** A display; {@code kind} is the word of {@code video.display}, {@code none} for no display at all. */
    record Display(String kind, @Nullable String vncAddress) implements Device {}

    /** A sound card. */
    record Sound(String device, String soundInterface) implements Device {}
}
