// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.cli.internal.command.PluginCommand;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All commands there are, which come and go with their bundles; runs the one that is asked for. */
@Component(service = CommandSet.class)
public final class CommandSet {
    private static final Logger LOG = LoggerFactory.getLogger(CommandSet.class);

    /** Conventional exit code of a program that was interrupted: 128 + SIGINT. */
    static final int INTERRUPTED = 130;

    private final Map<Command, CommandSpec> commands = new ConcurrentHashMap<>();
    private final DaemonControl control;

    @Activate
    public CommandSet(@Reference DaemonControl control) {
        this.control = control;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addCommand(Command command) {
        commands.put(command, command.spec());
    }

    void removeCommand(Command command) {
        commands.remove(command);
    }

    /** Specifications of all commands, by name. */
    public List<CommandSpec> specs() {
        return commands.values().stream()
                .sorted(Comparator.comparing(CommandSpec::name))
                .toList();
    }

    private Collection<Map.Entry<Command, CommandSpec>> entries() {
        return commands.entrySet();
    }

    Optional<Command> find(String name) {
        int blank = name.indexOf(' ');
        String group = name.substring(0, blank + 1);
        String word = name.substring(blank + 1);
        return entries().stream()
                .filter(e -> e.getValue().name().equals(name)
                        || e.getValue().name().lastIndexOf(' ') == blank
                                && e.getValue().name().startsWith(group)
                                && e.getValue().aliases().contains(word))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /**
     * Runs what the caller's words say. Never throws: whatever goes wrong is told to the caller.
     *
     * @return exit code
     */
    int run(Caller caller) {
        LogLines log = null;
        try {
            CommandLine global = CommandLine.global(caller.words());
            log = new LogLines(caller, global);
            if (global.has("version")) {
                caller.out().println("limactl version " + Versions.limaCompatible(control.version()));
                return 0;
            }
            List<String> words = global.arguments();
            if (words.isEmpty() || global.has("help")) {
                caller.out().print(Help.overview(specs(), plugins(caller).list()));
                return 0;
            }
            if (words.getFirst().equals("help")) {
                return help(caller, words.subList(1, words.size()));
            }
            CommandLine before = global;
            String name = words.getFirst();
            Optional<CommandSpec> group = group(name);
            if (group.isPresent()) {
                before = global.with(CommandLine.ofGroup(words.subList(1, words.size())));
                words = before.arguments();
                log = new LogLines(caller, before);
                if (words.isEmpty() || before.has("help")) {
                    caller.out().print(Help.groupPage(group.get(), members(group.get())));
                    return 0;
                }
                name = group.get().name() + " " + words.getFirst();
            }
            if (group.isEmpty() && find(name).isEmpty()) {
                Plugins plugins = plugins(caller);
                Optional<Plugins.Plugin> plugin = plugins.find(name);
                if (plugin.isPresent()) {
                    CommandLine line = new CommandLine(words.subList(1, words.size()), global.options());
                    return PluginCommand.run(
                            new ParsedInvocation(caller, line, log),
                            plugins,
                            plugin.get().program());
                }
            }
            Command command = named(name);
            CommandSpec spec = command.spec();
            CommandLine line = before.with(CommandLine.of(spec, words.subList(1, words.size())));
            log = new LogLines(caller, line);
            if (line.has("help")) {
                caller.out().print(Help.page(spec));
                return 0;
            }
            checkArguments(spec, line.arguments().size());
            return command.run(new ParsedInvocation(caller, line, log));
        } catch (LimaException e) {
            return told(caller, log, e);
        } catch (InterruptedException e) {
            return INTERRUPTED;
        } catch (Throwable e) {
            // Whatever it is, the caller must not wait for ever.
            if (caller.interrupted()) {
                return INTERRUPTED;
            }
            LOG.error("A command failed: {}", caller.words(), e);
            return told(
                    caller,
                    log,
                    new LimaException(
                            "internal error: " + e,
                            null,
                            "This is a fault of jlima. The daemon's log has the details: limactl daemon log",
                            e));
        }
    }

    private static int told(Caller caller, @org.jspecify.annotations.Nullable LogLines log, LimaException error) {
        LogLines lines = log != null ? log : new LogLines(caller, new CommandLine(List.of(), Map.of()));
        lines.error(error);
        return caller.interrupted() ? INTERRUPTED : 1;
    }

    private int help(Caller caller, List<String> words) {
        if (words.isEmpty()) {
            caller.out().print(Help.overview(specs(), plugins(caller).list()));
            return 0;
        }
        Optional<CommandSpec> group = group(words.getFirst());
        if (group.isPresent() && words.size() == 1) {
            caller.out().print(Help.groupPage(group.get(), members(group.get())));
            return 0;
        }
        caller.out()
                .print(Help.page(
                        named(group.map(g -> g.name() + " " + words.get(1)).orElse(words.getFirst()))
                                .spec()));
        return 0;
    }

    private Plugins plugins(Caller caller) {
        return new Plugins(caller.environment(), control.prefix());
    }

    private Command named(String name) {
        return find(name).orElseThrow(() -> unknown(name));
    }

    /** The group that the word names; empty when it names none. */
    Optional<CommandSpec> group(String word) {
        return specs().stream()
                .filter(s -> s.name().equals(word) || s.aliases().contains(word))
                .filter(s -> !members(s).isEmpty())
                .findFirst();
    }

    /** The commands of a group, by name. */
    List<CommandSpec> members(CommandSpec group) {
        return specs().stream()
                .filter(s -> s.name().startsWith(group.name() + " "))
                .toList();
    }

    private static void checkArguments(CommandSpec spec, int count) {
        String reason = null;
        if (spec.maxArguments() == 0 && count > 0) {
            reason = "accepts 0 arg(s), received " + count;
        } else if (count < spec.minArguments() && spec.maxArguments() == Integer.MAX_VALUE) {
            reason = "requires at least " + spec.minArguments() + " arg(s), only received " + count;
        } else if (count < spec.minArguments() || count > spec.maxArguments()) {
            reason = spec.minArguments() == spec.maxArguments()
                    ? "accepts " + spec.minArguments() + " arg(s), received " + count
                    : "accepts between " + spec.minArguments() + " and " + spec.maxArguments() + " arg(s), received "
                            + count;
        }
        if (reason != null) {
            throw new LimaException(
                    "`limactl " + spec.name() + "` " + reason,
                    null,
                    "Usage: " + Help.usage(spec) + "; see `limactl " + spec.name() + " --help`",
                    null);
        }
    }

    private LimaException unknown(String name) {
        int blank = name.indexOf(' ');
        String group = blank < 0 ? "limactl" : "limactl " + name.substring(0, blank);
        String word = name.substring(blank + 1);
        List<String> known = specs().stream()
                .filter(s -> s.group() != CommandSpec.Group.HIDDEN)
                .map(CommandSpec::name)
                .filter(n -> blank < 0 ? !n.contains(" ") : n.startsWith(name.substring(0, blank + 1)))
                .map(n -> n.substring(n.indexOf(' ') + 1))
                .toList();
        List<String> guesses = word.equals("ssh") ? List.of("shell") : Spelling.near(word, known);
        return new LimaException(
                "unknown command \"" + word + "\" for \"" + group + "\"",
                guesses.isEmpty()
                        ? "See `" + group + " --help` for all commands"
                        : "Did you mean this? " + String.join(", ", guesses));
    }
}
