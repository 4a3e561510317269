// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl show-ssh}: how ssh reaches an instance, from its kept {@code ssh.config}. */
@Component(service = Command.class)
public final class ShowSshCommand implements Command {
    private final Instances instances;

    @Activate
    public ShowSshCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("show-ssh", Group.ADVANCED, "Show how ssh reaches an instance")
                .describe("""
                        cmd      a complete command line
                        args     the same without "ssh" and the host
                        options  one option a line
                        config   lines for ~/.ssh/config
                        The file that all this comes from is kept: ssh -F ~/.lima/NAME/ssh.config lima-NAME""")
                .takes("NAME", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("format", "f", "FORMAT", "cmd, args, options or config (default cmd)")
                        .oneOf("cmd", "args", "options", "config"));
    }

    @Override
    public int run(Invocation invocation) {
        Instance instance =
                GuestTarget.existing(instances, invocation.arguments().getFirst());
        String format = invocation.value("format").orElse("cmd");
        if (!List.of("cmd", "args", "options", "config").contains(format)) {
            throw new LimaException("unknown format `" + format + "`", "Use cmd, args, options or config");
        }
        List<String[]> lines = lines(instance);
        invocation
                .log()
                .warn("`limactl show-ssh` is deprecated. Instead, use `ssh -F "
                        + instance.directory().resolve("ssh.config") + " lima-" + instance.name() + "`.");
        invocation.out().print(text(format, instance, lines));
        return 0;
    }

    /** Keys and values of the file; what names the host is left out. */
    private static List<String[]> lines(Instance instance) {
        Path file = instance.directory().resolve("ssh.config");
        try {
            return Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(l -> !l.isEmpty() && !l.startsWith("#") && !l.startsWith("Host "))
                    .map(l -> l.split(" ", 2))
                    .filter(l -> l.length == 2)
                    .toList();
        } catch (NoSuchFileException e) {
            GuestTarget.refuseBroken(instance);
            throw new LimaException(
                    "instance `" + instance.name() + "` has no ssh.config yet",
                    "It gets one at its first start: limactl start " + instance.name());
        } catch (IOException e) {
            throw new LimaException("cannot read " + file, e);
        }
    }

    private static String text(String format, Instance instance, List<String[]> lines) {
        String host = "lima-" + instance.name();
        String words = lines.stream()
                .map(l -> l[0] + "=" + l[1])
                .map(o -> "-o " + (o.contains("\"") ? "'" + o + "'" : o))
                .collect(Collectors.joining(" "));
        return switch (format) {
            case "args" -> words + "\n";
            case "options" -> lines.stream().map(l -> l[0] + "=" + l[1] + "\n").collect(Collectors.joining());
            case "config" ->
                "Host " + host + "\n"
                        + lines.stream()
                                .map(l -> "  " + l[0] + " " + l[1] + "\n")
                                .collect(Collectors.joining());
            default -> "ssh -F /dev/null " + words + " " + host + "\n";
        };
    }
}
