// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.ManPages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code limactl generate-doc}: the manual pages of all commands there are, those of other bundles too. */
@Component(service = Command.class)
public final class GenerateDocCommand implements Command {
    private final BundleContext context;

    /** @param context where commands are looked up when they are asked for: a reference to them would be one to itself */
    @Activate
    public GenerateDocCommand(BundleContext context) {
        this.context = context;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("generate-doc", Group.HIDDEN, "Write manual pages")
                .takes("DIR", 1, 1, ArgumentKind.FILE)
                .with(new Option("type", null, "TYPE", "form of the pages: man (default man)").oneOf("man"));
    }

    @Override
    public int run(Invocation invocation) {
        String type = invocation.value("type").orElse("man");
        if (!type.equals("man")) {
            throw new LimaException("pages of type `" + type + "` cannot be made", "Use man");
        }
        Path directory = invocation.caller().resolve(invocation.arguments().getFirst());
        try {
            ManPages.write(specs(), directory);
        } catch (IOException e) {
            throw new LimaException("cannot write the pages to " + directory, e);
        }
        return 0;
    }

    private List<CommandSpec> specs() {
        List<CommandSpec> specs = new ArrayList<>();
        try {
            for (ServiceReference<Command> reference : context.getServiceReferences(Command.class, null)) {
                Command command = context.getService(reference);
                if (command != null) {
                    specs.add(command.spec());
                    context.ungetService(reference);
                }
            }
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException("no filter is none that is wrong", e);
        }
        return specs;
    }
}
