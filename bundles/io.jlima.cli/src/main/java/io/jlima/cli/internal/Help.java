// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import java.util.List;
import java.util.Locale;

/** Help pages, made from what the commands say of themselves. */
final class Help {
    private Help() {}

    static String usage(CommandSpec spec) {
        return "limactl " + spec.name() + (spec.options().isEmpty() ? "" : " [flags]")
                + (spec.arguments().isEmpty() ? "" : " " + spec.arguments());
    }

    static String overview(List<CommandSpec> specs, List<Plugins.Plugin> plugins) {
        StringBuilder page = new StringBuilder("""
                limactl runs Linux virtual machines.

                  limactl start            create and start the instance "default"
                  lima uname -a            run a command in it
                  limactl shell NAME       open a shell in another instance

                Usage:
                  limactl [flags] COMMAND

                """);
        group(page, "Basic commands:", Group.BASIC, specs);
        group(page, "Advanced commands:", Group.ADVANCED, specs);
        if (!plugins.isEmpty()) {
            page.append("Plug-ins:\n");
            plugins.forEach(p -> page.append(String.format(Locale.ROOT, "  %-15s %s%n", p.name(), p.description())));
            page.append('\n');
        }
        page.append("Flags:\n");
        CommandLine.GLOBAL.forEach(option -> option(page, option));
        option(page, new Option("version", "v", null, "show the version"));
        return page.append("\nSee `limactl COMMAND --help` for a command's own page.\n")
                .toString();
    }

    private static void group(StringBuilder page, String title, Group group, List<CommandSpec> specs) {
        page.append(title).append('\n');
        specs.stream()
                .filter(s -> s.group() == group && !s.name().contains(" "))
                .forEach(s -> page.append(String.format(Locale.ROOT, "  %-15s %s%n", s.name(), s.summary())));
        page.append('\n');
    }

    static String groupPage(CommandSpec group, List<CommandSpec> members) {
        StringBuilder page = new StringBuilder(group.summary()).append(".\n\nUsage:\n  limactl ");
        page.append(group.name()).append(" COMMAND\n");
        if (!group.aliases().isEmpty()) {
            page.append("\nOther names: ")
                    .append(String.join(", ", group.aliases()))
                    .append('\n');
        }
        if (!group.description().isBlank()) {
            page.append('\n').append(group.description().strip()).append('\n');
        }
        page.append("\nCommands:\n");
        members.stream().filter(s -> s.group() != Group.HIDDEN).forEach(s -> {
            String word = s.name().substring(group.name().length() + 1);
            page.append(String.format(Locale.ROOT, "  %-15s %s%n", word, s.summary()));
        });
        page.append("\nGlobal flags:\n");
        CommandLine.GLOBAL.forEach(option -> option(page, option));
        return page.append("\nSee `limactl ")
                .append(group.name())
                .append(" COMMAND --help` for a command's own page.\n")
                .toString();
    }

    static String page(CommandSpec spec) {
        StringBuilder page = new StringBuilder(spec.summary()).append(".\n\nUsage:\n  ");
        page.append(usage(spec)).append('\n');
        if (!spec.aliases().isEmpty()) {
            page.append("\nOther names: ")
                    .append(String.join(", ", spec.aliases()))
                    .append('\n');
        }
        if (!spec.description().isBlank()) {
            page.append('\n').append(spec.description().strip()).append('\n');
        }
        if (!spec.options().isEmpty()) {
            page.append("\nFlags:\n");
            spec.options().forEach(option -> option(page, option));
        }
        page.append("\nGlobal flags:\n");
        CommandLine.GLOBAL.forEach(option -> option(page, option));
        return page.toString();
    }

    private static void option(StringBuilder page, Option option) {
        String names = (option.shortName() == null ? "    " : "-" + option.shortName() + ", ") + "--" + option.name()
                + (option.value() == null ? "" : " " + option.value());
        page.append(String.format(Locale.ROOT, "  %-28s %s%n", names, option.help()));
    }
}
