// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.config;

import io.jlima.api.Arch;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A lima.yaml after merging, defaults and validation. Sizes are bytes, paths are as written but expanded, lists and
 * maps are unmodifiable; a null component means that the choice is left to the driver.
 *
 * @param vmType word of the hypervisor driver, null to let the platform choose
 * @param vmOpts options per hypervisor driver, as written
 * @param osOpts options per guest operating system, as written
 * @param os guest operating system, for example {@code Linux}
 * @param mountType word of the mount driver, null to let the platform choose
 * @param message text shown when the instance is ready, before its template is evaluated
 * @param timezone zoneinfo name for the guest, empty to leave the guest's own
 */
public record InstanceConfig(
        @Nullable String vmType,
        Map<String, Map<String, Object>> vmOpts,
        String os,
        Arch arch,
        List<Image> images,
        int cpus,
        long memory,
        long disk,
        List<AdditionalDisk> additionalDisks,
        List<Mount> mounts,
        @Nullable String mountType,
        List<String> mountTypesUnsupported,
        boolean mountInotify,
        Ssh ssh,
        Firmware firmware,
        Audio audio,
        Video video,
        List<Provision> provision,
        boolean upgradePackages,
        Containerd containerd,
        String guestInstallPrefix,
        List<Probe> probes,
        List<PortForward> portForwards,
        List<CopyToHost> copyToHost,
        String message,
        List<NetworkEntry> networks,
        Map<String, String> env,
        Map<String, String> param,
        List<String> dns,
        HostResolver hostResolver,
        boolean propagateProxyEnv,
        CaCerts caCerts,
        boolean plain,
        String timezone,
        boolean nestedVirtualization,
        User user,
        boolean tpm,
        Map<String, Map<String, Object>> osOpts) {

    /** A file to fetch. {@code digest} is {@code algorithm:hex}, null when none is demanded. */
    public record FileRef(
            String location, Arch arch, @Nullable String digest) {}

    /**
     * A disk image, with the kernel to boot it by where it has none of its own.
     *
     * @param kernelCmdline arguments for {@code kernel}; empty when there are none
     */
    public record Image(
            FileRef file,
            @Nullable FileRef kernel,
            String kernelCmdline,
            @Nullable FileRef initrd,
            @Nullable String variant,
            @Nullable String archVariant) {}

    /** A named disk of {@code _disks}, given to the guest as vdb, vdc and so on. */
    public record AdditionalDisk(String name, boolean format, String fsType, List<String> fsArgs) {}

    /** A host directory to show in the guest. {@code location} is absolute on the host. */
    public record Mount(
            String location,
            String mountPoint,
            boolean writable,
            Sshfs sshfs,
            NineP nineP,
            @Nullable Integer queueSize) {
        /**
         * Name of the device that shows the directory to the guest: the same in each start and in Lima, and short
         * enough for the 31 bytes that 9p allows.
         */
        public String tag() {
            try {
                byte[] hash = MessageDigest.getInstance("SHA-256")
                        .digest((location + ":" + mountPoint).getBytes(StandardCharsets.UTF_8));
                return "lima-" + HexFormat.of().formatHex(hash, 0, 8);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        /** Options of reverse-sshfs. {@code sftpDriver} is empty for automatic choice. */
        public record Sshfs(boolean cache, boolean followSymlinks, String sftpDriver) {}

        /** Options of 9p. {@code msize} is bytes. */
        public record NineP(String securityModel, String protocolVersion, long msize, String cache) {}
    }

    /**
     * @param localPort 0 when any free port will do
     * @param overVsock null to let the driver choose
     */
    public record Ssh(
            int localPort,
            boolean loadDotSSHPubKeys,
            boolean forwardAgent,
            boolean forwardX11,
            boolean forwardX11Trusted,
            @Nullable Boolean overVsock) {}

    /** How the machine boots when no kernel is given. */
    public record Firmware(boolean legacyBIOS, List<FirmwareImage> images) {}

    /** Code to boot by. {@code vmType} is the only driver it is meant for, null for any. */
    public record FirmwareImage(FileRef file, @Nullable String vmType) {}

    public record Audio(String device, String audioInterface) {}

    public record Video(String display, @Nullable String vncDisplay) {}

    /**
     * One provisioning step.
     *
     * @param index position in the whole merged list; names the file in cidata
     * @param script text for system, user, boot and dependency; content for data; expression for yq
     */
    public record Provision(
            int index,
            String mode,
            String script,
            boolean skipDefaultDependencyResolution,
            @Nullable String path,
            boolean overwrite,
            String owner,
            String permissions,
            String format) {}

    public record Containerd(boolean system, boolean user, List<FileRef> archives) {}

    /** A readiness check that runs in the guest as the guest's user. */
    public record Probe(String description, String script, String hint) {}

    /** One forwarding rule. Sockets are null when ports are meant. */
    public record PortForward(
            String guestIP,
            boolean guestIPMustBeZero,
            int guestPortFirst,
            int guestPortLast,
            @Nullable String guestSocket,
            String hostIP,
            int hostPortFirst,
            int hostPortLast,
            @Nullable String hostSocket,
            String proto,
            boolean reverse,
            boolean ignore,
            boolean isStatic) {}

    public record CopyToHost(String guest, String host, boolean skipIfMissing, boolean deleteOnStop) {}

    /**
     * A network beside the first one. Exactly one of {@code lima}, {@code socket} and {@code vzNAT} is given.
     *
     * @param metric route metric in the guest; lower wins
     */
    public record NetworkEntry(
            @Nullable String lima,
            @Nullable String socket,
            boolean vzNAT,
            String macAddress,
            String interfaceName,
            int metric) {}

    public record HostResolver(boolean enabled, boolean ipv6, Map<String, String> hosts) {}

    public record CaCerts(boolean removeDefaults, List<String> files, List<String> certs) {}

    /** The account made in the guest. */
    public record User(String name, String comment, long uid, String home, String shell, boolean passwordlessSudo) {}
}
