// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Manual pages, one a command, made of what the commands say of themselves (the macros are those of man(7)). */
public final class ManPages {
    private static final Pattern IMPLEMENTATION = Pattern.compile("<implementation class=\"([^\"]+)\"");

    private ManPages() {}

    /**
     * Writes the pages of all commands in bundles, at build time.
     *
     * @param arguments the directory to write to, and the bundles' jar files or directories of classes, which are on
     *     the class path too
     */
    public static void main(String... arguments) throws Exception {
        List<CommandSpec> specs = new ArrayList<>();
        for (String bundle : List.of(arguments).subList(1, arguments.length)) {
            Path file = Path.of(bundle);
            if (Files.isDirectory(file)) {
                specs.addAll(specsIn(file));
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(URI.create("jar:" + file.toUri()), Map.of())) {
                    specs.addAll(specsIn(jar.getPath("/")));
                }
            }
        }
        if (specs.isEmpty()) {
            throw new IllegalStateException("no command was found in " + List.of(arguments));
        }
        write(specs, Path.of(arguments[0]));
    }

    /** The commands among a bundle's components. Their services are not there, and a specification asks for none. */
    private static List<CommandSpec> specsIn(Path root) throws IOException, ReflectiveOperationException {
        List<CommandSpec> specs = new ArrayList<>();
        List<Path> components;
        try (Stream<Path> files = Files.list(root.resolve("OSGI-INF"))) {
            components = files.filter(f -> f.toString().endsWith(".xml")).toList();
        }
        for (Path component : components) {
            Matcher implementation = IMPLEMENTATION.matcher(Files.readString(component));
            if (implementation.find()) {
                Class<?> type = Class.forName(implementation.group(1));
                if (Command.class.isAssignableFrom(type)) {
                    Constructor<?> constructor = type.getConstructors()[0];
                    Object[] nothing = new Object[constructor.getParameterCount()];
                    specs.add(((Command) constructor.newInstance(nothing)).spec());
                }
            }
        }
        return specs;
    }

    /** Writes {@code limactl.1} and {@code limactl-COMMAND.1} into the directory, which is made if need be. */
    public static void write(List<CommandSpec> specs, Path directory) throws IOException {
        Files.createDirectories(directory);
        List<CommandSpec> shown = specs.stream()
                .filter(s -> s.group() != Group.HIDDEN)
                .sorted(Comparator.comparing(CommandSpec::name))
                .toList();
        Files.writeString(directory.resolve("limactl.1"), overview(shown));
        for (CommandSpec spec : shown) {
            List<CommandSpec> members = shown.stream()
                    .filter(s -> s.name().startsWith(spec.name() + " "))
                    .toList();
            Files.writeString(directory.resolve(fileName(spec)), page(spec, members));
        }
    }

    private static String fileName(CommandSpec spec) {
        return "limactl-" + spec.name().replace(' ', '-') + ".1";
    }

    private static String head(String title, String name, String summary) {
        return ".TH \"" + title.toUpperCase(Locale.ROOT) + "\" \"1\" \"\" \"jlima\" \"User Commands\"\n.SH NAME\n"
                + escaped(name) + " \\- " + escaped(summary) + "\n";
    }

    private static String overview(List<CommandSpec> specs) {
        StringBuilder page = new StringBuilder(head("limactl", "limactl", "run Linux virtual machines"));
        page.append(".SH SYNOPSIS\n.B limactl\n[\\fIflags\\fR] \\fICOMMAND\\fR\n.SH COMMANDS\n");
        for (CommandSpec spec : specs) {
            if (!spec.name().contains(" ")) {
                page.append(".TP\n.BR limactl-")
                        .append(spec.name())
                        .append(" (1)\n")
                        .append(escaped(spec.summary()))
                        .append(".\n");
            }
        }
        page.append(".SH OPTIONS\n");
        CommandLine.GLOBAL.forEach(o -> option(page, o));
        return page.append("""
                .SH ENVIRONMENT
                .TP
                .B LIMA_HOME
                directory of all instances; ~/.lima unless set
                .TP
                .B LIMA_TEMPLATES_PATH
                directories to look for templates in, separated by colons
                .TP
                .B NO_COLOR
                no colours on a terminal
                """).toString();
    }

    private static String page(CommandSpec spec, List<CommandSpec> members) {
        String name = "limactl-" + spec.name().replace(' ', '-');
        StringBuilder page = new StringBuilder(head(name, name, spec.summary()));
        page.append(".SH SYNOPSIS\n.B limactl ").append(spec.name()).append('\n');
        if (!spec.options().isEmpty()) {
            page.append("[\\fIflags\\fR]\n");
        }
        if (!spec.arguments().isEmpty()) {
            page.append(escaped(spec.arguments())).append('\n');
        }
        if (!spec.aliases().isEmpty()) {
            page.append(".SH ALIASES\n")
                    .append(escaped(String.join(", ", spec.aliases())))
                    .append('\n');
        }
        if (!spec.description().isBlank()) {
            page.append(".SH DESCRIPTION\n.nf\n")
                    .append(escaped(spec.description().strip()))
                    .append("\n.fi\n");
        }
        if (!members.isEmpty()) {
            page.append(".SH COMMANDS\n");
            members.forEach(m -> page.append(".TP\n.BR limactl-")
                    .append(m.name().replace(' ', '-'))
                    .append(" (1)\n")
                    .append(escaped(m.summary()))
                    .append(".\n"));
        }
        page.append(".SH OPTIONS\n");
        spec.options().forEach(o -> option(page, o));
        CommandLine.GLOBAL.forEach(o -> option(page, o));
        return page.append(".SH SEE ALSO\n.BR limactl (1)\n").toString();
    }

    private static void option(StringBuilder page, Option option) {
        page.append(".TP\n");
        if (option.shortName() != null) {
            page.append("\\fB\\-").append(option.shortName()).append("\\fR, ");
        }
        page.append("\\fB\\-\\-").append(escaped(option.name())).append("\\fR");
        if (option.value() != null) {
            page.append(" \\fI").append(escaped(option.value())).append("\\fR");
        }
        page.append('\n').append(escaped(option.help())).append('\n');
    }

    /** A backslash begins an escape, a dot or quote at the beginning of a line a request, and a dash may be broken. */
    private static String escaped(String text) {
        StringBuilder result = new StringBuilder();
        for (String line : text.split("\n", -1)) {
            String safe = line.replace("\\", "\\e").replace("-", "\\-");
            result.append(result.isEmpty() ? "" : "\n")
                    .append(safe.startsWith(".") || safe.startsWith("'") ? "\\&" : "")
                    .append(safe);
        }
        return result.toString();
    }
}
