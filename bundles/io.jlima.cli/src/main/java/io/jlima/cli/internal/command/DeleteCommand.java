// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl delete}. */
@Component(service = Command.class)
public final class DeleteCommand implements Command {
    private final Instances instances;

    @Activate
    public DeleteCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("delete", Group.BASIC, "Delete instances and their disks")
                .alias("remove", "rm")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .with(new Option("force", "f", null, "even if the instance runs; its machine is ended first"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        List<String> failures = new ArrayList<>();
        for (String name : invocation.arguments()) {
            try {
                if (!invocation.has("force") && instances.find(name).isPresent()) {
                    GuestTarget.withConfiguration(instances, name);
                }
                if (instances.delete(name, invocation.has("force"), invocation.log())) {
                    invocation
                            .log()
                            .info("Deleted `" + name + "` (`" + instances.home().resolve(name) + "`)");
                } else {
                    invocation.log().warn("Ignoring non-existent instance `" + name + "`");
                }
            } catch (LimaException e) {
                if (invocation.arguments().size() == 1) {
                    throw e;
                }
                failures.add(name + ": " + e.getMessage());
            }
        }
        if (!failures.isEmpty()) {
            throw new LimaException("some instances were not deleted", String.join("\n", failures), null, null);
        }
        return 0;
    }
}
