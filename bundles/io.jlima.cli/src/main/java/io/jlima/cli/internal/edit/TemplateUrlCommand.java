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
        invocation.out().println(texts.url(invocation.arguments().getFirst(), invocation));
        return 0;
    }
}
