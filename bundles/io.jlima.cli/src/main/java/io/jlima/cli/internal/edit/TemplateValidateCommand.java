// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl template validate}: the same as {@code limactl validate}. */
@Component(service = Command.class)
public final class TemplateValidateCommand implements Command {
    private final Texts texts;

    @Activate
    public TemplateValidateCommand(@Reference Texts texts) {
        this.texts = texts;
    }

    @Override
    public CommandSpec spec() {
        return ValidateCommand.spec("template validate");
    }

    @Override
    public int run(Invocation invocation) {
        return ValidateCommand.validate(invocation, texts);
    }
}
