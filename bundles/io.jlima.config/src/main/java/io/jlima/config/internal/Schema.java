// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static io.jlima.config.internal.Shape.Merge.CONCATENATE;
import static io.jlima.config.internal.Shape.Merge.INSTANCE_ONLY;
import static io.jlima.config.internal.Shape.Merge.MAP;
import static io.jlima.config.internal.Shape.Merge.MOUNTS;
import static io.jlima.config.internal.Shape.Merge.NETWORKS;
import static io.jlima.config.internal.Shape.Merge.PICK;
import static io.jlima.config.internal.Shape.Merge.UNIQUE;
import static io.jlima.config.internal.Shape.bare;
import static io.jlima.config.internal.Shape.open;
import static io.jlima.config.internal.Shape.struct;

import io.jlima.config.internal.Shape.Leaf;
import io.jlima.config.internal.Shape.ListOf;
import io.jlima.config.internal.Shape.MapOf;
import io.jlima.config.internal.Shape.Struct;

/** The keys of lima.yaml: what each may hold and how it is merged. */
final class Schema {
    private Schema() {}

    /** A locator with an optional digest; just the locator is enough. */
    private static final Struct LOCATOR = bare("url").text("url", "digest");

    private static final Struct FILE = struct().text("location", "arch", "digest");

    private static final Struct IMAGE = FILE.text("variant", "archVariant")
            .with("kernel", FILE.text("cmdline"))
            .with("initrd", FILE);

    private static final Struct ADDITIONAL_DISK =
            bare("name").text("name", "fsType").bool("format").with("fsArgs", new ListOf(Leaf.TEXT));

    private static final Struct MOUNT = struct().text("location", "mountPoint")
            .bool("writable")
            .with("sshfs", struct().bool("cache", "followSymlinks").text("sftpDriver"))
            .with("9p", struct().text("securityModel", "protocolVersion", "msize", "cache"))
            .with("virtiofs", struct().integer("queueSize"));

    private static final Struct PROVISION = struct().text(
                    "mode", "script", "playbook", "path", "content", "owner", "expression", "format")
            .with("permissions", Leaf.OCTAL)
            .bool("overwrite", "skipDefaultDependencyResolution")
            .with("file", LOCATOR);

    private static final Struct PROBE =
            struct().text("mode", "description", "script", "hint").with("file", LOCATOR);

    private static final ListOf PORT_RANGE = new ListOf(Leaf.INTEGER);

    private static final Struct PORT_FORWARD = struct().with("guestIP", Leaf.ADDRESS)
            .with("hostIP", Leaf.ADDRESS)
            .bool("guestIPMustBeZero", "reverse", "ignore", "static")
            .integer("guestPort", "hostPort")
            .with("guestPortRange", PORT_RANGE)
            .with("hostPortRange", PORT_RANGE)
            .text("guestSocket", "hostSocket", "proto");

    private static final Struct NETWORK = struct().text("lima", "socket", "macAddress", "interface")
            .bool("vzNAT")
            .integer("metric")
            .withOld("vnl", Leaf.TEXT)
            .withOld("switchPort", Leaf.INTEGER);

    private static final Struct ROSETTA = struct().bool("enabled", "binfmt");

    private static final Struct VM_OPTS = open().with(
                    "qemu", open().text("minimumVersion").with("cpuType", new MapOf(Leaf.TEXT)))
            .with("vz", open().with("rosetta", ROSETTA).text("diskImageFormat"));

    private static final Struct OS_OPTS = open().with("Windows", open().with("virtioWin", new ListOf(FILE)));

    private static final Struct VDE = struct().text("name", "vnl", "macAddress").integer("switchPort");

    /** The whole file. */
    static final Struct LIMA_YAML = struct().with("base", new ListOf(LOCATOR), INSTANCE_ONLY)
            .with("minimumLimaVersion", Leaf.TEXT, INSTANCE_ONLY)
            .text("vmType")
            .with("vmOpts", VM_OPTS, MAP)
            .text("os", "arch")
            .with("images", new ListOf(IMAGE), CONCATENATE)
            .withOld("cpuType", new MapOf(Leaf.TEXT))
            .integer("cpus")
            .text("memory", "disk")
            .with("additionalDisks", new ListOf(ADDITIONAL_DISK), CONCATENATE)
            .with("mounts", new ListOf(MOUNT), MOUNTS)
            .with("mountTypesUnsupported", new ListOf(Leaf.TEXT), CONCATENATE)
            .text("mountType")
            .bool("mountInotify")
            .with(
                    "ssh",
                    struct().integer("localPort")
                            .bool("loadDotSSHPubKeys", "forwardAgent", "forwardX11", "forwardX11Trusted", "overVsock"))
            .with("firmware", struct().bool("legacyBIOS").with("images", new ListOf(FILE.text("vmType")), CONCATENATE))
            .with("audio", struct().text("device", "interface"))
            .with("video", struct().text("display").with("vnc", struct().text("display")))
            .with("provision", new ListOf(PROVISION), CONCATENATE)
            .bool("upgradePackages")
            .with("containerd", struct().bool("system", "user").with("archives", new ListOf(FILE), CONCATENATE))
            .text("guestInstallPrefix")
            .with("probes", new ListOf(PROBE), CONCATENATE)
            .with("portForwards", new ListOf(PORT_FORWARD), CONCATENATE)
            .with(
                    "copyToHost",
                    new ListOf(struct().text("guest", "host").bool("skipIfMissing", "deleteOnStop")),
                    CONCATENATE)
            .with("message", Leaf.TEXT, INSTANCE_ONLY)
            .with("networks", new ListOf(NETWORK), NETWORKS)
            .with("env", new MapOf(Leaf.TEXT), MAP)
            .with("param", new MapOf(Leaf.TEXT), MAP)
            .with("dns", new ListOf(Leaf.ADDRESS), PICK)
            .with("hostResolver", struct().bool("enabled", "ipv6").with("hosts", new MapOf(Leaf.TEXT), MAP))
            .bool("propagateProxyEnv")
            .with(
                    "caCerts",
                    struct().bool("removeDefaults")
                            .with("files", new ListOf(Leaf.TEXT), UNIQUE)
                            .with("certs", new ListOf(Leaf.TEXT), UNIQUE))
            .withOld("rosetta", ROSETTA)
            .bool("plain")
            .text("timezone")
            .bool("nestedVirtualization")
            .with(
                    "user",
                    struct().text("name", "comment", "home", "shell")
                            .with("uid", Leaf.LONG)
                            .bool("passwordlessSudo"))
            .bool("tpm")
            .with("osOpts", OS_OPTS, MAP)
            .withOld("useHostResolver", Leaf.BOOL)
            .withOld("network", struct().with("vde", new ListOf(VDE)));
}
