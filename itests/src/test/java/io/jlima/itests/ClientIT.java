// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user of limactl sees of it, whichever of the two clients it is: the same. */
@ParameterizedClass
@ValueSource(strings = {"bin/limactl", "lib/client/limactl-java"})
class ClientIT extends EitherClient {
    ClientIT(String client) {
        super(client);
    }

    // Descriptors

    @Test
    void aCommandSubstitutionReturns() {
        try (Home home = home()) {
            Result result = home.shell("x=$(" + home.program() + " list -q 2>&1); echo \"[$?]\"");
            assertThat(result.out()).isEqualTo("[0]\n");
            assertThat(home.hasDaemon()).isTrue();
        }
    }

    @Test
    void aPipeEnds() {
        try (Home home = home()) {
            Result result = home.shell(home.program() + " list 2>&1 | cat; echo end");
            assertThat(result.out()).contains("No instance found").endsWith("end\n");
            assertThat(home.hasDaemon()).isTrue();
        }
    }

    /** As `ssh host limactl start` does: the far end waits until nobody holds its descriptors, whatever their number. */
    @Test
    void noInheritedDescriptorIsKept() {
        try (Home home = home()) {
            home.write("a.yaml", guest.yaml());
            for (String descriptor : List.of("3", "9", "20", "200")) {
                String script = "exec " + descriptor + ">&1; exec " + home.program() + " start --name v" + descriptor
                        + " " + home.path + "/a.yaml </dev/null";
                try (Running start = new Running(home.process(List.of("/bin/bash", "-c", script)))) {
                    // The end of it includes that all its descriptors are free.
                    assertThat(start.says(WAITING).signal("TERM").end().code()).isEqualTo(130);
                }
                assertThat(isAlive(home.machinePid("v" + descriptor))).isTrue();
                home.killDaemon();
            }
        }
    }

    @Test
    void standardInputIsNotKeptEither() throws Exception {
        try (Home home = home()) {
            Path pipe = home.path.resolve("pipe");
            assertThat(home.shell("mkfifo " + pipe).code()).isZero();
            // The writer gets SIGPIPE, and ends, only when no process has the reading end any more.
            Result result = home.shell("( while echo x; do :; done >" + pipe + " ) 2>/dev/null & writer=$!; "
                    + home.program() + " list -q <" + pipe + " 2>/dev/null; wait $writer; echo freed");
            assertThat(result.out()).isEqualTo("freed\n");
            assertThat(home.hasDaemon()).isTrue();
        }
    }

    /** Pipes, files, nothing, sockets: whatever a script connects, it gets the same. */
    @Test
    void anyKindOfStreamWillDo() throws IOException {
        try (Home home = home()) {
            String limactl = home.program().toString();
            String yaml = "a: 1\n# " + "x".repeat(300_000) + "\n";
            Path file = home.write("big.yaml", yaml);
            Path out = home.path.resolve("out");
            String copy = limactl + " template copy --verbatim " + file;
            assertThat(home.shell(copy).out()).isEqualTo(yaml);
            assertThat(home.shell(copy + " | cat").out()).isEqualTo(yaml);
            home.shell("(echo before; " + copy + "; echo after) >" + out + " 2>&1");
            assertThat(out).content().isEqualTo("before\n" + yaml + "after\n");
            home.shell("echo before >" + out + "; " + copy + " >>" + out + "; echo after >>" + out);
            assertThat(out).content().isEqualTo("before\n" + yaml + "after\n");
            String socket = "perl -MSocket -e 'socketpair($a, $b, AF_UNIX, SOCK_STREAM, 0); if (fork) { close $a;"
                    + " print while <$b>; } else { close $b; open(STDOUT, \">&\", $a); close $a; exec @ARGV }' ";
            assertThat(home.shell(socket + copy).out()).isEqualTo(yaml);
            Result mixed = home.shell("{ " + copy + "; } 2>&1 >/dev/null; " + limactl + " list nobody 2>&1 | cat");
            assertThat(mixed.out()).contains("No instance matching nobody");

            guest.create(home, "seed");
            Files.copy(home.path.resolve("seed/lima.yaml"), home.path.resolve("in.yaml"));
            String in = home.path + "/in.yaml";
            String create = limactl + " create --name ";
            Path fifo = home.path.resolve("fifo");
            for (String line : List.of(
                    create + "i1 - <" + in,
                    "cat " + in + " | " + create + "i2 -",
                    "{ head -c 9 " + in + "; tail -c +10 " + in + "; } | " + create + "i3 - 2>/dev/null | cat",
                    "mkfifo " + fifo + "; cat " + in + " >" + fifo + " & " + create + "i4 - <" + fifo)) {
                Result made = home.shell(line);
                assertThat(made.code()).as(line + made.all()).isZero();
            }
            assertThat(home.good("list", "-q").out()).isEqualTo("i1\ni2\ni3\ni4\nseed\n");
            assertThat(home.shell(create + "i5 - </dev/null").code()).isOne();
            assertThat(home.shell(create + "i6 - <&-").code()).isOne();
        }
    }

