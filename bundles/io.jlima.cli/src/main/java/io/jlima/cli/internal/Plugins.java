// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Programs named {@code limactl-NAME} on the caller's PATH and in the installation: commands of that name. */
public final class Plugins {
    /** A word that can be a command; what begins so that it could be a flag or a path cannot. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private static final Pattern DESCRIPTION = Pattern.compile("<limactl-desc>(.*?)</limactl-desc>", Pattern.DOTALL);

    /** A description stands near the beginning of a script. */
    private static final int READ = 16384;

    /** Helpers for {@code SCHEME:rest} locators are no commands for people. */
    private static final String URL_HELPER = "url-";

    private final List<Path> directories;

    /** @param prefix of the installation */
    public Plugins(HostEnvironment caller, Path prefix) {
        SequencedSet<Path> all = new LinkedHashSet<>();
        all.add(prefix.resolve("bin"));
        for (String directory : caller.variable("PATH").orElse("/usr/bin:/bin").split(":")) {
            all.add(caller.workingDirectory()
                    .resolve(directory.isEmpty() ? "." : directory)
                    .normalize());
        }
        all.add(prefix.resolve("libexec/lima"));
        all.add(prefix.resolve("lib/lima"));
        directories = List.copyOf(all);
    }

    /**
     * @param description empty when it has none
     */
    public record Plugin(String name, Path program, String description) {}

    /** The plug-in of that name. */
    public Optional<Plugin> find(String name) {
        if (!NAME.matcher(name).matches()) {
            return Optional.empty();
        }
        return directories.stream()
                .map(d -> d.resolve("limactl-" + name))
                .filter(Plugins::isProgram)
                .findFirst()
                .map(p -> new Plugin(name, p, ""));
    }

    /** All plug-ins that are commands, by name. */
    public List<Plugin> list() {
        Map<String, Path> found = new TreeMap<>();
        for (Path directory : directories) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "limactl-*")) {
                for (Path file : files) {
                    String name = file.getFileName().toString().substring("limactl-".length());
                    if (NAME.matcher(name).matches() && !name.startsWith(URL_HELPER) && isProgram(file)) {
                        found.putIfAbsent(name, file);
                    }
                }
            } catch (IOException | SecurityException e) {
                // A directory of PATH that is not there, or closed to us, has no plug-ins.
                continue;
            }
        }
        List<Plugin> plugins = new ArrayList<>();
        found.forEach((name, file) -> plugins.add(new Plugin(name, file, description(file))));
        return plugins;
    }

    /** PATH of a plug-in: where plug-ins are looked for, so that it finds limactl and its like. */
    public String path() {
        return directories.stream()
                .filter(Files::isDirectory)
                .map(Path::toString)
                .collect(Collectors.joining(":"));
    }

    private static boolean isProgram(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file);
    }

    private static String description(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            String head = new String(in.readNBytes(READ), StandardCharsets.ISO_8859_1);
            Matcher description = DESCRIPTION.matcher(head);
            return head.startsWith("#!") && description.find()
                    ? new String(
                            description.group(1).strip().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8)
                    : "";
        } catch (IOException e) {
            return "";
        }
    }
}
