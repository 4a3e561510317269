// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.Arch;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Mark;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import io.jlima.config.internal.yaml.YamlWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The template that is made up for a disk image, from what its name says.
 *
 * @param location URL or absolute path of the image
 * @param file the image if it is a file of this host; null otherwise
 * @param host architecture of the host, which is taken where the name says none
 */
record ImageTemplate(String location, @Nullable Path file, Arch host) {
    private static final Pattern IMAGE = Pattern.compile(
            "(.*)\\.(?:img|qcow2|raw|iso|ipsw)(?:\\.(?:gz|xz|bz2|zst|zstd))?",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private static final Map<String, Arch> ARCH_WORDS = Map.of(
            "aarch64", Arch.AARCH64,
            "arm64", Arch.AARCH64,
            "amd64", Arch.X86_64,
            "x86_64", Arch.X86_64,
            "armhf", Arch.ARMV7L,
            "armv7l", Arch.ARMV7L,
            "ppc64le", Arch.PPC64LE,
            "ppc64el", Arch.PPC64LE,
            "riscv64", Arch.RISCV64,
            "s390x", Arch.S390X);

    private static final Pattern ARCH_WORD = word(String.join("|", ARCH_WORDS.keySet()));
    private static final Pattern FREEBSD = word("freebsd");
    private static final Pattern DARWIN = word("macos|universalmac");

    /** Words that say how an image is made and not what is in it. */
    private static final Pattern TAGS =
            Pattern.compile("[-_.](?:base|basic|cloud|cloudimg|cloudinit|current|daily|default"
                    + "|generic|genericcloud|kvm|latest|linux|minimal|openstack|release|restore|server|std|stream|uefi|vm)"
                    + "(?![a-z0-9])");

    private static final Pattern DATE = Pattern.compile("[-_.]20\\d{6}(?:[-_.]\\d+)?(?![a-z0-9])");
    private static final Pattern MAJOR_TWICE = Pattern.compile("^([a-z]+)-(\\d+)-(\\2\\.)");
    private static final Pattern MAC_RELEASE = Pattern.compile("^universalmac_([0-9.]+)_.*");

    private static Pattern word(String words) {
        return Pattern.compile("(?<![a-z0-9])(" + words + ")(?![a-z0-9])", Pattern.CASE_INSENSITIVE);
    }

    /** Whether a locator means an image and not a template. */
    static boolean isImage(String locator) {
        return IMAGE.matcher(locator).matches();
    }

    private String fileName() {
        return Place.lastPart(location);
    }

    private String os() {
        if (FREEBSD.matcher(fileName()).find()) {
            return "FreeBSD";
        }
        boolean restore = fileName().toLowerCase(Locale.ROOT).endsWith(".ipsw");
        return restore || DARWIN.matcher(fileName()).find() ? "Darwin" : "Linux";
    }

    private Optional<Arch> namedArch() {
        Matcher matcher = ARCH_WORD.matcher(fileName());
        return matcher.find()
                ? Optional.ofNullable(ARCH_WORDS.get(matcher.group(1).toLowerCase(Locale.ROOT)))
                : Optional.empty();
    }

    private Arch arch() {
        return namedArch().orElse(os().equals("Darwin") ? Arch.AARCH64 : host);
    }

    /** A line for the user about what had to be guessed; null for none. */
    @Nullable
    String note() {
        return namedArch().isPresent() || os().equals("Darwin")
                ? null
                : "the name of " + fileName() + " says no architecture; " + arch().word() + " is assumed";
    }

    /** What an instance of it is called: its name without format, tags and date. */
    String name() {
        Matcher matcher = IMAGE.matcher(fileName().toLowerCase(Locale.ROOT));
        String name = matcher.matches() ? matcher.group(1) : fileName();
        name = MAC_RELEASE.matcher(name).replaceFirst("macos-$1");
        if (name.startsWith("nocloud_")) {
            name = name.substring("nocloud_".length());
        }
        String before;
        do {
            before = name;
            name = TAGS.matcher(name).replaceAll("");
        } while (!name.equals(before));
        if (arch() == host) {
            name = name.replaceAll("[-_.]" + Pattern.quote(host.word()) + "(?![a-z0-9])", "");
        }
        name = DATE.matcher(name).replaceAll("");
        name = TAGS.matcher(name).replaceAll("");
        name = name.replaceFirst("^arch(?![a-z])", "archlinux");
        return MAJOR_TWICE.matcher(name).replaceFirst("$1-$3");
    }

    String text() {
        Mapping image = new Mapping().put("location", Scalar.of(location)).put("arch", Scalar.of(arch().word()));
        return YamlWriter.write(new Mapping()
                .put("os", Scalar.of(os()))
                .put("arch", Scalar.of(arch().word()))
                .put("images", new Sequence(Mark.BUILT_IN, new ArrayList<>(List.of(image)))));
    }
}
