// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.GogoBridge;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl console}: the Gogo shell of the running framework, where bundles come and go. */
@Component(service = Command.class)
public final class ConsoleCommand implements Command {
    private final CommandProcessor processor;

    @Activate
    public ConsoleCommand(@Reference CommandProcessor processor) {
        this.processor = processor;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("console", Group.ADVANCED, "Open the Gogo shell of the running framework")
                .describe("""
                        Without arguments lines are read from standard input until its end or `exit`. With arguments they
                        are one line, for example: limactl console lb; limactl console 'install file:/tmp/driver.jar'""")
                .takes("[COMMAND...]", 0, Integer.MAX_VALUE, ArgumentKind.OTHER)
                .flagsEnd();
    }

    @Override
    public int run(Invocation invocation) throws IOException {
        boolean single = !invocation.arguments().isEmpty();
        var in = single ? java.io.InputStream.nullInputStream() : invocation.in();
        try (CommandSession session = processor.createSession(in, invocation.out(), invocation.err())) {
            session.put(GogoBridge.ENVIRONMENT, invocation.caller());
            // `start` and `stop` are the framework's words here, `lima:start` is ours: nobody should make a machine by
            // a number that was meant for a bundle.
            session.put("SCOPE", "felix:gogo:lima:*");
            if (single) {
                return execute(session, String.join(" ", invocation.arguments()), invocation) ? 0 : 1;
            }
            BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            boolean good = true;
            while (true) {
                if (invocation.streams().inTerminal()) {
                    invocation.out().print("g! ");
                    invocation.out().flush();
                }
                String line = lines.readLine();
                if (line == null || line.strip().equals("exit")) {
                    return good ? 0 : 1;
                }
                if (!line.isBlank()) {
                    good = execute(session, line, invocation);
                }
            }
        }
    }

    private static boolean execute(CommandSession session, String line, Invocation invocation) {
        try {
            Object result = session.execute(line);
            String text = result == null ? "" : String.valueOf(session.format(result, Converter.INSPECT));
            if (!text.isBlank()) {
                invocation.out().println(text);
            }
            return true;
        } catch (Exception e) {
            invocation.err().println(e.getMessage() == null ? e : e.getMessage());
            return false;
        } finally {
            invocation.out().flush();
            invocation.err().flush();
        }
    }
}
