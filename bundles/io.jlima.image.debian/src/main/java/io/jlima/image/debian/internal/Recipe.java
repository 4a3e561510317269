// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Everything that decides what an image contains. Equal recipes have equal keys.
 *
 * <p>The tree is made by mmdebstrap and never packed: the last hook writes the file system straight from it. Kernel and
 * initrd leave the tree by mmdebstrap's own {@code download} hook.
 */
record Recipe(DebianLocation location, Arch arch) {
    /** Raised when an image built before would not do for the jlima of today although no text here has changed. */
    private static final int VERSION = 1;

    /** Label of the root file system; image.sh and initrd-init say the same. */
    static final String ROOT_LABEL = "lima-root";

    private static final List<String> PACKAGES = List.of(
            "busybox-static",
            "ca-certificates",
            "cloud-init",
            "curl",
            "dbus",
            "dbus-user-session",
            "e2fsprogs",
            "fdisk",
            "fuse3",
            "iproute2",
            "iptables",
            "iputils-ping",
            "kmod",
            "less",
            "libpam-systemd",
            "netbase",
            "openssh-server",
            "procps",
            "rsync",
            "sshfs",
            "sudo",
            "systemd-resolved",
            "systemd-sysv",
            "tzdata",
            "udev",
            "uidmap");

    /** Directories of kernel modules for hardware that no virtual machine has. */
    private static final List<String> FOREIGN_MODULES = List.of(
            "drivers/bluetooth",
            "drivers/comedi",
            "drivers/gpu/drm/amd",
            "drivers/gpu/drm/gma500",
            "drivers/gpu/drm/i915",
            "drivers/gpu/drm/nouveau",
            "drivers/gpu/drm/radeon",
            "drivers/hwmon",
            "drivers/iio",
            "drivers/infiniband",
            "drivers/isdn",
            "drivers/leds",
            "drivers/media",
            "drivers/mtd",
            "drivers/net/ethernet",
            "drivers/net/wireless",
            "drivers/nfc",
            "drivers/power",
            "drivers/staging",
            "net/bluetooth",
            "net/mac80211",
            "net/nfc",
            "net/wireless",
            "sound/firewire",
            "sound/pci",
            "sound/soc",
            "sound/usb");

    private static final List<String> KEPT_MODULES = List.of("drivers/net/ethernet/intel/e1000", "sound/pci/hda");

    private static final List<String> DOCUMENTATION = List.of(
            "/usr/share/bug",
            "/usr/share/doc",
            "/usr/share/info",
            "/usr/share/lintian",
            "/usr/share/locale",
            "/usr/share/man");

    /** Key of the image in the cache: lower-case hexadecimal digits. */
    String key() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The recipe as it is kept beside the image. */
    String text() {
        return "jlima image recipe " + VERSION + "\narch: " + arch.word() + "\n"
                + String.join("\n", treeCommand("unshare", Path.of("/OUT"))) + "\n"
                + String.join("\n", diskCommand(Path.of("/OUT"))) + "\n\n"
                + String.join("\n", scripts().values());
    }

    /**
     * The command that makes root.img, kernel and initrd.
     *
     * @param mode mmdebstrap's word for how it becomes root
     * @param directory where the results go; root.img, empty and open to all, is to be its standard input
     */
    List<String> treeCommand(String mode, Path directory) {
        List<String> command = new ArrayList<>(List.of(
                "mmdebstrap",
                "--verbose",
                "--mode=" + mode,
                "--format=null",
                // The tree is thrown away; image.sh has cleaned what matters.
                "--skip=cleanup",
                "--architectures=" + arch.debianWord(),
                "--variant=" + location.variant(),
                "--include=" + String.join(",", packages()),
                "--aptopt=Acquire::Languages \"none\"",
                // apt's own patience is minutes for every file.
                "--aptopt=Acquire::Retries \"1\"",
                "--aptopt=Acquire::http::Timeout \"20\"",
                "--aptopt=Acquire::https::Timeout \"20\"",
                "--dpkgopt=force-unsafe-io"));
        for (String directoryOfDocs : DOCUMENTATION) {
            command.add("--dpkgopt=path-exclude=" + directoryOfDocs + "/*");
        }
        command.add("--dpkgopt=path-include=/usr/share/doc/*/copyright");
        // Its one entry makes every start mount binfmt_misc for files that nobody executes.
        command.add("--dpkgopt=path-exclude=/usr/lib/binfmt.d/python*");
        for (String modules : FOREIGN_MODULES) {
            command.add("--dpkgopt=path-exclude=*/lib/modules/*/kernel/" + modules + "/*");
        }
        for (String modules : KEPT_MODULES) {
            command.add("--dpkgopt=path-include=*/lib/modules/*/kernel/" + modules + "*");
        }
        // The scripts are in the environment: the caller's directories are closed to the build's namespace.
        command.add("--customize-hook=eval \"$JLIMA_FILES\"");
        command.add("--customize-hook=eval \"$JLIMA_PREPARE\"");
        command.add("--customize-hook=download /tmp/jlima/kernel " + quoted(directory.resolve("kernel")));
        command.add("--customize-hook=download /tmp/jlima/initrd " + quoted(directory.resolve("initrd")));
        command.add("--customize-hook=eval \"$JLIMA_IMAGE\"");
        command.add(location.suite());
        command.add("-");
        return List.copyOf(command);
    }

