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
import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.Sizes;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl list}. */
@Component(service = Command.class)
public final class ListCommand implements Command {
    private static final int COLUMN_GAP = 4;

    private final Instances instances;

    @Activate
    public ListCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("list", Group.BASIC, "List instances")
                .alias("ls")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .with(
                        new Option("format", "f", "FORMAT", "table or json (default table)"),
                        new Option("json", null, null, "one JSON object a line, the same as --format json"),
                        new Option("quiet", "q", null, "names only"));
    }

    @Override
    public int run(Invocation invocation) {
        String format = format(invocation);
        List<Instance> shown = new ArrayList<>();
        List<String> unmatched = new ArrayList<>();
        if (invocation.arguments().isEmpty()) {
            shown.addAll(instances.list());
        }
        for (String name : invocation.arguments()) {
            instances.find(name).ifPresentOrElse(shown::add, () -> unmatched.add(name));
        }
        unmatched.forEach(name -> invocation.log().warn("No instance matching " + name + " found."));
        if (shown.isEmpty() && invocation.arguments().isEmpty()) {
            invocation.log().warn("No instance found. Run `limactl create` to create an instance.");
            return 0;
        }
        StringBuilder text = new StringBuilder();
        if (invocation.has("quiet")) {
            shown.forEach(i -> text.append(i.name()).append('\n'));
        } else if (format.equals("json")) {
            shown.forEach(i -> text.append(Json.compact(InstanceJson.of(i))).append('\n'));
        } else if (!shown.isEmpty()) {
            shown.stream()
                    .filter(i -> !i.errors().isEmpty())
                    .forEach(i -> invocation
                            .log()
                            .warn("instance `" + i.name() + "` has errors: " + String.join("; ", i.errors())));
            text.append(table(shown, invocation.caller().home().toString()));
        }
        invocation.out().print(text);
        if (!unmatched.isEmpty()) {
            throw new LimaException("unmatched instances");
        }
        return 0;
    }

    private static String format(Invocation invocation) {
        if (invocation.has("json") && invocation.value("format").isPresent()) {
            throw new LimaException("option --json conflicts with option --format", "Give one of them");
        }
        String format =
                invocation.has("json") ? "json" : invocation.value("format").orElse("table");
        if (!format.equals("json") && !format.equals("table")) {
            throw new LimaException("unsupported format `" + format + "`", "Use table or json");
        }
        if (invocation.has("quiet") && !format.equals("table")) {
            throw new LimaException("option --quiet can only be used with '--format table'", "Leave one of them out");
        }
        return format;
    }

    private static String table(List<Instance> shown, String home) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NAME", "STATUS", "SSH", "VMTYPE", "ARCH", "CPUS", "MEMORY", "DISK", "DIR"));
        for (Instance i : shown) {
            String directory = i.directory().toString();
            rows.add(List.of(
                    i.name(),
                    i.status().word(),
                    "127.0.0.1:" + i.sshPort(),
                    i.vmType(),
                    i.arch().word(),
                    Integer.toString(i.config() == null ? 0 : i.config().cpus()),
                    Sizes.text(i.config() == null ? 0 : i.config().memory()),
                    Sizes.text(i.config() == null ? 0 : i.config().disk()),
                    directory.startsWith(home + "/") ? "~" + directory.substring(home.length()) : directory));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                int at = column;
                int width =
                        rows.stream().mapToInt(r -> r.get(at).length()).max().orElse(0);
                boolean last = column == row.size() - 1;
                text.append(row.get(column))
                        .repeat(
                                ' ',
                                last ? 0 : width + COLUMN_GAP - row.get(column).length());
            }
            text.append('\n');
        }
        return text.toString();
    }
}
