// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl template url}: what a locator stands for. */
@Component(service = Command.class)
public final class TemplateUrlCommand implements Command {
    private static final String STORE = "template:";

    private final Texts texts;

    @Activate
    public TemplateUrlCommand(@Reference Texts texts) {
        this.texts = texts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("template url", Group.ADVANCED, "Show what the name of a template stands for")
                .takes("TEMPLATE", 1, 1, ArgumentKind.TEMPLATE);
    }

    @Override
    public int run(Invocation invocation) {
        String word = invocation.arguments().getFirst();
        // As in Lima, the store of templates is no scheme that would be translated.
        invocation
                .out()
                .println(
                        word.startsWith(STORE)
                                ? STORE + word.substring(STORE.length()).replaceFirst("^//", "")
                                : texts.url(word, invocation));
        return 0;
    }
}
