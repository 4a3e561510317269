// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnection.Terminal;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code limactl shell}: a shell or a command in the guest, over the instance's kept connection. */
@Component(service = Command.class)
public final class ShellCommand implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(ShellCommand.class);

    private final Instances instances;

    @Activate
    public ShellCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("shell", Group.BASIC, "Run a shell, or one command, in an instance")
                .describe("""
                        Starts in the directory of the guest that mirrors the current one, if a mount covers it. Leading
                        words such as A=b set variables for the command. The exit code is the command's.""")
                .takes("NAME [COMMAND...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .flagsEnd()
                .with(
                        new Option("instance", null, "NAME", "the instance; all arguments are the command then"),
                        new Option("shell", null, "PATH", "shell of the guest to use instead of the user's"),
                        new Option("workdir", null, "DIR", "directory of the guest to start in"),
                        new Option("start", null, null, "start the instance if it is stopped"));
    }

    @Override
    public int run(Invocation invocation) throws Exception {
        List<String> words = invocation.arguments();
        Optional<String> named = invocation.value("instance");
        if (named.isEmpty() && words.isEmpty()) {
            throw new LimaException("requires instance name as first argument", "For example: limactl shell default");
        }
        String name = named.orElseGet(words::getFirst);
        List<String> command = named.isPresent() ? words : words.subList(1, words.size());
        if (named.isEmpty() && !command.isEmpty() && command.getFirst().equals("--")) {
            command = command.subList(1, command.size());
        }
        Instance instance = running(name, invocation);
        InstanceConfig config = instance.config();
        String shell = invocation
                .value("shell")
                .orElse(config == null ? "" : config.user().shell());
        String script =
                directory(invocation, config) + " ; exec " + (shell.isEmpty() ? "\"$SHELL\"" : Words.quote(shell))
                        + " -l" + (command.isEmpty() ? "" : " -c " + Words.quote(Words.commandLine(command)));
        return run(invocation, instances.connection(name), script);
    }

    private Instance running(String name, Invocation invocation) throws InterruptedException {
        Instance instance = instances
                .find(name)
                .orElseThrow(() -> new LimaException("instance `" + name + "` does not exist, run `limactl create "
                        + name + "` to create a new instance"));
        if (instance.status() == Status.STOPPED && invocation.has("start")) {
            instances.start(name, Durations.parse("10m"), invocation.caller(), invocation.log());
        } else if (instance.status() == Status.STOPPED) {
            throw new LimaException(
                    "instance `" + name + "` is stopped, run `limactl start " + name + "` to start the instance");
        }
        return instance;
    }

    /** The command that enters the right directory; which one that is, the mounts' host side decides. */
    private static String directory(Invocation invocation, @Nullable InstanceConfig config) {
        Optional<String> wanted = invocation.value("workdir");
        if (wanted.isPresent()) {
            return "cd " + Words.quote(wanted.get()) + " || exit 1";
        }
        Path current = invocation.caller().workingDirectory();
        Path home = invocation.caller().home();
        // The home directory is only a place to fall back to; that a guest user may not enter it is no news.
        String goHome = "cd " + Words.quote(home.toString()) + " 2>/dev/null";
        if (config != null && isMounted(current, config)) {
            return "cd " + Words.quote(current.toString()) + " || " + goHome;
        }
        return config != null && isMounted(home, config) ? goHome : "false";
    }

    private static boolean isMounted(Path path, InstanceConfig config) {
        return config.mounts().stream().anyMatch(m -> real(path).startsWith(real(Path.of(m.location()))));
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }

    private static int run(Invocation invocation, SshConnection connection, String script) throws Exception {
        var streams = invocation.streams();
        boolean terminal = streams.inTerminal() && streams.outTerminal();
        Terminal size = terminal
                ? new Terminal(invocation.caller().variable("TERM").orElse("dumb"), streams.columns(), streams.rows())
                : null;
        Map<String, String> variables = invocation
                .caller()
                .variable("COLORTERM")
                .map(c -> Map.of("COLORTERM", c))
                .orElse(Map.of());
        try (SshProcess process = connection.start(script, size, variables);
                AutoCloseable raw = terminal ? invocation.rawTerminal() : () -> {}) {
            invocation.onResize(t -> resize(process, t));
            Thread input = Thread.ofVirtual().name("shell-in").start(() -> pumpInput(invocation, process));
            Thread errors = Thread.ofVirtual().name("shell-err").start(() -> pump(process.stderr(), invocation.err()));
            pump(process.stdout(), invocation.out());
            errors.join();
            int code = process.waitFor();
            input.interrupt();
            LOG.debug("Shell ended with {}, terminal {}", code, raw);
            return code;
        }
    }

    private static void pumpInput(Invocation invocation, SshProcess process) {
        try (OutputStream stdin = process.stdin()) {
            copy(invocation.in(), stdin);
        } catch (IOException e) {
            LOG.debug("Input of a shell ends", e);
        }
    }

    private static void pump(InputStream from, OutputStream to) {
        try {
            copy(from, to);
        } catch (IOException e) {
            LOG.debug("Output of a shell ends", e);
        }
    }

    /** Flushes after each piece: somebody may be waiting for a prompt. */
    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[32768];
        int count;
        while ((count = from.read(buffer)) >= 0) {
            to.write(buffer, 0, count);
            to.flush();
        }
    }

    private static void resize(SshProcess process, Terminal size) {
        try {
            process.resize(size.columns(), size.rows());
        } catch (IOException e) {
            LOG.debug("A shell's terminal was not resized", e);
        }
    }
}
