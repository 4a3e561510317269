// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.guest.PortForwards;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** {@code limactl port list}: what listens in a guest, and why it is or is not on the host. */
@Component(service = Command.class)
public final class PortListCommand implements Command {
    private static final int COLUMN_GAP = 4;

    private final Instances instances;
    private volatile @Nullable PortForwards forwards;

    @Activate
    public PortListCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void setPortForwards(PortForwards service) {
        forwards = service;
    }

    void unsetPortForwards(PortForwards service) {
        if (forwards == service) {
            forwards = null;
        }
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("port list", Group.ADVANCED, "List what listens in a guest and where the host has it")
                .alias("ls")
                .describe("""
                        RULE names the rule that decided: an entry of portForwards in lima.yaml, counted from 0,
                        `default` for what listens on the guest's loopback or on all its addresses, or `built-in`.
                        TRANSPORT is qemu, agent or ssh. BYTES counts both directions; QEMU does not count.""")
                .takes("[INSTANCE]", 0, 1, ArgumentKind.INSTANCE)
                .with(new Option("json", null, null, "one JSON object a line"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        PortForwards service = forwards;
        if (service == null) {
            throw new LimaException(
                    "no bundle for port forwards is installed", "Install io.jlima.portforward (limactl console)");
        }
        String instance = invocation.arguments().isEmpty()
                ? "default"
                : invocation.arguments().getFirst();
        GuestTarget.running(instances, instance);
        List<Entry> entries = new ArrayList<>(service.list(instance));
        entries.sort(Comparator.comparing((Entry e) -> e.guest().port())
                .thenComparing(e -> e.guest().toString()));
        String blindness = service.blindness(instance);
        if (blindness != null) {
            invocation.log().warn(blindness);
        }
        if (invocation.has("json")) {
            entries.forEach(e -> invocation.out().println(Json.compact(json(e))));
        } else if (!entries.isEmpty()) {
            invocation.out().print(table(entries));
        }
        return 0;
    }

    private static Map<String, @Nullable Object> json(Entry entry) {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        members.put("protocol", entry.guest().protocol().name().toLowerCase(Locale.ROOT));
        members.put("guest", address(entry));
        members.put("rule", entry.rule());
        members.put("state", entry.state().name().toLowerCase(Locale.ROOT));
        members.put("host", entry.host());
        members.put("reverse", entry.reverse());
        members.put("transport", entry.transport());
        members.put("bytes", entry.bytes().isPresent() ? entry.bytes().getAsLong() : null);
        members.put("reason", entry.reason());
        return members;
    }

    /** The guest's side without the word for its kind. */
    private static String address(Entry entry) {
        String text = entry.guest().toString();
        return text.substring(text.indexOf(' ') + 1);
    }

    private static String table(List<Entry> entries) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("GUEST", "RULE", "HOST", "TRANSPORT", "BYTES", "REASON"));
        for (Entry entry : entries) {
            String host = Objects.requireNonNullElse(entry.host(), "-");
            rows.add(List.of(
                    entry.guest().toString(),
                    entry.rule(),
                    entry.reverse() ? "to " + host : host,
                    Objects.requireNonNullElse(entry.transport(), "-"),
                    entry.bytes().isPresent() ? Long.toString(entry.bytes().getAsLong()) : "-",
                    Objects.requireNonNullElse(entry.reason(), "")));
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                int at = column;
                int width =
                        rows.stream().mapToInt(r -> r.get(at).length()).max().orElse(0);
                line.append(row.get(column))
                        .repeat(' ', width + COLUMN_GAP - row.get(column).length());
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
