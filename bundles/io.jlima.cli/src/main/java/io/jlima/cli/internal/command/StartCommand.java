// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.edit.EditFlags;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl start}: creates the instance if need be, starts it, and waits until it is ready. */
@Component(service = Command.class)
public final class StartCommand implements Command {
    private final Instances instances;
    private final Creation creation;
    private final ReadyMessage ready;
    private final Foreground foreground;

    @Activate
    public StartCommand(
            @Reference Instances instances,
            @Reference Creation creation,
            @Reference ReadyMessage ready,
            @Reference Foreground foreground) {
        this.instances = instances;
        this.creation = creation;
        this.ready = ready;
        this.foreground = foreground;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("start", Group.BASIC, "Start an instance, and create it first if there is none")
                .describe("""
                    Without an argument the instance is "default". An argument as for `limactl create` makes a new
                    instance of a template and starts that. Interrupting a start before the machine runs cancels it;
                    after that the machine goes on booting.\
                    """)
                .takes("[NAME | template:NAME | FILE.yaml | -]", 0, 1, ArgumentKind.INSTANCE_OR_TEMPLATE)
                .with(EditFlags.with(
                        EditFlags.forCreation(),
                        CreateCommand.NAME,
                        CreateCommand.LIST_TEMPLATES,
                        CreateCommand.LIST_DRIVERS,
                        new Option("foreground", null, null, "stay until the instance stops; a signal stops it"),
                        new Option("progress", null, null, "accepted for old scripts: progress is always shown"),
                        new Option(
                                "timeout",
                                null,
                                "DURATION",
                                "how long to wait, for example 10m or 90s (default 10m)")));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        if (creation.lists(invocation)) {
            return 0;
        }
        var timeout = Durations.parse(invocation.value("timeout").orElse("10m"));
        String name = creation.existing(invocation).orElse(null);
        if (name == null) {
            name = creation.create(invocation);
        } else {
            Instance instance = instances.find(name).orElseThrow();
            if (instance.status() == Instance.Status.RUNNING) {
                if (EditFlags.given(invocation)) {
                    invocation.log().warn("The flags that edit are left out: a running instance cannot be edited");
                }
                // A start that was given up half-way has left a guest to wait for; else this returns at once.
                instances.start(name, timeout, invocation.caller(), invocation.log());
                invocation
                        .log()
                        .info("The instance `" + name + "` is already running. " + ready.shellHint(invocation, name));
                return 0;
            }
            creation.tryOut(invocation, GuestTarget.sound(instances, name));
            invocation.log().info("Using the existing instance `" + name + "`");
            creation.change(invocation, instance);
        }
        instances.start(name, timeout, invocation.caller(), invocation.log());
        ready.tell(invocation, name);
        if (invocation.has("foreground")) {
            foreground.stay(invocation, name);
        }
        return 0;
    }
}
