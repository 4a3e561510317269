// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Run by real shells, and compared with what a login shell makes of the same command. */
class QuickLoginTest {
    @TempDir
    Path home;

    @BeforeEach
    void hasBash() throws IOException {
        assumeThat(Path.of("/bin/bash")).isExecutable();
        Files.writeString(home.resolve(".profile"), "FROM=profile; export FROM; greet() { echo hello from $FROM; }\n");
    }

    record Outcome(int code, String out, String err) {}

    /** As sshd does it: the user's shell, and what is to be run as one word. */
    private Outcome run(String shell, String line) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(shell, "-c", line);
        builder.environment().clear();
        builder.environment().put("HOME", home.toString());
        builder.environment().put("SHELL", "/bin/bash");
        builder.environment().put("PATH", "/usr/bin:/bin");
        builder.directory(home.toFile());
        Path err = home.resolve("err");
        Process process = builder.redirectError(err.toFile()).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }

    private Outcome quick(String... command) throws Exception {
        return run("/bin/bash", QuickLogin.line("false", "/bin/bash", List.of(command)));
    }

    private Outcome login(String... command) throws Exception {
        return run("/bin/bash", "false ; exec /bin/bash -l -c " + Words.quote(Words.commandLine(List.of(command))));
    }

    static List<List<String>> commands() {
        List<String> hard = new ArrayList<>(List.of("printf", "[%s]"));
        hard.addAll(List.of("", " a  b ", "it's", "\"", "$HOME", "`id`", "\\", "*", "#", "a\nb", "é", "-n", "!", "~"));
        return List.of(
                List.of("true"),
                List.of("false"),
                List.of("sh", "-c", "exit 7"),
                List.of("sh", "-c", "kill -TERM $$"),
                List.of("/bin/sh", "-c", "kill -TERM $$"),
                List.of("eval", "echo $0 $FROM $?; echo $#"),
                List.of("greet"),
                List.of("printenv", "FROM"),
                List.of("A=b c", "B=", "printenv", "A", "B"),
                List.of("A=b c", "eval", "echo \"$A\""),
                List.of("pwd"),
                List.of("cat", "no such file"),
                List.of("exit", "3"),
                List.of("no-such-program-9"),
                List.of("/no/such/program"),
                List.of("echo this is one word"),
                List.of(""),
                hard);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theCommandIsWhatALoginShellWouldHaveRun(List<String> command) throws Exception {
        String[] words = command.toArray(String[]::new);
        Outcome expected = login(words);
        Outcome outcome = quick(words);
        assertThat(outcome.code()).isEqualTo(expected.code());
        assertThat(outcome.out()).isEqualTo(expected.out());
        assertThat(plain(outcome.err())).isEqualTo(plain(expected.err()));
    }

    /** bash names the line of the text that it was given, which is another one here, and whether exec was there. */
    private static String plain(String words) {
        return words.replaceAll("line \\d+: (exec: )?", "");
    }

    @Test
    void theFirstOfThreeProfilesIsRead() throws Exception {
        assertThat(quick("printenv", "FROM").out()).isEqualTo("profile\n");
        Files.writeString(home.resolve(".bash_login"), "FROM=login; export FROM\n");
        assertThat(quick("printenv", "FROM").out()).isEqualTo("login\n");
        Files.writeString(home.resolve(".bash_profile"), "FROM=bash_profile; export FROM\n");
        assertThat(quick("printenv", "FROM").out())
                .isEqualTo("bash_profile\n")
                .isEqualTo(login("printenv", "FROM").out());
    }

    /** Somebody has another shell than the configuration says. */
    @ParameterizedTest
    @ValueSource(strings = {"/bin/dash", "/usr/bin/zsh", "/usr/bin/fish"})
    void anotherShellStartsBash(String shell) throws Exception {
        assumeThat(Path.of(shell)).isExecutable();
        Outcome outcome = run(shell, QuickLogin.line("false", "/bin/bash", List.of("echo", "it's", "$FROM")));
        assertThat(outcome.out()).isEqualTo("it's $FROM\n");
        assertThat(run(shell, QuickLogin.line("false", "/bin/bash", List.of("greet")))
                        .out())
                .isEqualTo("hello from profile\n");
    }

    @Test
    void onlyACommandForBashWithoutATerminalSuits() {
        assertThat(QuickLogin.suits("/bin/bash", List.of("ls"), false)).isTrue();
        assertThat(QuickLogin.suits("/usr/bin/bash", List.of("ls"), false)).isTrue();
        assertThat(QuickLogin.suits("/bin/bash", List.of("ls"), true)).isFalse();
        assertThat(QuickLogin.suits("/bin/bash", List.of(), false)).isFalse();
        assertThat(QuickLogin.suits("/bin/zsh", List.of("ls"), false)).isFalse();
        assertThat(QuickLogin.suits("", List.of("ls"), false)).isFalse();
        assertThat(QuickLogin.suits("/bin/bash", List.of("A=b"), false)).isFalse();
        assertThat(QuickLogin.suits("/bin/bash", List.of("A=b", "time", "ls"), false))
                .isFalse();
        assertThat(QuickLogin.suits("/bin/bash", List.of("x".repeat(20_000)), false))
                .isFalse();
    }
}
