// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Words;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/** What is refused in the machine's own keys, from processors to the account. */
final class MachineRules {
    private static final List<String> SYSTEMS = List.of("Linux", "Darwin", "FreeBSD", "Windows");
    private static final List<String> MOUNT_TYPES = List.of("reverse-sshfs", "9p", "virtiofs", "wsl2");
    private static final Set<String> TPM_ARCHES = Set.of("x86_64", "aarch64", "armv7l", "riscv64");
    private static final Set<String> WINDOWS_SHELLS = Set.of("cmd.exe", "powershell.exe", "pwsh.exe");

    /** No guest lives in less; a size without its unit ends here. */
    private static final long LEAST_SIZE = 1 << 20;

    /** What may stand in a line of passwd(5) and in a shell script without quotes. */
    private static final Pattern ACCOUNT = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*");

    private static final List<String> DISK_FORMATS = List.of("raw", "asif");

    private final Vintage vintage;
    private final Findings findings;
    private final FileRules files;

    MachineRules(Vintage vintage, Findings findings) {
        this.vintage = vintage;
        this.findings = findings;
        this.files = new FileRules(findings);
    }

    void check(Mapping document) {
        if (document.has("base")) {
            findings.error(
                    document.keyMark("base"),
                    "base is merged when an instance is made of a template, and cannot stand in the lima.yaml of one",
                    "start from the template's file or name, or write out what the base holds");
        }
        version(document);
        system(document);
        files.arch(document, "arch", "arch");
        files.images(document);
        if (document.number("cpus") < 1) {
            findings.error(
                    document.markOf("cpus"),
                    "cpus must be at least 1, not " + document.text("cpus"),
                    "write a number of processors, or 0 for the default");
        }
        size(document, "memory");
        size(document, "disk");
        disks(document);
        port(document.section("ssh"), "localPort", "ssh.localPort");
        mountType(document);
        Mapping containerd = document.section("containerd");
        if (containerd.flag("system") || containerd.flag("user")) {
            files.files(containerd.mappings("archives"), "containerd.archives");
        }
        files.files(document.look("osOpts").look("Windows").mappings("virtioWin"), "osOpts.Windows.virtioWin");
        options(document);
        user(document);
        if (document.section("hostResolver").flag("enabled")
                && !document.texts("dns").isEmpty()) {
            findings.error(
                    document.markOf("dns"),
                    "dns cannot be given while hostResolver is enabled",
                    "write hostResolver: {enabled: false}, or remove dns");
        }
        if (document.flag("tpm") && !TPM_ARCHES.contains(document.filledText("arch"))) {
            findings.error(
                    document.markOf("tpm"),
                    "tpm: there is none for " + document.text("arch"),
                    "remove it; there is one for x86_64, aarch64, armv7l and riscv64");
        }
        Mapping audio = document.section("audio");
        oneOf(audio, "interface", "audio.interface", List.of("", "hda", "virtio"));
    }

    private void version(Mapping document) {
        String text = document.text("minimumLimaVersion");
        if (text == null || text.isEmpty()) {
            return;
        }
        LimaVersion.parse(text)
                .ifPresentOrElse(
                        wanted -> {
                            if (wanted.compareTo(LimaVersion.UNDERSTOOD) > 0) {
                                findings.error(
                                        document.markOf("minimumLimaVersion"),
                                        "this file needs Lima " + wanted + "; files up to Lima "
                                                + LimaVersion.UNDERSTOOD + " are understood",
                                        "use a newer jlima, or lower minimumLimaVersion if the file needs nothing new");
                            }
                        },
                        () -> findings.error(
                                document.markOf("minimumLimaVersion"),
                                "minimumLimaVersion: \"" + text + "\" is no version",
                                "write three numbers like \"2.0.0\""));
    }

    private void system(Mapping document) {
        oneOf(document, "os", "os", SYSTEMS);
        String os = document.filledText("os");
        String vmType = vintage.effectiveVmType(document);
        String arch = document.filledText("arch");
        if (os.equals("Windows")) {
            if (!vmType.equals("qemu")) {
                findings.error(
                        document.has("vmType") ? document.markOf("vmType") : document.markOf("os"),
                        "Windows guests need vmType: qemu, not " + vmType,
                        "write vmType: qemu");
            }
            if (!arch.equals("x86_64") && !arch.equals("aarch64")) {
                findings.error(
                        document.markOf("arch"),
                        "Windows guests are x86_64 or aarch64, not " + arch,
                        "write arch: x86_64");
            }
        }
    }

    /** Driver options that are wrong whatever the host is; the drivers look at the rest. */
    private void options(Mapping document) {
        Mapping qemu = document.look("vmOpts").look("qemu");
        String version = qemu.text("minimumVersion");
        if (version != null && !version.isEmpty() && LimaVersion.parse(version).isEmpty()) {
            findings.error(
                    qemu.markOf("minimumVersion"),
                    "vmOpts.qemu.minimumVersion: \"" + version + "\" is no version",
                    "write three numbers like \"8.2.1\"");
        }
        oneOf(document.look("vmOpts").look("vz"), "diskImageFormat", "vmOpts.vz.diskImageFormat", DISK_FORMATS);
    }

