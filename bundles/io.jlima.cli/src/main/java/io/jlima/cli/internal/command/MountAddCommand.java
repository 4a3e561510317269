// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.api.instance.Mounts;
import io.jlima.api.instance.Mounts.Wanted;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl mount add}. */
@Component(service = Command.class)
public final class MountAddCommand implements Command {
    private final Instances instances;
    private final Mounts mounts;

    @Activate
    public MountAddCommand(@Reference Instances instances, @Reference Mounts mounts) {
        this.instances = instances;
        this.mounts = mounts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("mount add", Group.ADVANCED, "Show one more directory in a running guest")
                .describe("The mount is kept in lima.yaml.")
                .takes("INSTANCE DIRECTORY", 2, 2, ArgumentKind.INSTANCE)
                .with(
                        new Option("mount-point", null, "PATH", "where the guest sees it, instead of at the same path"),
                        new Option("writable", "w", null, "let the guest change it"),
                        new Option("sftp-driver", null, "WORD", "what serves it")
                                .oneOf("builtin", "openssh-sftp-server"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        List<String> words = invocation.arguments();
        GuestTarget.running(instances, words.get(0));
        String location = invocation.caller().resolve(words.get(1)).toString();
        mounts.add(
                words.get(0),
                new Wanted(
                        location,
                        invocation.value("mount-point").orElse(""),
                        invocation.has("writable"),
                        invocation.value("sftp-driver").orElse("")),
                invocation.caller());
        return 0;
    }
}
