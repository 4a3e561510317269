// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.edit.EditFlags;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl create}: makes an instance without starting it. */
@Component(service = Command.class)
public final class CreateCommand implements Command {
    static final Option NAME = new Option("name", null, "NAME", "name of the instance");
    static final Option LIST_TEMPLATES =
            new Option("list-templates", null, null, "print the names of all templates and do nothing else");

    static final Option LIST_DRIVERS =
            new Option("list-drivers", null, null, "print the names of all hypervisors and do nothing else");

    private final Creation creation;

    @Activate
    public CreateCommand(@Reference Creation creation) {
        this.creation = creation;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("create", Group.BASIC, "Create an instance")
                .describe("""
                    The argument is a template (template:debian), a YAML file, or - for standard input; without one it
                    is template:default. The image is fetched and the disk is made, so that a later start needs no
                    network. When anything fails nothing is left behind.\
                    """)
                .takes("[NAME | template:NAME | FILE.yaml | -]", 0, 1, ArgumentKind.TEMPLATE)
                .with(EditFlags.with(EditFlags.forCreation(), NAME, LIST_TEMPLATES, LIST_DRIVERS));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        if (creation.lists(invocation)) {
            return 0;
        }
        String name = creation.create(invocation);
        invocation.log().info("Run `limactl start " + name + "` to start the instance.");
        return 0;
    }
}
