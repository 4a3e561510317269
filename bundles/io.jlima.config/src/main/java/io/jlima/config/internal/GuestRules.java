// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Words;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What is refused in what the guest gets: mounts, provisioning, probes, copies. */
final class GuestRules {
    /**
     * Directories that a guest cannot live without: the ten that Lima knows, and those that hold its programs, its
     * kernel, what its services have to tell each other, and what its packages and set-up remember.
     */
    private static final Set<String> KEPT = Set.of(
            "/",
            "/bin",
            "/dev",
            "/etc",
            "/home",
            "/opt",
            "/sbin",
            "/tmp",
            "/usr",
            "/var",
            "/boot",
            "/lib",
            "/lib32",
            "/lib64",
            "/libx32",
            "/proc",
            "/run",
            "/sys",
            "/usr/bin",
            "/usr/lib",
            "/usr/lib32",
            "/usr/lib64",
            "/usr/libx32",
            "/usr/sbin",
            "/var/lib",
            "/var/run");

    /** Directories of the kernel's, and the one that the guest's configuration is read from: whole, with all in them. */
    private static final List<String> WHOLE = List.of("/dev", "/mnt/lima-cidata", "/proc", "/sys");

    private static final List<String> MODES = List.of("system", "user", "boot", "dependency", "data", "yq", "ansible");
    private static final Set<String> NOT_ON_WINDOWS = Set.of("ansible", "boot", "yq");
    private static final List<String> DATA_KEYS =
            List.of("content", "overwrite", "owner", "path", "permissions", "format");
    private static final Pattern OCTAL = Pattern.compile("0*[0-7]{1,4}");

