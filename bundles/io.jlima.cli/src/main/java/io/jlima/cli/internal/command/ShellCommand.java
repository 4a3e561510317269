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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl shell}: a shell or a command in the guest, over the instance's kept connection. */
@Component(service = Command.class)
public final class ShellCommand implements Command {
    /** Words that are more likely meant for limactl than for a guest. */
    private static final Set<String> OUR_WORDS = Set.of("create", "start", "delete", "shell");

    private final Instances instances;
    private final StartNow startNow;

    @Activate
    public ShellCommand(@Reference Instances instances, @Reference StartNow startNow) {
        this.instances = instances;
        this.startNow = startNow;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("shell", Group.BASIC, "Run a shell, or one command, in an instance")
                .describe("""
                        Starts in the directory of the guest that mirrors the current one, if a mount covers it. Leading
                        words such as A=b set variables for the command. The exit code is the command's. Flags end at the
                        name of the instance: what follows is the command.

                        LIMA_SHELLENV_BLOCK is a list of patterns of variables that --preserve-env leaves out, such as
                        FOO,BAR_*; with a leading + it adds to the built-in list. LIMA_SHELLENV_ALLOW exempts from it.""")
                .takes("NAME [COMMAND...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .flagsEnd()
                .with(
                        new Option("instance", null, "INSTANCE", "the instance; all arguments are the command then"),
                        new Option("shell", null, "PATH", "shell of the guest to use instead of the user's")
                                .oneOf("/bin/bash", "/bin/sh", "/usr/bin/zsh", "/usr/bin/fish"),
                        new Option("workdir", null, "GUEST-DIR", "directory of the guest to start in"),
                        new Option("reconnect", null, null, "make the connection to the guest anew first"),
                        new Option("preserve-env", null, null, "pass the environment on to the guest"),
                        new Option("start", null, null, "start the instance if it is stopped"),
                        new Option("sync", null, "DIR", "work on a copy of this directory, and copy changes back"));
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
        if (named.isEmpty() && OUR_WORDS.contains(name) && instances.find(name).isEmpty()) {
            invocation.log().warn("Perhaps you meant `limactl " + String.join(" ", words) + "`?");
        }
        // Wrong patterns are refused before anything is started for them.
        List<String> assignments = PreservedEnvironment.of(invocation);
        Optional<SyncedDirectory> synced = SyncedDirectory.wanted(invocation);
        Instance instance = running(name, invocation);
        if (invocation.has("reconnect")) {
            instances.reconnect(name);
        }
        InstanceConfig config = instance.config();
        String directory = synced.isPresent()
                ? synced.get().bring(instances, instance)
                : ShellScript.directory(invocation, config == null ? List.of() : config.mounts());
        String shell = invocation
                .value("shell")
                .orElse(config == null ? "" : config.user().shell());
        boolean terminal =
                invocation.streams().inTerminal() && invocation.streams().outTerminal();
        boolean quick = invocation.value("shell").isEmpty()
                && assignments.isEmpty()
                && QuickLogin.suits(shell, command, terminal);
        String line = quick
                ? QuickLogin.line(directory, shell, command)
                : ShellScript.of(directory, assignments, shell, command);
        int code = GuestSession.run(invocation, instances.connection(name), line);
        if (synced.isPresent()) {
            synced.get().takeBack(code);
        }
        return code;
    }

    private Instance running(String name, Invocation invocation) throws InterruptedException {
        Instance instance = GuestTarget.sound(instances, name);
        if (instance.status() != Status.STOPPED) {
            return instance;
        }
        if (!StartNow.wanted(
                invocation, "Instance `" + name + "` is stopped. Do you want to start the instance now?")) {
            throw GuestTarget.stopped(name);
        }
        startNow.start(invocation, name);
        return GuestTarget.existing(instances, name);
    }
}
