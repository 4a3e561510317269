// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.Expressions;
import io.jlima.cli.internal.Colours;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl template yq}: asks a template with its defaults by an expression. */
@Component(service = Command.class)
public final class TemplateYqCommand implements Command {
    private final Texts texts;
    private final Expressions expressions;

    @Activate
    public TemplateYqCommand(@Reference Texts texts, @Reference Expressions expressions) {
        this.texts = texts;
        this.expressions = expressions;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("template yq", Group.ADVANCED, "Show parts of a template with its defaults")
                .describe("""
                    For example: limactl template yq template:default '.images[].location'

                    `limactl help yq-restrictions` tells what expressions can do.\
                    """)
                .takes("TEMPLATE EXPRESSION", 2, 2, ArgumentKind.TEMPLATE);
    }

    @Override
    public int run(Invocation invocation) {
        var template = texts.find(invocation.arguments().getFirst(), invocation, Embed.ALL);
        var tree = texts.resolve(template, invocation).tree();
        for (Object result : expressions.evaluate(invocation.arguments().get(1), tree)) {
            boolean scalar = !(result instanceof Map<?, ?> || result instanceof List<?>);
            invocation
                    .out()
                    .print(
                            scalar
                                    ? result + "\n"
                                    : Colours.of(invocation).yaml(texts.reader().write(result)));
        }
        invocation.out().flush();
        return 0;
    }
}
