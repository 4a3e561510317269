// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.edit.EditFlags;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl restart}: stop and start in one. */
@Component(service = Command.class)
public final class RestartCommand implements Command {
    private final Instances instances;
    private final Creation creation;
    private final ReadyMessage ready;

    @Activate
    public RestartCommand(@Reference Instances instances, @Reference Creation creation, @Reference ReadyMessage ready) {
        this.instances = instances;
        this.creation = creation;
        this.ready = ready;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("restart", Group.BASIC, "Stop an instance and start it again")
                .takes("[NAME]", 0, 1, ArgumentKind.INSTANCE)
                .with(EditFlags.with(
                        EditFlags.forEditing(),
                        new Option("progress", null, null, "accepted for old scripts: progress is always shown"),
                        new Option("force", "f", null, "end the machine at once, without asking the guest"),
                        new Option("timeout", null, "DURATION", "how long to wait for the start (default 10m)")));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().isEmpty()
                ? "default"
                : invocation.arguments().getFirst();
        var timeout = Durations.parse(invocation.value("timeout").orElse("10m"));
        Instance before = GuestTarget.sound(instances, name);
        creation.tryOut(invocation, before);
        if (before.status() == Status.STOPPED) {
            invocation.log().warn("The instance `" + name + "` is not running; starting it");
        } else {
            instances.stop(name, invocation.has("force"), invocation.log());
        }
        creation.change(invocation, GuestTarget.existing(instances, name));
        instances.start(name, timeout, invocation.caller(), invocation.log());
        ready.tell(invocation, name);
        return 0;
    }
}