    /** The command that turns root.img into disk.qcow2. */
    List<String> diskCommand(Path directory) {
        return List.of(
                "qemu-img",
                "convert",
                "-p",
                "-c",
                "-W",
                "-m",
                "8",
                "-f",
                "raw",
                "-O",
                "qcow2",
                "-o",
                "compression_type=zstd",
                directory.resolve("root.img").toString(),
                directory.resolve("disk.qcow2").toString());
    }

    /** Variables of the environment that {@link #treeCommand} needs. */
    Map<String, String> scripts() {
        Map<String, String> scripts = new LinkedHashMap<>();
        // linux-image builds no initrd of its own then; see initramfs-tools, kernel/postinst.d.
        scripts.put("INITRD", "No");
        StringBuilder files = new StringBuilder("set -eu\nroot=$1\n");
        file(files, "/usr/lib/jlima/initrd-init", "initrd-init");
        file(files, "/usr/lib/jlima/guest-early", "guest-early");
        file(files, "/etc/systemd/system/jlima-guest-early.service", "jlima-guest-early.service");
        file(files, "/etc/systemd/system/jlima-guest.service", "jlima-guest.service");
        file(files, "/etc/systemd/system/jlima-grow.service", "jlima-grow.service");
        file(files, "/etc/systemd/system/getty@.service.d/jlima.conf", "getty-after-ssh.conf");
        file(files, "/etc/systemd/system/serial-getty@.service.d/jlima.conf", "getty-after-ssh.conf");
        file(files, "/etc/cloud/cloud.cfg.d/90_jlima.cfg", "90_jlima.cfg");
        file(files, "/etc/hosts", "hosts");
        files.append("echo LANG=C.UTF-8 > \"$root/etc/default/locale\"\n: > \"$root/etc/fstab\"\n");
        files.append("chmod 755 \"$root/usr/lib/jlima/guest-early\"\n");
        scripts.put("JLIMA_FILES", files.toString());
        scripts.put("JLIMA_PREPARE", resource("prepare.sh"));
        scripts.put("JLIMA_IMAGE", resource("image.sh"));
        return scripts;
    }

    /** Arguments for the kernel of a guest that leaves cloud-init out. */
    String cmdline() {
        String console = switch (arch) {
            case X86_64, RISCV64 -> "ttyS0";
            case AARCH64, ARMV7L -> "ttyAMA0";
            case PPC64LE -> "hvc0";
            case S390X -> "ttysclp0";
        };
        return "root=LABEL=" + ROOT_LABEL + " rw console=" + console + " quiet cloud-init=disabled"
                // An emulated machine has no better clock, and the kernel would fall back to one that is slow to read.
                // Not no_timer_check beside it: two of a dozen guests hung at their first interrupts with it.
                + (arch == Arch.X86_64 ? " tsc=reliable" : "");
    }

    private TreeSet<String> packages() {
        TreeSet<String> packages = new TreeSet<>(PACKAGES);
        packages.addAll(location.include());
        packages.add("linux-image-"
                + switch (arch) {
                    case X86_64, AARCH64, RISCV64, S390X -> arch.debianWord();
                    case ARMV7L -> "armmp";
                    case PPC64LE -> "powerpc64le";
                });
        return packages;
    }

    private static void file(StringBuilder script, String path, String resource) {
        String directory = path.substring(0, path.lastIndexOf('/'));
        script.append("mkdir -p \"$root").append(directory).append("\"\n");
        script.append("cat > \"$root").append(path).append("\" <<'JLIMA_END'\n");
        script.append(resource(resource)).append("JLIMA_END\n");
    }

    /** For mmdebstrap's special hooks, which split their words as a shell does. */
    private static String quoted(Path path) {
        return "'" + path.toString().replace("'", "'\"'\"'") + "'";
    }

    private static String resource(String name) {
        try (InputStream in = Recipe.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new LimaException("This jlima is incomplete: " + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
