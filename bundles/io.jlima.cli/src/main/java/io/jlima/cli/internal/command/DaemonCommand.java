// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.DaemonControl;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl daemon}: the process that answers all commands. */
@Component(service = Command.class)
public final class DaemonCommand implements Command {
    /** What of the log is shown; the file itself is named for the rest. */
    private static final int TAIL = 16384;

    private final Instances instances;
    private final DaemonControl daemon;

    @Activate
    public DaemonCommand(@Reference Instances instances, @Reference DaemonControl daemon) {
        this.instances = instances;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("daemon", Group.ADVANCED, "Look at, stop or restart the daemon; machines run on")
                .describe("""
                        status   what it is and which machines it looks after
                        stop     end it; the next command starts a new one, which finds all machines again
                        restart  the same, and start the new one at once
                        log      the end of its log""")
                .takes("status | stop | restart | log", 1, 1, ArgumentKind.OTHER)
                .with(new Option("all", null, null, "with log: the whole log"));
    }

    @Override
    public int run(Invocation invocation) throws IOException {
        String word = invocation.arguments().getFirst();
        if (invocation.has("all") && !word.equals("log")) {
            throw new LimaException("--all goes with `limactl daemon log` only", "Leave it out");
        }
        switch (word) {
            case "status" -> status(invocation);
            case "stop", "restart" -> daemon.stop();
            case "log" -> log(invocation);
            default ->
                throw new LimaException(
                        "unknown word `" + word + "` for `limactl daemon`", "Use status, stop, restart or log");
        }
        return 0;
    }

    private void status(Invocation invocation) {
        String running = instances.list().stream()
                .filter(i -> i.status() != Status.STOPPED && i.status() != Status.BROKEN)
                .map(Instance::name)
                .collect(Collectors.joining(", "));
        invocation.out().println("version:   " + daemon.version());
        invocation.out().println("pid:       " + ProcessHandle.current().pid());
        invocation.out().println("started:   " + daemon.started());
        invocation.out().println("LIMA_HOME: " + instances.home());
        invocation.out().println("log:       " + logFile());
        invocation.out().println("machines:  " + (running.isEmpty() ? "none" : running));
    }

    private Path logFile() {
        return instances.home().resolve("_daemon/log");
    }

    private void log(Invocation invocation) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(logFile().toFile(), "r")) {
            if (!invocation.has("all") && file.length() > TAIL) {
                file.seek(file.length() - TAIL);
                file.readLine();
            }
            byte[] buffer = new byte[TAIL];
            int count;
            while ((count = file.read(buffer)) > 0) {
                invocation.out().write(buffer, 0, count);
            }
        } catch (IOException e) {
            throw new LimaException("cannot read the daemon's log", e);
        }
        invocation.out().write("".getBytes(StandardCharsets.UTF_8));
    }
}
