// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import io.jlima.api.instance.Instances;
import io.jlima.api.network.NetworkSettings;
import io.jlima.cli.internal.CommandLine;
import io.jlima.cli.internal.DaemonControl;
import io.jlima.cli.internal.Plugins;
import io.jlima.cli.internal.Sizes;
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
    private final Disks disks;
    private final NetworkSettings networks;
    private final DaemonControl daemon;
    private final Map<Command, CommandSpec> others = new ConcurrentHashMap<>();

    @Activate
    public CompleteCommand(
            @Reference Instances instances,
            @Reference Creation creation,
            @Reference Disks disks,
            @Reference NetworkSettings networks,
            @Reference DaemonControl daemon) {
        this.instances = instances;
        this.creation = creation;
        this.disks = disks;
        this.networks = networks;
        this.daemon = daemon;
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
        CompletionRequest request = CompletionRequest.of(invocation.arguments(), others.values());
        Stream<String> candidates;
        boolean files = false;
        if (request.option() != null) {
            candidates = values(request.option(), invocation);
            files = List.of("FILE", "DIR")
                    .contains(String.valueOf(request.option().value()));
        } else if (request.spec() == null) {
            candidates = request.last().startsWith("-")
                    ? flags(List.of())
                    : Stream.concat(commands(request.group()), plugins(request.group(), invocation));
        } else if (request.last().startsWith("-") && request.flags()) {
            candidates = flags(request.spec().options());
        } else {
            candidates = arguments(request.spec(), invocation, request);
            files = switch (request.spec().argumentKind()) {
                case INSTANCE_OR_TEMPLATE, TEMPLATE, FILE, GUEST_FILE, OTHER -> true;
                case INSTANCE, DISK, NETWORK, NONE -> false;
            };
        }
        StringBuilder text = new StringBuilder();
        candidates
                .map(c -> request.prefix() + c)
                .filter(c -> c.startsWith(request.last()))
                .sorted()
                .distinct()
                .forEach(c -> text.append(c).append('\n'));
        invocation.out().print(text.append(':').append(files ? FILES : NO_FILES).append('\n'));
        return 0;
    }

    /** Names of commands, or of a group's members. */
    private Stream<String> commands(String group) {
        int start = group.isEmpty() ? 0 : group.length() + 1;
        return others.values().stream()
                .filter(s -> s.group() != Group.HIDDEN)
                .filter(s ->
                        group.isEmpty() ? !s.name().contains(" ") : s.name().startsWith(group + " "))
                .map(s -> s.name().substring(start) + "\t" + s.summary());
    }

    private Stream<String> plugins(String group, Invocation invocation) {
        return group.isEmpty()
                ? new Plugins(invocation.caller(), daemon.prefix())
                        .list().stream().map(p -> p.name() + "\t" + p.description())
                : Stream.empty();
    }

    private static Stream<String> flags(List<Option> own) {
        return Stream.concat(own.stream(), CommandLine.GLOBAL.stream()).map(o -> "--" + o.name() + "\t" + o.help());
    }

    private Stream<String> values(Option option, Invocation invocation) {
        if (!option.choices().isEmpty()) {
            return option.choices().stream();
        }
        return switch (String.valueOf(option.value())) {
            case "INSTANCE" -> instanceNames();
            case "NETWORK" -> networks();
            case "TEMPLATE" -> templates(invocation);
            default -> Stream.empty();
        };
    }

    private Stream<String> arguments(CommandSpec spec, Invocation invocation, CompletionRequest request) {
        return switch (spec.argumentKind()) {
            // After the instance, shell takes a command of the guest, of which nothing is known here.
            case INSTANCE ->
                spec.flagsEndAtFirstArgument() && request.position() > 0 ? Stream.empty() : instanceNames();
            case INSTANCE_OR_TEMPLATE -> Stream.concat(instanceNames(), templates(invocation));
            case TEMPLATE -> templates(invocation);
            case DISK -> disks();
            case NETWORK -> networks();
            case GUEST_FILE -> instances.list().stream().map(i -> i.name() + ":");
            case NONE, FILE -> Stream.empty();
            case OTHER ->
                spec.arguments().contains(" | ") ? Stream.of(spec.arguments().split(" \\| ")) : Stream.empty();
        };
    }

    private Stream<String> instanceNames() {
        return instances.list().stream().map(i -> i.name() + "\t" + i.status().word());
    }

    private Stream<String> templates(Invocation invocation) {
        return creation.templateNames(invocation.caller()).stream().map(t -> "template:" + t);
    }

    private Stream<String> disks() {
        return disks.list().stream().map(d -> d.name() + "\t" + Sizes.text(d.size()));
    }

    private Stream<String> networks() {
        return networks.list().stream().map(n -> n.name() + "\t" + n.mode());
    }
}
