// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Resolved;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl validate}: whether templates would make instances. */
@Component(service = Command.class)
public final class ValidateCommand implements Command {
    private final Texts texts;

    @Activate
    public ValidateCommand(@Reference Texts texts) {
        this.texts = texts;
    }

    @Override
    public CommandSpec spec() {
        return spec("validate");
    }

    static CommandSpec spec(String name) {
        return CommandSpec.of(name, Group.ADVANCED, "Check templates")
                .describe("Reports everything that is wrong with a template, and ends at the first one that is.")
                .takes("TEMPLATE...", 1, Integer.MAX_VALUE, ArgumentKind.TEMPLATE)
                .with(new Option("fill", null, null, "print the configuration with its defaults"));
    }

    @Override
    public int run(Invocation invocation) {
        return validate(invocation, texts);
    }

    static int validate(Invocation invocation, Texts texts) {
        List<String> words = invocation.arguments();
        for (String word : words) {
            Resolved resolved = texts.resolve(texts.find(word, invocation, Embed.ALL), invocation);
            invocation.log().info("`" + word + "`: OK");
            if (invocation.has("fill")) {
                String text = texts.reader().write(resolved.tree());
                invocation.out().print(words.size() > 1 ? "---\n" + text + "...\n" : text);
            }
        }
        invocation.out().flush();
        return 0;
    }
}
