// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import io.jlima.api.ssh.SshConnection;
import io.jlima.testing.Configs;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A call with given words, whose output is kept. */
public final class FakeInvocation implements Invocation {
    public final Map<String, String> options = new HashMap<>();
    public final Map<String, String> variables = new HashMap<>(Map.of("HOME", "/home/jane"));
    public final List<String> log = new ArrayList<>();
    final ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    public Path directory = Path.of("/");
    String input = "";
    Streams streams = new Streams(false, false, false, 0, 0);
    final List<String> terminal = new ArrayList<>();
    private final Map<String, List<String>> values = new HashMap<>();
    private final List<String> arguments;

    public FakeInvocation(String... arguments) {
        this.arguments = List.of(arguments);
    }

    public FakeInvocation option(String name, String value) {
        options.put(name, value);
        values.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        return this;
    }

    public String outText() {
        return outBytes.toString(StandardCharsets.UTF_8);
    }

    public static Instance instance(
            String name, Instance.Status status, Path directory, List<InstanceConfig.Mount> mounts) {
        InstanceConfig config = Configs.with("mounts", mounts);
        boolean runs = status == Instance.Status.RUNNING;
        return new Instance(
                name,
                status,
                directory,
                config,
                Map.of("cpus", 4),
                "qemu",
                null,
                Arch.X86_64,
                runs ? 60022 : 0,
                runs ? 7 : 0,
                runs ? 8 : 0,
                false,
                "2.2.0",
                List.of(),
                "");
    }

    @Override
    public List<String> arguments() {
        return arguments;
    }

    @Override
    public boolean has(String option) {
        return "true".equals(options.get(option));
    }

    @Override
    public Optional<String> value(String option) {
        return Optional.ofNullable(options.get(option));
    }

    @Override
    public List<String> values(String option) {
        return values.getOrDefault(option, value(option).stream().toList());
    }

    @Override
    public HostEnvironment caller() {
        return new HostEnvironment(variables, directory, 022);
    }

    @Override
    public InputStream in() {
        return new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public PrintStream out() {
        return new PrintStream(outBytes, true, StandardCharsets.UTF_8);
    }

    @Override
    public PrintStream err() {
        return new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    }

    @Override
    public Progress log() {
        return new Progress() {
            @Override
            public void info(String message) {
                log.add("info: " + message);
            }

            @Override
            public void warn(String message) {
                log.add("warn: " + message);
            }

            @Override
            public Task begin(String title, long total) {
                return Progress.SILENT.begin(title, total);
            }
        };
    }

    @Override
    public Streams streams() {
        return streams;
    }

    @Override
    public AutoCloseable rawTerminal() {
        terminal.add("raw");
        return () -> terminal.add("as before");
    }

    @Override
    public void onResize(Consumer<SshConnection.Terminal> listener) {}

    @Override
    public void onSignal(Consumer<String> listener) {}

    @Override
    public boolean interactive() {
        return false;
    }
}
