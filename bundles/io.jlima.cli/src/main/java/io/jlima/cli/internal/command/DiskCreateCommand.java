// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import io.jlima.cli.internal.Sizes;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk create}. */
@Component(service = Command.class)
public final class DiskCreateCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskCreateCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk create", Group.ADVANCED, "Make an empty disk")
                .takes("NAME", 1, 1, ArgumentKind.OTHER)
                .with(
                        new Option("size", null, "SIZE", "size of the disk, for example 10GiB; required"),
                        new Option(
                                        "format",
                                        null,
                                        "FORMAT",
                                        "qcow2, which grows as it is filled, or raw (default qcow2)")
                                .oneOf("qcow2", "raw"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        long size = ByteCount.parse(required(invocation), "size");
        String name = invocation.arguments().getFirst();
        disks.create(name, size, invocation.value("format").orElse("qcow2"), invocation.caller());
        invocation.log().info("Created disk `" + name + "` of " + Sizes.text(size));
        return 0;
    }

    static String required(Invocation invocation) {
        return invocation
                .value("size")
                .orElseThrow(() -> new LimaException(
                        "required flag(s) \"size\" not set", "Give it as --size SIZE, for example --size 10GiB"));
    }
}
