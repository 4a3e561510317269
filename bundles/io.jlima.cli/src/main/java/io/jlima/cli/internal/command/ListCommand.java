// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.Expressions;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** {@code limactl list}. */
@Component(service = Command.class)
public final class ListCommand implements Command {
    private final Instances instances;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable Expressions expressions;

    @Activate
    public ListCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("list", Group.BASIC, "List instances")
                .alias("ls")
                .describe("""
                        A format with {{ in it is a Go template with the fields of --list-fields and the functions json,
                        yaml, indent and missing, for example: limactl list --format '{{.Name}}: {{.Status}}'""")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .with(
                        new Option("format", "f", "FORMAT", "table, json, yaml or a template (default table)")
                                .oneOf("table", "json", "yaml", "{{.Name}}"),
                        new Option("json", null, null, "one JSON object a line, the same as --format json"),
                        new Option("quiet", "q", null, "names only"),
                        new Option("all-fields", null, null, "all columns, however narrow the terminal is"),
                        new Option("list-fields", null, null, "print the names of all fields and do nothing else"),
                        new Option("filter", "l", "EXPR", "only instances of which this is true; may be repeated"),
                        new Option("yq", null, "EXPR", "print what this selects of each instance; may be repeated"));
    }

    @Override
    public int run(Invocation invocation) {
        if (invocation.has("list-fields")) {
            for (String other : List.of("format", "yq", "filter", "quiet")) {
                if (invocation.value(other).isPresent()) {
                    throw new LimaException(
                            "option --list-fields conflicts with option --" + other, "Give one of them");
                }
            }
            InstanceFields.names().forEach(invocation.out()::println);
            return 0;
        }
        ListOutput output = new ListOutput(invocation);
        List<Instance> found = new ArrayList<>();
        List<String> unmatched = new ArrayList<>();
        if (invocation.arguments().isEmpty()) {
            found.addAll(instances.list());
        }
        for (String name : invocation.arguments()) {
            instances.find(name).ifPresentOrElse(found::add, () -> unmatched.add(name));
        }
        unmatched.forEach(name -> invocation.log().warn("No instance matching " + name + " found."));
        if (found.isEmpty() && invocation.arguments().isEmpty()) {
            invocation.log().warn("No instance found. Run `limactl create` to create an instance.");
            return 0;
        }
        List<Instance> shown =
                found.stream().filter(i -> isWanted(i, invocation)).toList();
        String text = output.text(shown, this::evaluate);
        if (output.isTable()) {
            shown.stream()
                    .filter(i -> !i.errors().isEmpty())
                    .forEach(i -> invocation
                            .log()
                            .warn("instance `" + i.name() + "` has errors: " + String.join("; ", i.errors())));
        }
        invocation.out().print(text);
        if (!unmatched.isEmpty()) {
            throw new LimaException("unmatched instances");
        }
        return 0;
    }

    private boolean isWanted(Instance instance, Invocation invocation) {
        return invocation.values("filter").stream()
                .noneMatch(filter -> evaluate("select(" + filter + ")", InstanceJson.of(instance))
                        .isEmpty());
    }

    private List<@Nullable Object> evaluate(String expression, @Nullable Object tree) {
        Expressions there = expressions;
        if (there == null) {
            throw new LimaException(
                    "no bundle for expressions is installed", "Install it again (limactl console 'install …')");
        }
        return there.evaluate(expression, tree);
    }
}