    /** What a command does not read is the next one's. */
    @Test
    void inputIsLeftToWhoeverReadsIt() {
        try (Home home = home()) {
            Result result = home.shell("{ echo one; echo two; } | { " + home.program() + " list -q; cat; }");
            assertThat(result.out()).isEqualTo("one\ntwo\n");
        }
    }

    @Test
    void standardOutputCarriesNoLogLines() {
        try (Home home = home()) {
            Path file = home.write("a.yaml", guest.yaml());
            assertThat(home.good("list").out()).isEmpty();
            assertThat(home.good("create", "--name", "a", file.toString()).out())
                    .isEmpty();
            try (Running start = home.running("start", "a")) {
                assertThat(start.says(WAITING).interrupt().end().out()).isEmpty();
            }
            assertThat(home.good("list", "-q").out()).isEqualTo("a\n");
            assertThat(home.good("list", "--json").out()).startsWith("{").endsWith("}\n");
            assertThat(home.good("--debug", "list", "-q").out()).isEqualTo("a\n");
            assertThat(home.good("stop", "-f", "a").out()).isEmpty();
            assertThat(home.good("delete", "a").out()).isEmpty();
            assertThat(home.limactl("nonsense").out()).isEmpty();
        }
    }

    @Test
    void aReaderThatHasEnoughEndsTheCommandSilently() {
        try (Home home = home()) {
            Result result = home.shell(home.program() + " create --help | head -n 1; trap '' PIPE; " + home.program()
                    + " list --help 2>" + home.path + "/err | true; wait; cat " + home.path + "/err");
            assertThat(result.out().lines().count()).isEqualTo(1);
            assertThat(result.err()).isEmpty();
        }
    }

    /** More than a pipe holds, so that it is written after its reader has gone. */
    @Test
    void muchOutputForAReaderThatHasEnoughIsNoError() {
        try (Home home = home()) {
            Path file = home.write("big.yaml", "a: 1\n# " + "x".repeat(300_000) + "\n");
            String copy = home.program() + " template copy --verbatim " + file;
            for (String line : List.of(copy, "trap '' PIPE; " + copy, "(" + copy + " 2>&1)")) {
                Result result = home.shell("{ " + line + "; echo $? >&2; } | head -c 5");
                assertThat(result.out()).isEqualTo("a: 1\n");
                assertThat(result.err()).isEqualTo("141\n");
            }
        }
    }

    /** Of nothing that its clients had, however they ended. */
    @Test
    void noPipeStaysOpenInTheDaemon() throws Exception {
        try (Home home = home()) {
            home.good("list", "-q");
            String file = home.write("big.yaml", "a: 1\n# " + "x".repeat(300_000) + "\n")
                    .toString();
            long before = pipes(home.daemonPid());
            // Both are beyond what goes through the client, and wait: for a reader, and for more.
            Process writing = home.start("template", "copy", "--verbatim", file);
            Process reading = home.start("create", "--name", "r", "-");
            try {
                reading.getOutputStream().write("# comment\n".repeat(7000).getBytes(StandardCharsets.US_ASCII));
                reading.getOutputStream().flush();
                assertThat(writing.getInputStream().readNBytes(50_000)).hasSize(50_000);
                if (client.equals("bin/limactl")) {
                    eventually("the daemon has the pipes", () -> pipes(home.daemonPid()) >= before + 2);
                }
            } finally {
                writing.destroyForcibly().waitFor();
                reading.destroyForcibly().waitFor();
            }
            eventually("the daemon has let go", () -> pipes(home.daemonPid()) <= before);
            for (int i = 0; i < 10; i++) {
                home.shell(home.program() + " template copy --verbatim " + file + " | head -c 1");
                home.shell("echo | " + home.program() + " list --json | cat");
            }
            eventually("the daemon has let go again", () -> pipes(home.daemonPid()) <= before);
        }
    }

