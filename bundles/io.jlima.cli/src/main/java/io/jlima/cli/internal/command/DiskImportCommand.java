// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import java.nio.file.Path;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk import}. */
@Component(service = Command.class)
public final class DiskImportCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskImportCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk import", Group.ADVANCED, "Make a disk of a copy of an image")
                .takes("NAME FILE", 2, 2, ArgumentKind.FILE);
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        Path image = invocation.caller().resolve(invocation.arguments().getLast());
        disks.importImage(name, image, invocation.caller(), invocation.log());
        invocation.log().info("Imported " + image + " as disk `" + name + "`");
        return 0;
    }
}
