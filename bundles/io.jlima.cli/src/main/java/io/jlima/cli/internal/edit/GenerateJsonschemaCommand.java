// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.cli.internal.Json;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl generate-jsonschema}: the JSON Schema of lima.yaml, made of what the reader of such files knows. */
@Component(service = Command.class)
public final class GenerateJsonschemaCommand implements Command {
    private static final int INDENT = 2;

    private final Texts texts;

    @Activate
    public GenerateJsonschemaCommand(@Reference Texts texts) {
        this.texts = texts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("generate-jsonschema", Group.HIDDEN, "Print the JSON Schema of lima.yaml")
                .alias("generate-schema")
                .describe("""
                    Editors find a schema by a comment in the first line of a file:

                      # yaml-language-server: $schema=lima.schema.json

                    The files named are checked as `limactl validate` does it.\
                    """)
                .takes("[FILE.yaml...]", 0, Integer.MAX_VALUE, ArgumentKind.FILE)
                .with(new Option("schemafile", null, "FILE", "write the schema to this file"));
    }

    @Override
    public int run(Invocation invocation) {
        String schema = Json.pretty(texts.reader().schema(), INDENT) + "\n";
        invocation
                .value("schemafile")
                .ifPresentOrElse(
                        file -> TextFiles.create(invocation.caller().resolve(file), schema, invocation.caller()),
                        () -> invocation.out().print(schema));
        invocation.out().flush();
        for (String file : invocation.arguments()) {
            texts.resolve(texts.find(file, invocation, Embed.ALL), invocation);
            invocation.log().info("`" + file + "`: OK");
        }
        return 0;
    }
}
