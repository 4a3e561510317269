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

/** {@code limactl stop}. */
@Component(service = Command.class)
public final class StopCommand implements Command {
    private final Instances instances;

    @Activate
    public StopCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("stop", Group.BASIC, "Stop instances")
                .describe("Asks the guest to power off and waits until its machine is gone.")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .with(new Option("force", "f", null, "end the machine at once, without asking the guest"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        List<String> names = invocation.arguments().isEmpty() ? List.of("default") : invocation.arguments();
        List<String> failures = new ArrayList<>();
        for (String name : names) {
            try {
                if (!invocation.has("force")) {
                    GuestTarget.sound(instances, name);
                }
                instances.stop(name, invocation.has("force"), invocation.log());
            } catch (LimaException e) {
                if (names.size() == 1) {
                    throw e;
                }
                failures.add(name + ": " + e.getMessage());
            }
        }
        if (!failures.isEmpty()) {
            throw new LimaException("some instances were not stopped", String.join("\n", failures), null, null);
        }
        return 0;
    }
}
