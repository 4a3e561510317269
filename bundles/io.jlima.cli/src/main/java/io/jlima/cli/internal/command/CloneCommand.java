// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.edit.EditFlags;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl clone}. */
@Component(service = Command.class)
public final class CloneCommand implements Command {
    private final Instances instances;
    private final Creation creation;
    private final StartNow startNow;

    @Activate
    public CloneCommand(@Reference Instances instances, @Reference Creation creation, @Reference StartNow startNow) {
        this.instances = instances;
        this.creation = creation;
        this.startNow = startNow;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("clone", Group.ADVANCED, "Make a copy of a stopped instance")
                .describe("""
                        The copy has the configuration and the disk of the old instance, and nothing in common with it
                        from then on. It is not protected, whether the old one is or not.""")
                .takes("OLD NEW", 2, 2, ArgumentKind.INSTANCE)
                .with(EditFlags.with(EditFlags.forEditing(), StartNow.START));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String from = invocation.arguments().getFirst();
        String to = invocation.arguments().getLast();
        if (from.equals(to)) {
            throw new LimaException("the new name is the old one", "Give two different names");
        }
        creation.tryOut(invocation, GuestTarget.sound(instances, from));
        instances.copy(from, to, invocation.log());
        creation.change(invocation, GuestTarget.existing(instances, to));
        startNow.offer(invocation, to);
        return 0;
    }
}
