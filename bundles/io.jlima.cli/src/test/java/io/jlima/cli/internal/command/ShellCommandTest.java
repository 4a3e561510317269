// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.ssh.SshProcess;
import io.jlima.cli.internal.FakeInstances;
import io.jlima.cli.internal.TestDaemon;
import io.jlima.testing.BareConnection;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShellCommandTest {
    @TempDir
    Path host;

    private final List<String> scripts = new ArrayList<>();
    private FakeInstances instances;
    private ShellCommand shell;

    /** A guest that answers every command with {@code done} and 7. */
    private final class Guest extends BareConnection implements SshProcess {
        @Override
        public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables) {
            scripts.add(command);
            return this;
        }

        @Override
        public OutputStream stdin() {
            return new ByteArrayOutputStream();
        }

        @Override
        public InputStream stdout() {
            return new ByteArrayInputStream("done".getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public InputStream stderr() {
            return InputStream.nullInputStream();
        }

        @Override
        public void resize(int columns, int rows) {}

        @Override
        public void signal(String name) {}

        @Override
        public int waitFor() {
            return 7;
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void open() {
        instances = new FakeInstances(host);
        instances.connection = new Guest();
        shell = new ShellCommand(
                instances, new StartNow(instances, new ReadyMessage(instances, new TestDaemon().control)));
        have(Status.RUNNING, List.of());
    }

    private void have(Status status, List<Mount> mounts) {
        instances.all.clear();
        instances.all.add(FakeInvocation.instance("x", status, host.resolve("x"), mounts));
    }

    private static Mount mount(Path location) {
        return new Mount(
                location.toString(),
                location.toString(),
                false,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("none", "9p2000.L", 4096, "mmap"),
                null);
    }

    private String script(FakeInvocation call) throws Exception {
        assertThat(shell.run(call)).isEqualTo(7);
        assertThat(call.outText()).isEqualTo("done");
        return scripts.getLast();
    }

    @Test
    void theWordsBecomeOneCommand() throws Exception {
        assertThat(script(new FakeInvocation("x"))).isEqualTo("false ; exec /bin/bash -l");
        assertThat(script(new FakeInvocation("x", "uname", "-a"))).isEqualTo(quick("uname", "-a"));
        assertThat(script(new FakeInvocation("x", "--", "ls"))).isEqualTo(quick("ls"));
        assertThat(script(new FakeInvocation("ls", "-l").option("instance", "x")))
                .isEqualTo(quick("ls", "-l"));
        assertThat(script(new FakeInvocation("x", "A=b c", "echo", "it's").option("shell", "/bin/bash")))
                .isEqualTo(
                        "false ; exec /bin/bash -l -c 'A='\"'\"'b c'\"'\"' echo '\"'\"'it'\"'\"'\"'\"'\"'\"'\"'\"'s'\"'\"''");
        assertThat(script(new FakeInvocation("x").option("shell", "/bin/odd shell")))
                .isEqualTo("false ; exec '/bin/odd shell' -l");
    }

    private static String quick(String... command) {
        return QuickLogin.line("false", "/bin/bash", List.of(command));
    }

    @Test
    void aDirectoryThatIsAskedForMustBeThere() throws Exception {
        assertThat(script(new FakeInvocation("x").option("workdir", "/a b")))
                .isEqualTo("cd '/a b' || exit 1 ; exec /bin/bash -l");
    }

    @Test
    void aMountedDirectoryIsEntered() throws Exception {
        Path work = Files.createDirectories(host.resolve("work/deep dir"));
        Path home = Files.createDirectory(host.resolve("home"));
        FakeInvocation call = new FakeInvocation("x");
        call.variables.put("HOME", home.toString());
        call.directory = work;
        String goHome = "cd " + home + " 2>/dev/null";
        assertThat(script(call)).startsWith("false ; ");
        have(Status.RUNNING, List.of(mount(host.resolve("work"))));
        assertThat(script(again(call))).startsWith("cd '" + work + "' || " + goHome + " ; ");
        have(Status.RUNNING, List.of(mount(home)));
        assertThat(script(again(call))).startsWith(goHome + " ; ");
        // A name that only begins alike is another directory.
        have(Status.RUNNING, List.of(mount(host.resolve("wor"))));
        assertThat(script(again(call))).startsWith("false ; ");
        // The caller came by a link, and the mount covers where it leads.
        Path link = Files.createSymbolicLink(host.resolve("link"), host.resolve("work"));
        have(Status.RUNNING, List.of(mount(host.resolve("work"))));
        FakeInvocation byLink = again(call);
        byLink.directory = link;
        assertThat(script(byLink)).startsWith("cd " + link + " || ");
    }

    private static FakeInvocation again(FakeInvocation call) {
        FakeInvocation next = new FakeInvocation("x");
        next.variables.putAll(call.variables);
        next.directory = call.directory;
        return next;
    }

    @Test
    void aStoppedInstanceIsStartedOnRequestOnly() throws Exception {
        have(Status.STOPPED, List.of());
        assertThatThrownBy(() -> shell.run(new FakeInvocation("x")))
                .hasMessage("instance `x` is stopped, run `limactl start x` to start the instance");
        assertThat(instances.calls).isEmpty();
        script(new FakeInvocation("x").option("start", "true"));
        assertThat(instances.calls).containsExactly("start x PT10M");
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThatThrownBy(() -> shell.run(new FakeInvocation()))
                .hasMessageStartingWith("requires instance name as first argument");
        assertThatThrownBy(() -> shell.run(new FakeInvocation("y")))
                .hasMessage("instance `y` does not exist, run `limactl create y` to create a new instance\n"
                        + "`limactl list` shows all instances");
    }
}
