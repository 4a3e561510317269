// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Fills what a merged document leaves open. Mount and network lists, which are merged later, have their own classes. */
final class Defaults {
    /** What useradd accepts on every distribution. */
    static final Pattern ACCOUNT = Pattern.compile("^[a-z_][a-z0-9_-]*$");

    private static final long GIB = 1L << 30;

    private final Facts facts;
    private final Vintage vintage;
    private final Findings findings;

    Defaults(Facts facts, Vintage vintage, Findings findings) {
        this.facts = facts;
        this.vintage = vintage;
        this.findings = findings;
    }

    /** Everything that has no templates in it. */
    void fillScalars(Mapping document) {
        document.section("vmOpts");
        for (String key : List.of("os", "arch")) {
            String word = document.text(key);
            if (word != null && (word.isEmpty() || word.equals("default"))) {
                document.remove(key);
            }
        }
        document.fill("os", "Linux");
        document.fill("arch", facts.arch().word());
        if (document.number("cpus") == 0) {
            document.remove("cpus");
        }
        document.fill("cpus", Math.max(1, Math.min(4, facts.cpus())));
        fillSize(document, "memory", Size.print(Math.min(4 * GIB, facts.memory() / 2)));
        fillSize(document, "disk", "100GiB");
        for (String list : new String[] {
            "images",
            "additionalDisks",
            "mountTypesUnsupported",
            "provision",
            "probes",
            "portForwards",
            "copyToHost",
            "dns"
        }) {
            document.sequence(list);
        }
        document.fill("mountInotify", false);
        document.fill("upgradePackages", false);
        document.fill("guestInstallPrefix", "/usr/local");
        document.fill("message", "");
        document.section("env");
        document.section("param");
        document.fill("propagateProxyEnv", true);
        document.fill("plain", false);
        document.fill("timezone", facts.timezone());
        document.fill("nestedVirtualization", false);
        document.fill("tpm", false);
        document.section("osOpts");
        fillSections(document);
        fillFiles(document);
    }

    private void fillSections(Mapping document) {
        Mapping ssh = document.section("ssh");
        ssh.fill("localPort", vintage.sshPort());
        ssh.fill("loadDotSSHPubKeys", vintage.loadsDotSshKeys());
        ssh.fill("forwardAgent", false);
        ssh.fill("forwardX11", false);
        ssh.fill("forwardX11Trusted", false);

        Mapping firmware = document.section("firmware");
        firmware.fill("legacyBIOS", false);
        firmware.sequence("images");
        String arch = document.filledText("arch");
        if (firmware.flag("legacyBIOS") && !arch.equals("x86_64") && !arch.equals("armv7l")) {
            findings.warn(firmware.markOf("legacyBIOS"), "firmware.legacyBIOS is ignored: it means nothing on " + arch);
            firmware.remove("legacyBIOS");
            firmware.fill("legacyBIOS", false);
        }

        document.section("audio").fill("device", "");
        document.section("audio").fill("interface", "");
        Mapping video = document.section("video");
        if ("".equals(video.text("display"))) {
            video.remove("display");
        }
        video.fill("display", "none");

        Mapping containerd = document.section("containerd");
        containerd.fill("system", false);
        containerd.fill(
                "user",
                document.filledText("os").equals("Linux")
                        && (arch.equals(Arch.X86_64.word()) || arch.equals(Arch.AARCH64.word())));
        containerd.sequence("archives");
        if (containerd.mappings("archives").isEmpty()) {
            containerd.fill("archives", new Sequence(containerd.mark(), new ArrayList<>()));
            ContainerdArchives.builtIn().forEach(containerd.sequence("archives").items()::add);
        }

        Mapping resolver = document.section("hostResolver");
        resolver.fill("enabled", true);
        resolver.fill("ipv6", false);
        resolver.section("hosts");
        Mapping certificates = document.section("caCerts");
        certificates.fill("removeDefaults", false);
        certificates.sequence("files");
        certificates.sequence("certs");
        fillUser(document.section("user"), document.filledText("os"));
    }

    private void fillUser(Mapping user, String os) {
        user.fill("name", guestUserName(user));
        user.fill("comment", facts.userComment());
        // Guests need an account that is not root, also when root runs jlima.
        user.fill("uid", facts.uid() == 0 ? 1000 : facts.uid());
        boolean darwin = os.equals("Darwin");
        String suffix = darwin ? "guest" : vintage.homeSuffix();
        user.fill("home", (darwin ? "/Users" : "/home") + "/{{.User}}." + suffix);
        Map<String, String> shells = Map.of("Darwin", "/bin/zsh", "FreeBSD", "/bin/sh", "Windows", "cmd.exe");
        user.fill("shell", shells.getOrDefault(os, "/bin/bash"));
        user.fill("passwordlessSudo", !darwin);
    }

    private String guestUserName(Mapping user) {
        String name = facts.userName();
        if (name.equals("root")) {
            return "lima";
        }
        // Many distributions have a group called admin, which an account of that name collides with.
        boolean usable = ACCOUNT.matcher(name).matches() && (!name.equals("admin") || vintage.keepsAdmin());
        if (!usable && !user.has("name")) {
            findings.warn(
                    "the account in the guest is called \"lima\", because \"" + name + "\" cannot be a name there");
        }
        return usable ? name : "lima";
    }

    private void fillFiles(Mapping document) {
        String arch = document.filledText("arch");
        for (Mapping image : document.mappings("images")) {
            image.fill("arch", arch);
            fillPart(image, "kernel");
            fillPart(image, "initrd");
            file(image);
        }
        for (Mapping image : document.section("firmware").mappings("images")) {
            image.fill("arch", arch);
            file(image);
        }
        for (Mapping archive : document.section("containerd").mappings("archives")) {
            archive.fill("arch", arch);
            file(archive);
        }
    }

    private void fillPart(Mapping image, String part) {
        if (image.get(part) instanceof Mapping file) {
            file.fill("arch", image.filledText("arch"));
            file(file);
        }
    }

    private void file(Mapping file) {
        Paths.expandHome(file, "location", facts.home());
    }

    private static void fillSize(Mapping document, String key, String value) {
        if ("".equals(document.text(key))) {
            document.remove(key);
        }
        document.fill(key, value);
    }
}
