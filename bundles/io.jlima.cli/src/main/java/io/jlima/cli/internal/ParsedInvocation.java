// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.command.Invocation;
import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A caller's words after parsing, with the caller's streams. */
final class ParsedInvocation implements Invocation {
    private final Caller caller;
    private final CommandLine line;
    private final LogLines log;

    ParsedInvocation(Caller caller, CommandLine line, LogLines log) {
        if (line.has("yes") && line.has("tty")) {
            throw new LimaException("cannot use both --tty and --yes", "Give one of them");
        }
        this.caller = caller;
        this.line = line;
        this.log = log;
    }

    @Override
    public List<String> arguments() {
        return line.arguments();
    }

    @Override
    public boolean has(String option) {
        return line.has(option);
    }

    @Override
    public Optional<String> value(String option) {
        return line.value(option);
    }

    @Override
    public List<String> values(String option) {
        return List.copyOf(line.options().getOrDefault(option, List.of()));
    }

    @Override
    public HostEnvironment caller() {
        return caller.environment();
    }

    @Override
    public InputStream in() {
        return caller.in();
    }

    @Override
    public PrintStream out() {
        return caller.out();
    }

    @Override
    public PrintStream err() {
        return caller.err();
    }

    @Override
    public Progress log() {
        return log;
    }

    @Override
    public Streams streams() {
        return caller.streams();
    }

    @Override
    public AutoCloseable rawTerminal() {
        return caller.rawTerminal();
    }

    @Override
    public void onResize(Consumer<Terminal> listener) {
        caller.onResize(listener);
    }

    @Override
    public void onSignal(Consumer<String> listener) {
        caller.onSignal(listener);
    }

    @Override
    public boolean interactive() {
        return line.value("tty")
                .map("true"::equals)
                .orElse(!line.has("yes") && caller.streams().outTerminal());
    }
}