    /** Characters that would begin another line, or another program's command, where a path is written. */
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]");

    private final Findings findings;

    GuestRules(Findings findings) {
        this.findings = findings;
    }

    void check(Mapping document) {
        List<Mapping> mounts = document.mappings("mounts");
        for (Mapping mount : mounts) {
            location(mount);
            mountPoint(mount, document.section("user").filledText("home"));
            mountOptions(mount);
        }
        List<Mapping> steps = document.mappings("provision");
        for (int i = 0; i < steps.size(); i++) {
            provision(steps.get(i), "provision[" + i + "]", document.filledText("os"));
        }
        List<Mapping> probes = document.mappings("probes");
        for (int i = 0; i < probes.size(); i++) {
            probe(probes.get(i), "probes[" + i + "]");
        }
        List<Mapping> copies = document.mappings("copyToHost");
        for (int i = 0; i < copies.size(); i++) {
            absolute(copies.get(i), "guest", "copyToHost[" + i + "].guest");
            absolute(copies.get(i), "host", "copyToHost[" + i + "].host");
        }
    }

    private void location(Mapping mount) {
        String location = mount.filledText("location");
        if (!Paths.isAbsolute(location)) {
            findings.error(
                    mount.markOf("location"),
                    "mounts: the location \"" + location + "\" must be an absolute path or begin with ~/",
                    location.startsWith("~")
                            ? "the home directories of other users are not known; write the path itself"
                            : "write the whole path, or \"~/" + location + "\" for one in your home directory");
        } else if (location.indexOf('\0') >= 0) {
            findings.error(
                    mount.markOf("location"),
                    "mounts: the location contains a character that no path has",
                    "write the path of a directory");
        } else {
            directory(mount, location);
        }
    }

    private void directory(Mapping mount, String location) {
        try {
            if (!Files.readAttributes(Path.of(location), BasicFileAttributes.class)
                    .isDirectory()) {
                findings.error(
                        mount.markOf("location"),
                        "mounts: " + location + " is not a directory",
                        "mount the directory that it lies in");
            }
        } catch (NoSuchFileException e) {
            absent(mount, Path.of(location));
        } catch (IOException e) {
            String reason = e instanceof FileSystemException f && f.getReason() != null ? ": " + f.getReason() : "";
            findings.error(
                    mount.markOf("location"),
                    "mounts: " + location + " cannot be looked at" + reason,
                    "name a directory that you may enter, or correct the permissions of those above it");
        }
    }

    /** It is made at the start, if that can be. */
    private void absent(Mapping mount, Path location) {
        Path above = location.getParent();
        while (above != null && !Files.exists(above)) {
            above = above.getParent();
        }
        if (above != null && !Files.isDirectory(above)) {
            findings.error(
                    mount.markOf("location"),
                    "mounts: there can be no " + location + ", because " + above + " is not a directory",
                    "name a directory");
        } else {
            findings.warn(
                    mount.markOf("location"),
                    "mounts: there is no " + location + " yet; it is made when the guest starts");
        }
    }

    private void mountPoint(Mapping mount, String home) {
        String point = mount.filledText("mountPoint");
        String cleaned = point.isEmpty() ? "" : Paths.clean(point);
        if (CONTROL.matcher(point).find()) {
            findings.error(
                    mount.markOf("mountPoint"),
                    "mounts: the mountPoint \"" + CONTROL.matcher(point).replaceAll("?")
                            + "\" contains a control character, which the guest's tables of mounts cannot hold",
                    "give it a mountPoint in one line without such characters");
        } else if (!Paths.isAbsolute(point)) {
            findings.error(
                    mount.markOf("mountPoint"),
                    "mounts: the mountPoint \"" + point + "\" must be an absolute path of the guest",
                    point.startsWith("~")
                            ? "write {{.Home}} for the home directory in the guest"
                            : "write one like \"/mnt/" + (point.isEmpty() ? "x" : point) + "\"");
        } else if (KEPT.contains(cleaned) || isInWhole(cleaned) || cleaned.equals(Paths.clean(home))) {
            findings.error(
                    mount.markOf("mountPoint"),
                    "mounts: nothing can be mounted on " + point + ", because the guest needs what is there",
                    "choose another mountPoint, for example "
                            + (isInWhole(cleaned) ? "/mnt" : cleaned.equals("/") ? "" : cleaned) + "/host");
        }
    }

    private static boolean isInWhole(String point) {
        return WHOLE.stream().anyMatch(directory -> point.equals(directory) || point.startsWith(directory + "/"));
    }

    private void mountOptions(Mapping mount) {
        Mapping nineP = mount.section("9p");
        String size = nineP.filledText("msize");
        if (Size.bytes(size).isEmpty()) {
            findings.error(
                    nineP.markOf("msize"), "mounts: 9p.msize: \"" + size + "\" is no size", "write one like 128KiB");
        }
    }

    private void provision(Mapping step, String path, String os) {
        String mode = step.filledText("mode");
        if (step.has("file")) {
            findings.error(
                    step.keyMark("file"),
                    path + ".file is read when an instance is made of a template, and cannot stand in its lima.yaml",
                    "write the text itself under "
                            + (mode.equals("data") ? "content" : mode.equals("yq") ? "expression" : "script"));
        }
        if (!MODES.contains(mode)) {
            String meant = Words.nearest(mode, MODES)
                    .map(m -> "did you mean " + m + "?")
                    .orElse(null);
            findings.error(
                    step.markOf("mode"),
                    path + ".mode must be one of " + String.join(", ", MODES) + ", not \"" + mode + "\"",
                    meant);
            return;
        }
        if (os.equals("Windows") && NOT_ON_WINDOWS.contains(mode)) {
            findings.error(
                    step.markOf("mode"),
                    path + ": there is no mode " + mode + " for Windows guests",
                    "use mode: system, user or data");
        }
        if (step.has("skipDefaultDependencyResolution") && !mode.equals("dependency")) {
            findings.error(
                    step.keyMark("skipDefaultDependencyResolution"),
                    path + ".skipDefaultDependencyResolution belongs to mode: dependency only, not " + mode,
                    "remove it, or write mode: dependency");
        }
        if (mode.equals("data") || mode.equals("yq")) {
            dataStep(step, path, mode);
        } else {
            scriptStep(step, path, mode);
        }
        playbook(step, path, mode);
    }

    private void dataStep(Mapping step, String path, String mode) {
        absolute(step, "path", path + ".path");
        String permissions = step.filledText("permissions");
        if (!OCTAL.matcher(permissions).matches()) {
            findings.error(
                    step.markOf("permissions"),
                    path + ".permissions must be an octal number, not \"" + permissions + "\"",
                    "write one like \"644\"");
        }
        if (mode.equals("yq") && isEmpty(step, "expression") && !step.has("file")) {
            findings.error(step.markOf("expression"), path + " has no expression", "say what yq is to change");
        }
    }

    private void scriptStep(Mapping step, String path, String mode) {
        if (isEmpty(step, "script") && !mode.equals("ansible") && !step.has("file")) {
            findings.error(step.markOf("script"), path + " has no script", "add \"script: |\" with the lines to run");
        }
        for (String key : DATA_KEYS) {
            if (step.has(key)) {
                findings.error(step.keyMark(key), path + "." + key + " means nothing in mode: " + mode, "remove it");
            }
        }
    }

    private void playbook(Mapping step, String path, String mode) {
        String playbook = step.text("playbook");
        if (mode.equals("ansible")) {
            if (playbook == null || playbook.isEmpty()) {
                findings.error(
                        step.markOf("playbook"), path + " has no playbook", "add \"playbook:\" with the path of one");
            } else if (!isEmpty(step, "script")) {
                findings.error(
                        step.keyMark("script"),
                        path + ": a playbook and a script cannot both be given",
                        "give the script a step of its own");
            } else if (!Files.isReadable(Path.of(playbook))) {
                findings.error(
                        step.markOf("playbook"),
                        path + ".playbook: " + playbook + " cannot be read",
                        "name a file that exists and that you may read");
            }
        } else if (playbook != null && !playbook.isEmpty()) {
            findings.error(
                    step.keyMark("playbook"),
                    path + ".playbook belongs to mode: ansible only, not " + mode,
                    "remove it, or write mode: ansible");
        }
    }

    private void probe(Mapping probe, String path) {
        if (probe.has("file")) {
            findings.error(
                    probe.keyMark("file"),
                    path + ".file is read when an instance is made of a template, and cannot stand in its lima.yaml",
                    "write the text itself under script");
        } else if (!String.valueOf(probe.text("script")).startsWith("#!") && !probe.isFaulty("script")) {
            findings.error(
                    probe.markOf("script"), path + ".script must begin with #!", "begin it with a line like #!/bin/sh");
        }
        if (!probe.filledText("mode").equals("readiness")) {
            findings.error(
                    probe.markOf("mode"),
                    path + ".mode must be readiness, not \"" + probe.text("mode") + "\"",
                    "there is no other; remove it");
        }
    }

    private void absolute(Mapping section, String key, String path) {
        String value = section.text(key);
        if (value == null ? !section.isFaulty(key) : !Paths.isAbsolute(value)) {
            findings.error(
                    section.markOf(key),
                    value == null ? path + " is missing" : path + " must be an absolute path, not \"" + value + "\"",
                    value == null || value.isEmpty() ? "give one that begins with /" : "write one like /" + value);
        }
    }

    private static boolean isEmpty(Mapping section, String key) {
        String text = section.text(key);
        return (text == null || text.isBlank()) && !section.isFaulty(key);
    }
}
