// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.cli.internal.Colours;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl template copy}: a template's text, with as much put into it as is asked for. */
@Component(service = Command.class)
public final class TemplateCopyCommand implements Command {
    private final Texts texts;

    @Activate
    public TemplateCopyCommand(@Reference Texts texts) {
        this.texts = texts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("template copy", Group.ADVANCED, "Copy a template to a file or to standard output")
                .alias("cp")
                .describe("""
                    Without flags, what the template names by relative paths is named so that the copy finds it
                    from anywhere. Comments stay.\
                    """)
                .takes("TEMPLATE [FILE.yaml | -]", 1, 2, ArgumentKind.TEMPLATE)
                .with(
                        new Option("embed", null, null, "put in the files that it names, but no template:NAME"),
                        new Option("embed-all", null, null, "put in all that it names"),
                        new Option("fill", null, null, "put in all that it names, and the defaults"),
                        new Option("verbatim", null, null, "change nothing"));
    }

    @Override
    public int run(Invocation invocation) {
        boolean more = invocation.has("embed") || invocation.has("embed-all") || invocation.has("fill");
        if (invocation.has("verbatim") && more) {
            throw new LimaException("--verbatim changes nothing, so it goes with none of the other flags");
        }
        String text = text(invocation, invocation.arguments().getFirst());
        String target =
                invocation.arguments().size() > 1 ? invocation.arguments().get(1) : "-";
        if (target.equals("-")) {
            invocation.out().print(Colours.of(invocation).yaml(text));
            invocation.out().flush();
        } else {
            TextFiles.create(invocation.caller().resolve(target), text, invocation.caller());
        }
        return 0;
    }

    private String text(Invocation invocation, String word) {
        Embed embed = invocation.has("verbatim")
                ? Embed.NOTHING
                : invocation.has("embed-all") || invocation.has("fill")
                        ? Embed.ALL
                        : invocation.has("embed") ? Embed.EXTERNAL : Embed.ABSOLUTE;
        Template template = texts.find(word, invocation, embed);
        if (!invocation.has("fill")) {
            return template.text();
        }
        return texts.reader()
                .rewrite(
                        template.text(),
                        template.source(),
                        texts.resolve(template, invocation).tree());
    }
}
