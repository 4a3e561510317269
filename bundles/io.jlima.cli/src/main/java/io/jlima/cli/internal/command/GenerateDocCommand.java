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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** {@code limactl generate-doc}: the manual pages of all commands there are, those of other bundles too. */
@Component(service = Command.class)
public final class GenerateDocCommand implements Command {
    private final Map<Command, CommandSpec> others = new ConcurrentHashMap<>();

    /** This command is found here like any other, so its own specification must not need anything. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addCommand(Command command) {
        others.put(command, command.spec());
    }

    void removeCommand(Command command) {
        others.remove(command);
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
            ManPages.write(List.copyOf(others.values()), directory);
        } catch (IOException e) {
            throw new LimaException("cannot write the pages to " + directory, e);
        }
        return 0;
    }
}
