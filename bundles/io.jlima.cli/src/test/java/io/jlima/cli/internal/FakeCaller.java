// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.command.Invocation.Streams;
import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A caller whose output is kept. */
final class FakeCaller implements Caller {
    final ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    final ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    final Map<String, String> variables = new HashMap<>(Map.of("HOME", "/home/jane", "TZ", "UTC"));
    Streams streams = new Streams(false, false, false, 0, 0);
    boolean interrupted;
    private final List<String> words;
    private final PrintStream out = new PrintStream(outBytes, true, StandardCharsets.UTF_8);
    private final PrintStream err = new PrintStream(errBytes, true, StandardCharsets.UTF_8);

    FakeCaller(String... words) {
        this.words = List.of(words);
    }

    String outText() {
        return outBytes.toString(StandardCharsets.UTF_8);
    }

    String errText() {
        return errBytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public List<String> words() {
        return words;
    }

    @Override
    public HostEnvironment environment() {
        return new HostEnvironment(variables, Path.of("/"), 022);
    }

    @Override
    public Streams streams() {
        return streams;
    }

    @Override
    public InputStream in() {
        return InputStream.nullInputStream();
    }

    @Override
    public PrintStream out() {
        return out;
    }

    @Override
    public PrintStream err() {
        return err;
    }

    @Override
    public AutoCloseable rawTerminal() {
        return () -> {};
    }

    @Override
    public void onResize(Consumer<Terminal> listener) {}

    @Override
    public void onSignal(Consumer<String> listener) {}

    @Override
    public void catchSignals() {}

    @Override
    public boolean interrupted() {
        return interrupted;
    }
}
