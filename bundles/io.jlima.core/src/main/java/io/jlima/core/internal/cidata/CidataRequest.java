// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.mount.MountDriver.FstabEntry;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnector.HostKey;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * All that the configuration volume of one instance is made from.
 *
 * @param instance name of the instance
 * @param authorizedKeys public keys that may log in, one line each in the format of authorized_keys
 * @param hostKey the only host key of the guest's sshd
 * @param nics the guest's interfaces
 * @param addresses what is known about addresses on the first interface; empty if nothing
 * @param fstab what the guest mounts itself
 * @param mountType word of the mount driver in use
 * @param caller whose proxy variables are passed on
 * @param vmType word of the hypervisor driver in use
 * @param hostHome home directory of the host user
 * @param additions what services want in the guest; devices in it are the machine's and do not count here
 */
public record CidataRequest(
        String instance,
        InstanceConfig config,
        List<String> authorizedKeys,
        HostKey hostKey,
        List<Nic> nics,
        Optional<Addresses> addresses,
        List<FstabEntry> fstab,
        String mountType,
        HostEnvironment caller,
        String vmType,
        Path hostHome,
        GuestSetup additions) {
    private static final Pattern INSTANCE = Pattern.compile("[A-Za-z0-9]+([._-][A-Za-z0-9]+)*");
    private static final Pattern USER = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");
    private static final Pattern ABSOLUTE = Pattern.compile("/[^:\\p{Cntrl}]*");
    private static final Pattern ZONE = Pattern.compile("([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*)?");
    private static final Pattern ADDRESS = Pattern.compile("[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?");
    private static final Pattern OCTAL = Pattern.compile("[0-7]{3,4}");
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?");
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9_.-]*");
    private static final Pattern SCRIPT = Pattern.compile("[0-9]{2}-[A-Za-z0-9.-]+\\.sh");
    private static final Pattern VOLUME_PATH =
            Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /**
     * @throws LimaException when a value cannot be written into the guest's files without changing their meaning
     */
    public CidataRequest {
        authorizedKeys = List.copyOf(authorizedKeys);
        nics = List.copyOf(nics);
        fstab = List.copyOf(fstab);
        OneLine.matching(INSTANCE, "The instance name", instance);
        authorizedKeys.forEach(key -> OneLine.checked("An authorized key", key));
        OneLine.checked("The guest's public host key", hostKey.publicKey().strip());
        OneLine.matching(WORD, "mountType", mountType);
        OneLine.matching(WORD, "vmType", vmType);
        addresses.ifPresent(a -> {
            address("The guest's address", a.guest());
            address("The gateway address", a.gateway());
            address("The name server address", a.dns());
        });
        OneLine.matching(USER, "user.name", config.user().name());
        OneLine.matching(ABSOLUTE, "user.home", config.user().home());
        OneLine.matching(ABSOLUTE, "user.shell", config.user().shell());
        OneLine.matching(ZONE, "timezone", config.timezone());
        OneLine.matching(ABSOLUTE, "guestInstallPrefix", config.guestInstallPrefix());
        config.dns().forEach(a -> address("An address in dns", a));
        config.mounts().forEach(m -> OneLine.checked("A mountPoint", m.mountPoint()));
        fstab.forEach(CidataRequest::check);
        config.env().forEach((name, value) -> variable("env", name, value));
        config.param().forEach((name, value) -> variable("param", name, value));
        config.additionalDisks().forEach(disk -> {
            OneLine.matching(INSTANCE, "The name of an additional disk", disk.name());
            OneLine.matching(WORD, "fsType of an additional disk", disk.fsType());
            disk.fsArgs().forEach(a -> OneLine.checked("An entry in fsArgs of an additional disk", a));
        });
        config.provision().forEach(CidataRequest::check);
        additions.variables().forEach((name, value) -> variable("a service", name, value));
        additions.files().forEach(file -> OneLine.matching(VOLUME_PATH, "The path of a service's file", file.path()));
        additions
                .scripts()
                .forEach(script -> OneLine.matching(SCRIPT, "The name of a service's script", script.name()));
    }

    /**
     * One interface of the guest.
     *
     * @param metric metric of its default route; lower wins
     * @param first whether this is the one that name servers and ssh belong to
     */
    public record Nic(String interfaceName, String macAddress, int metric, boolean first) {
        // IFNAMSIZ of Linux is 16 with the final zero.
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");
        private static final Pattern MAC = Pattern.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}");

        /** @throws LimaException when the name or address is none */
        public Nic {
            OneLine.matching(NAME, "The interface name", interfaceName);
            OneLine.matching(MAC, "The MAC address of " + interfaceName, macAddress);
        }
    }

    /** The guest's host name; dots and underscores of the instance's name cannot stand in one. */
    String hostname() {
        return "lima-" + instance.replaceAll("[._]", "-");
    }

    /** Full name of the guest's user as passwd(5) can hold it. */
    String comment() {
        // lima-init of 2022 reads lima.env as shell text, where a blank would end the value.
        return liveImage()
                ? ""
                : OneLine.stripped(config.user().comment()).replace(':', ' ').strip();
    }

    /** Whether the guest may be a live system with lima-init instead of cloud-init, as alpine-lima is. */
    boolean liveImage() {
        return config.images().stream()
                .anyMatch(image -> image.file().location().endsWith(".iso"));
    }

    /** Name servers that the guest is told about beside DHCP. */
    List<String> nameservers() {
        if (!config.dns().isEmpty()) {
            return config.dns();
        }
        return config.hostResolver().enabled()
                ? addresses.map(a -> List.of(a.dns())).orElse(List.of())
                : List.of();
    }

    /** Name servers for a guest that has no program to take them from DHCP. */
    List<String> lastResortNameservers() {
        return nameservers().isEmpty() ? addresses.map(a -> List.of(a.dns())).orElse(List.of()) : nameservers();
    }

    private static void address(String what, String value) {
        if (!value.isEmpty()) {
            OneLine.matching(ADDRESS, what, value);
        }
    }

    private static void variable(String where, String name, String value) {
        OneLine.matching(VARIABLE, "A name in " + where, name);
        OneLine.checked("The value of " + name + " in " + where, value);
    }

    private static void check(FstabEntry entry) {
        OneLine.checked("The source of a mount", entry.source());
        OneLine.checked("The mount point of a mount", entry.mountPoint());
        OneLine.matching(WORD, "The type of a mount", entry.type());
        OneLine.checked("The options of a mount", entry.options());
    }

    private static void check(InstanceConfig.Provision step) {
        if (step.mode().equals("data") || step.mode().equals("yq")) {
            String what = "provision[" + step.index() + "].";
            OneLine.matching(ABSOLUTE, what + "path", step.path() == null ? "" : step.path());
            OneLine.matching(OWNER, what + "owner", step.owner());
            OneLine.matching(OCTAL, what + "permissions", step.permissions());
            OneLine.matching(WORD, what + "format", step.format());
        }
    }
}
