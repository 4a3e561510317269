// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CommandSetTest {
    private final CommandSet commands = new CommandSet(new TestDaemon().control);
    private FakeCaller caller = new FakeCaller();

    /** What a command does. */
    interface Body {
        int run(Invocation invocation) throws Exception;
    }

    static Command command(CommandSpec spec, Body body) {
        return new Command() {
            @Override
            public CommandSpec spec() {
                return spec;
            }

            @Override
            public int run(Invocation invocation) throws Exception {
                return body.run(invocation);
            }
        };
    }

    private Command add(String name, int least, int most, Body body) {
        Command command = command(
                CommandSpec.of(name, Group.BASIC, "Do " + name)
                        .alias("other-" + name)
                        .takes("[WORD...]", least, most, ArgumentKind.OTHER),
                body);
        commands.addCommand(command);
        return command;
    }

    private int run(String... words) {
        caller = new FakeCaller(words);
        return commands.run(caller);
    }

    @Test
    void runsWhatItIsTold() {
        Command echo = add("echo", 0, Integer.MAX_VALUE, i -> {
            i.out().println(i.arguments());
            return 7;
        });
        assertThat(run("echo", "a", "--debug", "b")).isEqualTo(7);
        assertThat(caller.outText()).isEqualTo("[a, b]\n");
        assertThat(run("--debug", "other-echo")).isEqualTo(7);
        commands.removeCommand(echo);
        assertThat(run("echo")).isOne();
    }

    @Test
    void helpAndVersion() {
        add("echo", 0, 1, i -> 99);
        assertThat(run()).isZero();
        String overview = caller.outText();
        assertThat(overview).contains("Basic commands:\n  echo            Do echo\n");
        assertThat(run("--help")).isZero();
        assertThat(caller.outText()).isEqualTo(overview);
        assertThat(run("help")).isZero();
        assertThat(caller.outText()).isEqualTo(overview);
        assertThat(run("echo", "--help")).isZero();
        assertThat(caller.outText())
                .startsWith("Do echo.\n\nUsage:\n  limactl echo [WORD...]\n")
                .contains("other-echo");
        assertThat(run("help", "echo")).isZero();
        assertThat(run("help", "bogus")).isOne();
        assertThat(run("--version")).isZero();
        assertThat(caller.outText()).startsWith("limactl version 2.");
    }

    @Test
    void membersOfAGroupAreFoundByTwoWords() {
        commands.addCommand(
                command(CommandSpec.group("disk", "Look after disks").alias("disks"), i -> 99));
        commands.addCommand(command(
                CommandSpec.of("disk list", Group.ADVANCED, "List disks").alias("ls"), i -> {
                    i.out().println("listed");
                    return 0;
                }));
        commands.addCommand(command(CommandSpec.of("disk delete", Group.ADVANCED, "Delete disks"), i -> 0));
        for (String[] words :
                new String[][] {{"disk", "list"}, {"disks", "ls"}, {"--debug", "disk", "--debug", "ls"}}) {
            assertThat(run(words)).isZero();
            assertThat(caller.outText()).isEqualTo("listed\n");
        }
        assertThat(run("disk")).isZero();
        String page = caller.outText();
        assertThat(page).contains("  list            List disks\n").contains("  delete          Delete disks\n");
        for (String[] words : new String[][] {{"disk", "--help"}, {"help", "disk"}}) {
            assertThat(run(words)).isZero();
            assertThat(caller.outText()).isEqualTo(page);
        }
        assertThat(run("help", "disk", "list")).isZero();
        assertThat(caller.outText()).startsWith("List disks.\n\nUsage:\n  limactl disk list\n");
        assertThat(run("--help")).isZero();
        assertThat(caller.outText()).contains("disk ").doesNotContain("disk list");
        assertThat(run("disk", "lsit")).isOne();
        assertThat(caller.errText())
                .contains("unknown command \\\"lsit\\\" for \\\"limactl disk\\\"")
                .contains("Did you mean this? list");
        assertThat(run("disk", "list", "x")).isOne();
        assertThat(caller.errText()).contains("`limactl disk list` accepts 0 arg(s), received 1");
    }

    @Test
    void aMistypedFlagIsAnsweredWithTheNearest() {
        commands.addCommand(command(
                CommandSpec.of("list", Group.BASIC, "List")
                        .with(new CommandSpec.Option("format", "f", "FORMAT", "form")),
                i -> 0));
        assertThat(run("list", "--fromat", "x")).isOne();
        assertThat(caller.errText()).contains("unknown flag: --fromat").contains("Did you mean --format?");
    }

    @ParameterizedTest
    @CsvSource({
        "lits, 'Did you mean this? list'",
        "sta, 'Did you mean this? start'",
        "ssh, 'Did you mean this? shell'",
        "xyzzy, 'See `limactl --help` for all commands'"
    })
    void aTypingErrorIsAnsweredWithTheNearest(String word, String hint) {
        add("list", 0, 0, i -> 0);
        add("start", 0, 0, i -> 0);
        add("shell", 0, 0, i -> 0);
        assertThat(run(word)).isOne();
        assertThat(caller.errText())
                .contains("level=fatal msg=\"unknown command \\\"" + word + "\\\" for \\\"limactl\\\"\"\n")
                .endsWith("Hint: " + hint + "\n");
        assertThat(caller.outText()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 1, 'accepts 0 arg(s), received 1'",
        "1, 1, 0, 'accepts 1 arg(s), received 0'",
        "1, 1, 2, 'accepts 1 arg(s), received 2'",
        "1, 2, 3, 'accepts between 1 and 2 arg(s), received 3'",
        "2, 2147483647, 1, 'requires at least 2 arg(s), only received 1'"
    })
    void argumentsAreCounted(int least, int most, int given, String reason) {
        add("c", least, most, i -> 0);
        String[] words = Stream.concat(
                        Stream.of("c"), Stream.generate(() -> "w").limit(given))
                .toArray(String[]::new);
        assertThat(run(words)).isOne();
        assertThat(caller.errText()).contains("`limactl c` " + reason).contains("Hint: Usage: limactl c [WORD...]");
    }

    @Test
    void anErrorForPeopleIsShown() {
        add("c", 0, 0, i -> {
            throw new LimaException("what", "evidence", "remedy", null);
        });
        assertThat(run("c")).isOne();
        assertThat(caller.errText()).endsWith("level=fatal msg=what\n  evidence\nHint: remedy\n");
        assertThat(run("--log-format=json", "c")).isOne();
        assertThat(caller.errText().lines()).hasSize(3).allMatch(l -> l.startsWith("{\"level\":"));
        assertThat(run("--bogus")).isOne();
        assertThat(caller.errText()).contains("unknown flag: --bogus");
        assertThat(run("--log-level=loud", "c")).isOne();
        assertThat(run("c", "--tty", "--yes")).isOne();
        assertThat(caller.errText()).contains("cannot use both --tty and --yes");
    }

    static Stream<Throwable> faults() {
        return Stream.of(
                new IllegalStateException("x"),
                new NoClassDefFoundError("x"),
                new StackOverflowError("x"),
                new AssertionError("x"));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultIsToldAsOne(Throwable fault) {
        add("c", 0, 0, i -> {
            switch (fault) {
                case Exception e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalArgumentException(fault);
            }
        });
        assertThat(run("c")).isOne();
        assertThat(caller.errText())
                .contains("internal error: " + fault.getClass().getName())
                .contains("limactl daemon log");
    }

    @Test
    void anInterruptedCommandEndsWith130() {
        add("c", 0, 0, i -> {
            throw new InterruptedException();
        });
        assertThat(run("c")).isEqualTo(130);
        assertThat(caller.errText()).isEmpty();
        add("d", 0, 0, i -> {
            caller.interrupted = true;
            throw new LimaException("the creation was cancelled");
        });
        assertThat(run("d")).isEqualTo(130);
        assertThat(caller.errText()).contains("the creation was cancelled");
        add("e", 0, 0, i -> {
            caller.interrupted = true;
            throw new IllegalStateException("as things ended");
        });
        assertThat(run("e")).isEqualTo(130);
        assertThat(caller.errText()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"'', '', 0", "a, '', 1", "list, lits, 2", "stop, start, 3", "kitten, sitting, 3"})
    void distances(String a, String b, int distance) {
        assertThat(Spelling.distance(a, b)).isEqualTo(distance);
        assertThat(Spelling.distance(b, a)).isEqualTo(distance);
    }
}
