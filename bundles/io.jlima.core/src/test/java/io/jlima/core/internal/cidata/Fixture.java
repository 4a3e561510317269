// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.AdditionalDisk;
import io.jlima.api.config.InstanceConfig.CaCerts;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.config.InstanceConfig.Provision;
import io.jlima.api.guest.GuestSetup;
import io.jlima.api.mount.MountDriver.FstabEntry;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnector.HostKey;
import io.jlima.testing.Configs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An instance to make a volume for; tests change what they are about. */
final class Fixture {
    static final String PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
            + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n"
            + "-----END OPENSSH PRIVATE KEY-----\n";

    String instance = "default";
    String image = "https://example.org/debian-12-genericcloud-amd64.qcow2";
    List<AdditionalDisk> disks = List.of();
    List<Mount> mounts = List.of();
    List<Provision> provision = new ArrayList<>();
    boolean upgrade;
    boolean containerd;
    Map<String, String> env = Map.of();
    Map<String, String> param = Map.of();
    List<String> dns = List.of();
    boolean hostResolver = true;
    boolean propagateProxy = true;
    CaCerts caCerts = new CaCerts(false, List.of(), List.of());
    boolean plain;
    String timezone = "";
    InstanceConfig.User user = new InstanceConfig.User("jane", "Jane Doe", 1000, "/home/jane.guest", "/bin/bash", true);
    List<String> keys = List.of("ssh-ed25519 AAAAC3Nz jane@host");
    HostKey hostKey = new HostKey(PRIVATE_KEY, "ssh-ed25519 AAAAC3Host lima-default\n");
    List<CidataRequest.Nic> nics = List.of(new CidataRequest.Nic("eth0", "52:55:55:AA:bb:01", 200, true));
    Optional<Addresses> addresses = Optional.of(new Addresses("192.168.5.15", "192.168.5.2", "192.168.5.3"));
    List<FstabEntry> fstab = List.of();
    String mountType = "reverse-sshfs";
    Map<String, String> variables = Map.of();
    GuestSetup additions = GuestSetup.NOTHING;

    static Provision step(int index, String mode, String script) {
        return new Provision(index, mode, script, false, null, true, "root:root", "644", "auto");
    }

    static Provision file(int index, String mode, String path, String content, boolean overwrite) {
        return new Provision(index, mode, content, false, path, overwrite, "jane:users", "640", "auto");
    }

    static Mount mount(String location, String mountPoint) {
        return Configs.mount(location, mountPoint, false);
    }

    static InstanceConfig.FileRef file(String location, @Nullable String digest) {
        return new InstanceConfig.FileRef(location, Arch.X86_64, digest);
    }

    CidataRequest request() {
        return new CidataRequest(
                instance,
                config(),
                keys,
                hostKey,
                nics,
                addresses,
                fstab,
                mountType,
                new HostEnvironment(variables, Path.of("/"), 022),
                "qemu",
                Path.of("/home/jane"),
                additions);
    }

    InstanceConfig config() {
        return Configs.with(
                "images",
                List.of(new InstanceConfig.Image(file(image, null), null, "", null, null, null)),
                "additionalDisks",
                disks,
                "mounts",
                mounts,
                "mountType",
                mountType,
                "provision",
                provision,
                "upgradePackages",
                upgrade,
                "containerd",
                new InstanceConfig.Containerd(false, containerd, List.of()),
                "env",
                env,
                "param",
                param,
                "dns",
                dns,
                "hostResolver",
                new InstanceConfig.HostResolver(hostResolver, false, Map.of()),
                "propagateProxyEnv",
                propagateProxy,
                "caCerts",
                caCerts,
                "plain",
                plain,
                "timezone",
                timezone,
                "user",
                user);
    }
}
