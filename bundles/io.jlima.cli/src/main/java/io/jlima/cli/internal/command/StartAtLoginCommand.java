// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.DaemonControl;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl start-at-login}, the older form of {@code limactl autostart}. */
@Component(service = Command.class)
public final class StartAtLoginCommand implements Command {
    private final Instances instances;
    private final DaemonControl daemon;

    @Activate
    public StartAtLoginCommand(@Reference Instances instances, @Reference DaemonControl daemon) {
        this.instances = instances;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("start-at-login", Group.HIDDEN, "Start an instance at each login, or no more")
                .describe("Deprecated; use limactl autostart.")
                .takes("[NAME]", 0, 1, ArgumentKind.INSTANCE)
                .with(new Option("enabled", null, null, "whether it is started (default true)"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        invocation
                .err()
                .println("Command \"start-at-login\" is deprecated, use `limactl autostart enable|disable` instead");
        String name = invocation.arguments().isEmpty()
                ? "default"
                : invocation.arguments().getFirst();
        if (instances.find(name).isEmpty()) {
            invocation.log().info("Instance `" + name + "` not found");
            return 0;
        }
        LoginUnit unit = new LoginUnit(name, invocation.caller(), instances.home(), daemon);
        if (invocation.value("enabled").isEmpty() || invocation.has("enabled")) {
            GuestTarget.sound(instances, name);
            unit.register(invocation);
            invocation.log().info("Instance `" + name + "` starts at each login");
        } else if (unit.isRegistered()) {
            unit.unregister(invocation);
            invocation.log().info("Instance `" + name + "` is not started at login any more");
        } else {
            invocation.log().info("Instance `" + name + "` is not started at login");
        }
        return 0;
    }
}