    private static long pipes(long pid) {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return descriptors.filter(ClientIT::isPipe).count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static boolean isPipe(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("pipe:");
        } catch (IOException e) {
            // Closed in the meantime.
            return false;
        }
    }

    @Test
    void closedStreamsAreNoHindrance() {
        try (Home home = home()) {
            assertThat(home.shell(home.program() + " list -q <&-").code()).isZero();
            assertThat(home.shell(home.program() + " list -q <&- >&- 2>&-").code())
                    .isZero();
            assertThat(home.shell(home.program() + " list nobody <&- >&-").err())
                    .contains("No instance matching nobody");
            assertThat(home.hasDaemon()).isTrue();
        }
    }

    // Interrupted clients

    /** Nothing of an instance, hidden or not. */
    private static void assertNothingOf(Home home, String name) throws IOException {
        try (Stream<Path> entries = Files.list(home.path)) {
            assertThat(entries.map(e -> e.getFileName().toString()))
                    .noneMatch(e -> e.equals(name) || e.startsWith("." + name));
        }
    }

    @Test
    void ctrlCDuringADownloadLeavesNothing() throws IOException {
        try (Home home = home();
                WebServer server = WebServer.stallingAfter(64 << 10)) {
            home.write("d.yaml", SilentGuest.yaml(server.address("slow.raw"), ""));
            try (Running start = home.running("start", "--name", "d", home.path + "/d.yaml")) {
                server.awaitAsked();
                Result end = start.says("slow.raw").interrupt().end();
                assertThat(end.code()).as(end.all()).isEqualTo(130);
            }
            assertThat(home.good("list", "-q").out()).isEmpty();
            assertNothingOf(home, "d");
            eventually("the server sees the end", server::hangsUp);
        }
    }

    @Test
    void aKilledClientCancelsItsDownload() throws IOException {
        try (Home home = home();
                WebServer server = WebServer.stallingAfter(64 << 10)) {
            home.write("d.yaml", SilentGuest.yaml(server.address("slow.raw"), ""));
            try (Running start = home.running("start", "--name", "d", home.path + "/d.yaml");
                    Running other = home.running("create", "--name", "e", home.path + "/d.yaml")) {
                server.awaitAsked();
                other.says("slow.raw");
                start.says("slow.raw").signal("KILL").end();
                eventually(
                        "the name is free again",
                        () -> !home.good("daemon", "log").out().isEmpty());
                assertThat(other.isAlive()).as("the other client's command").isTrue();
                assertThat(home.good("list", "-q").out()).isEmpty();
                other.signal("KILL").end();
            }
            eventually("the server sees the end", server::hangsUp);
            assertNothingOf(home, "d");
            assertNothingOf(home, "e");
        }
    }

    @Test
    void ctrlCWhileTheGuestBootsLeavesTheMachineAndSaysSo() {
        try (Home home = home()) {
            guest.create(home, "a");
            try (Running start = home.running("start", "a")) {
                Result end = start.says(WAITING).interrupt().end();
                assertThat(end.code()).as(end.all()).isEqualTo(130);
                assertThat(end.err()).contains("goes on", "limactl stop -f a");
            }
            assertThat(isAlive(home.machinePid("a"))).isTrue();
            assertThat(home.status("a")).isEqualTo("Starting");
            long machine = home.machinePid("a");
            home.good("stop", "-f", "a");
            assertThat(isAlive(machine)).isFalse();
            assertThat(home.status("a")).isEqualTo("Stopped");
        }
    }

    @Test
    void aKilledClientTakesNobodyElseWithIt() {
        try (Home home = home()) {
            guest.create(home, "a");
            guest.create(home, "b");
            try (Running first = home.running("start", "a");
                    Running joined = home.running("start", "a");
                    Running unrelated = home.running("start", "b")) {
                first.says(WAITING);
                joined.says("a");
                unrelated.says(WAITING);
                long machine = home.machinePid("a");
                long daemon = home.daemonPid();
                first.signal("KILL").end();
                assertThat(home.status("a")).isEqualTo("Starting");
                assertThat(joined.isAlive()).isTrue();
                assertThat(unrelated.isAlive()).isTrue();
                assertThat(isAlive(machine)).isTrue();
                assertThat(home.daemonPid()).isEqualTo(daemon);
                // Whoever joined still gets the outcome.
                Home.kill(machine);
                Result end = joined.end();
                assertThat(end.code()).isEqualTo(1);
                assertThat(end.err()).contains("ended while it was starting");
                assertThat(unrelated.isAlive()).isTrue();
            }
        }
    }
}