    private void disks(Mapping document) {
        for (Mapping disk : document.mappings("additionalDisks")) {
            String name = disk.text("name");
            if (!disk.isFaulty("name") && (name == null || !Identifier.isIdentifier(name))) {
                findings.error(
                        disk.markOf("name"),
                        name == null ? "an additional disk has no name" : "\"" + name + "\" cannot name a disk",
                        "use letters and digits, with single dots, underscores or hyphens between them");
            }
        }
    }

    private void mountType(Mapping document) {
        oneOf(document, "mountType", "mountType", MOUNT_TYPES);
        String type = document.text("mountType");
        if (type != null && document.texts("mountTypesUnsupported").contains(type)) {
            findings.error(
                    document.markOf("mountType"),
                    "mountType: " + type + " is listed in mountTypesUnsupported",
                    "use another mount type; this guest cannot mount it");
        }
    }

    private void user(Mapping document) {
        Mapping user = document.section("user");
        String name = user.filledText("name");
        if (name.equals("root") || !ACCOUNT.matcher(name).matches()) {
            findings.error(
                    user.markOf("name"),
                    "user.name: \"" + name + "\" cannot be the account in the guest",
                    "use a name other than root, of letters, digits, dots, hyphens and underscores");
        }
        if (user.number("uid") < 1 || user.number("uid") > 0xFFFF_FFFEL) {
            findings.error(
                    user.markOf("uid"),
                    "user.uid must be from 1 to 4294967294, not " + user.text("uid"),
                    "0 belongs to root; 1000 is the usual first account");
        }
        boolean windows = document.filledText("os").equals("Windows");
        if (!windows && !Paths.isAbsolute(user.filledText("home"))) {
            findings.error(
                    user.markOf("home"),
                    "user.home must be an absolute path, not \"" + user.text("home") + "\"",
                    "write one like /home/{{.User}}");
        }
        String shell = user.filledText("shell");
        if (windows) {
            String program = shell.substring(Math.max(shell.lastIndexOf('/'), shell.lastIndexOf('\\')) + 1);
            if (!WINDOWS_SHELLS.contains(program.toLowerCase(Locale.ROOT))) {
                findings.error(
                        user.markOf("shell"),
                        "user.shell must be one of cmd.exe, powershell.exe, pwsh.exe, not " + shell,
                        "write shell: powershell.exe, with its directory if you like");
            }
        } else if (!Paths.isAbsolute(shell)) {
            findings.error(
                    user.markOf("shell"),
                    "user.shell must be an absolute path, not \"" + shell + "\"",
                    shell.isEmpty() ? "write one like /bin/bash" : "write its path, for example /bin/" + shell);
        }
        sudo(document, user);
    }

    private void sudo(Mapping document, Mapping user) {
        boolean sudo = user.flag("passwordlessSudo");
        if (document.filledText("os").equals("Darwin")) {
            if (sudo) {
                findings.error(
                        user.markOf("passwordlessSudo"),
                        "user.passwordlessSudo cannot be true for Darwin guests",
                        "write passwordlessSudo: false, or remove it");
            }
        } else if (!sudo && vintage.effectiveVmType(document).equals("wsl2")) {
            findings.error(
                    user.markOf("passwordlessSudo"),
                    "user.passwordlessSudo: false cannot be had with vmType: wsl2",
                    "write passwordlessSudo: true, or remove it");
        } else if (!sudo && !document.flag("plain")) {
            findings.error(
                    user.markOf("passwordlessSudo"),
                    "user.passwordlessSudo: false needs plain mode, because the guest's set-up uses sudo",
                    "add plain: true, or write passwordlessSudo: true");
        }
    }

    private void size(Mapping document, String key) {
        String text = document.filledText(key);
        OptionalLong bytes = Size.bytes(text);
        if (bytes.isEmpty()) {
            findings.error(
                    document.markOf(key), key + ": \"" + text + "\" is no size", "write a number and a unit like 4GiB");
        } else if (bytes.getAsLong() < LEAST_SIZE) {
            findings.error(
                    document.markOf(key),
                    key + ": " + text + " are " + bytes.getAsLong() + " bytes, too few for a guest",
                    "add a unit, for example " + key + ": 4GiB");
        }
    }

    private void port(Mapping section, String key, String path) {
        long port = section.number(key);
        if (port != 0 && (port < 1 || port > 65535 || port == 22)) {
            findings.error(
                    section.markOf(key),
                    path + " must be a port from 1 to 65535 other than 22, or 0 for any free one, not " + port,
                    "write 0, or a port like 60022");
        }
    }

    private void oneOf(Mapping section, String key, String path, List<String> words) {
        String word = section.text(key);
        if (word != null && !words.contains(word)) {
            List<String> shown = words.stream().filter(w -> !w.isEmpty()).toList();
            String meant = Words.nearest(word, shown)
                    .map(w -> "did you mean " + w + "?")
                    .orElse("write one of " + String.join(", ", shown));
            findings.error(
                    section.markOf(key),
                    path + " must be one of " + String.join(", ", shown) + ", not \"" + word + "\"",
                    meant);
        }
    }
}
