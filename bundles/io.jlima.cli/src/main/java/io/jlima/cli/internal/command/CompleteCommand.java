// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * {@code limactl __complete WORDS… LAST}: what can stand in place of the last word, one candidate a line with its
 * description after a tab, and a last line {@code :N} of hints as cobra's scripts know them (4: no file names).
 */
@Component(service = Command.class)
public final class CompleteCommand implements Command {
    private static final String NAME = "__complete";
    private static final int NO_FILES = 4;
    private static final int FILES = 0;

    private final Instances instances;
    private final Creation creation;
    private final Map<Command, CommandSpec> others = new ConcurrentHashMap<>();

    @Activate
    public CompleteCommand(@Reference Instances instances, @Reference Creation creation) {
        this.instances = instances;
        this.creation = creation;
    }

    /** This command is found here like any other, so its own specification must not need anything. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addCommand(Command command) {
        others.put(command, command.spec());
    }

    void removeCommand(Command command) {
        others.remove(command);
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of(NAME, Group.HIDDEN, "Answer a completion request")
                .takes("WORD...", 1, Integer.MAX_VALUE, ArgumentKind.OTHER)
                .flagsEnd();
    }

    @Override
    public int run(Invocation invocation) {
        List<String> words = invocation.arguments();
        String last = words.getLast();
        boolean files = false;
        Stream<String> candidates;
        if (words.size() == 1) {
            candidates = others.values().stream()
                    .filter(s -> s.group() != Group.HIDDEN)
                    .map(s -> s.name() + "\t" + s.summary());
        } else {
            CommandSpec spec = others.values().stream()
                    .filter(s ->
                            s.name().equals(words.getFirst()) || s.aliases().contains(words.getFirst()))
                    .findFirst()
                    .orElse(null);
            if (spec == null) {
                candidates = Stream.empty();
            } else if (last.startsWith("-")) {
                candidates = spec.options().stream().map(o -> "--" + o.name() + "\t" + o.help());
            } else {
                candidates = arguments(spec, invocation, words.size());
                files = spec.argumentKind() == ArgumentKind.INSTANCE_OR_TEMPLATE
                        || spec.argumentKind() == ArgumentKind.OTHER;
            }
        }
        StringBuilder text = new StringBuilder();
        candidates
                .filter(c -> c.startsWith(last))
                .sorted()
                .forEach(c -> text.append(c).append('\n'));
        invocation.out().print(text.append(':').append(files ? FILES : NO_FILES).append('\n'));
        return 0;
    }

    private Stream<String> arguments(CommandSpec spec, Invocation invocation, int position) {
        Stream<String> names = instances.list().stream().map(CompleteCommand::described);
        return switch (spec.argumentKind()) {
            // After the instance, shell takes a command of the guest, of which nothing is known here.
            case INSTANCE -> spec.flagsEndAtFirstArgument() && position > 2 ? Stream.empty() : names;
            case INSTANCE_OR_TEMPLATE ->
                Stream.concat(
                        names,
                        creation.templateNames(invocation.caller()).stream().map(t -> "template:" + t));
            case NONE -> Stream.empty();
            case OTHER ->
                spec.arguments().contains(" | ") ? Stream.of(spec.arguments().split(" \\| ")) : Stream.empty();
        };
    }

    private static String described(Instance instance) {
        return instance.name() + "\t" + instance.status().word();
    }
}
