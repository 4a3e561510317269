// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.instance.Instance.Status;
import io.jlima.cli.internal.FakeInstances;
import io.jlima.cli.internal.TestDaemon;
import io.jlima.cli.internal.command.FakeInvocation;
import io.jlima.cli.internal.command.ReadyMessage;
import io.jlima.cli.internal.command.StartNow;
import io.jlima.config.internal.YamlConfigReader;
import io.jlima.expression.internal.JqExpressions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EditCommandTest {
    @TempDir
    Path home;

    private FakeInstances instances = new FakeInstances(Path.of("/"));
    private EditCommand command = command();

    private EditCommand command() {
        return new EditCommand(
                instances,
                new EditFlags(new YamlConfigReader(), new JqExpressions()),
                new StartNow(instances, new ReadyMessage(instances, new TestDaemon().control)));
    }

    @BeforeEach
    void have() throws Exception {
        instances = new FakeInstances(home);
        command = command();
        Path directory = Files.createDirectory(home.resolve("vm"));
        Files.writeString(directory.resolve("lima.yaml"), "cpus: 2 # c\n");
        instances.all.add(FakeInvocation.instance("vm", Status.STOPPED, directory, List.of()));
        instances.all.add(FakeInvocation.instance("on", Status.RUNNING, directory, List.of()));
    }

    private FakeInvocation call(String... words) {
        FakeInvocation invocation = new FakeInvocation(words);
        invocation.directory = home;
        return invocation;
    }

    @Test
    void flagsAreAppliedToTheInstance() throws Exception {
        assertThat(command.run(call("vm").option("cpus", "3"))).isZero();
        assertThat(instances.calls).containsExactly("configure vm: cpus: 3 # c\n");
    }

    @Test
    void startComesAfter() throws Exception {
        assertThat(command.run(call("vm").option("cpus", "3").option("start", "true")))
                .isZero();
        assertThat(instances.calls).hasSize(2);
        assertThat(instances.calls.getLast()).startsWith("start vm");
    }

    @Test
    void nothingToDoIsNoError() throws Exception {
        assertThat(command.run(call("vm"))).isZero();
        assertThat(command.run(call("vm").option("cpus", "2"))).isZero();
        assertThat(instances.calls).isEmpty();
    }

    @Test
    void refusedTextIsKept() {
        instances.refusal = new LimaException("field `cpus`: too many", "give fewer");
        assertThatThrownBy(() -> command.run(call("vm").option("cpus", "99")))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("too many")
                .hasMessageContaining("lima.REJECTED.yaml");
        assertThat(home.resolve("lima.REJECTED.yaml")).hasContent("cpus: 99 # c");
        assertThat(home.resolve("vm/lima.yaml")).hasContent("cpus: 2 # c");
    }

    @Test
    void runningAndMissingInstancesAreNotEdited() {
        assertThatThrownBy(() -> command.run(call("on").option("cpus", "3")))
                .hasMessageContaining("cannot edit a running instance");
        assertThatThrownBy(() -> command.run(call("none").option("cpus", "3"))).hasMessageContaining("not found");
        assertThatThrownBy(() -> command.run(call().option("cpus", "3"))).hasMessageContaining("`default` not found");
        assertThatThrownBy(() -> command.run(call("./none.yaml").option("cpus", "3")))
                .hasMessageContaining("no file");
    }

    @Test
    void filesAreEditedInPlace() throws Exception {
        Path file = home.resolve("my.yaml");
        Files.writeString(file, "# mine\ncpus: 2 # c\nmounts: []\n");
        assertThat(command.run(call("my.yaml").option("set", ".cpus = 5"))).isZero();
        assertThat(file).hasContent("# mine\ncpus: 5 # c\nmounts: []");
    }
}
