// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.command.Invocation.Streams;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.cli.internal.FakeInstances;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListCommandTest {
    private final FakeInstances instances = new FakeInstances(Path.of("/home/jane/.lima"));
    private final ListCommand list = new ListCommand(instances);

    @BeforeEach
    void fill() {
        instances.all.add(FakeInvocation.instance("a", Status.RUNNING, Path.of("/home/jane/.lima/a"), List.of()));
        instances.all.add(FakeInvocation.instance("longer-name", Status.STOPPED, Path.of("/srv/x"), List.of()));
    }

    @Test
    void theTable() {
        FakeInvocation call = new FakeInvocation();
        assertThat(list.run(call)).isZero();
        assertThat(call.outText()).isEqualTo("""
                NAME           STATUS     SSH                VMTYPE    ARCH      CPUS    MEMORY    DISK      DIR
                a              Running    127.0.0.1:60022    qemu      x86_64    4       4GiB      100GiB    ~/.lima/a
                longer-name    Stopped    127.0.0.1:0        qemu      x86_64    4       4GiB      100GiB    /srv/x
                """);
    }

    @Test
    void namesAndJson() {
        FakeInvocation quiet = new FakeInvocation("longer-name").option("quiet", "true");
        assertThat(list.run(quiet)).isZero();
        assertThat(quiet.outText()).isEqualTo("longer-name\n");
        FakeInvocation json = new FakeInvocation().option("json", "true");
        assertThat(list.run(json)).isZero();
        assertThat(json.outText().lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("{\"name\":\"a\",\"hostname\":\"lima-a\",");
    }

    @Test
    void aTerminalIsShownColours() {
        FakeInvocation json = new FakeInvocation("a").option("json", "true");
        json.streams = new Streams(false, true, false, 80, 24);
        assertThat(list.run(json)).isZero();
        assertThat(json.outText())
                .startsWith("{\u001b[36m\u001b[0m\n\u001b[36m    \"name\"\u001b[0m:\u001b[32m \"a\"\u001b[0m,")
                .endsWith("\n}\n");
        FakeInvocation yaml = new FakeInvocation("a").option("format", "yaml");
        yaml.streams = json.streams;
        assertThat(list.run(yaml)).isZero();
        assertThat(yaml.outText()).startsWith("\u001b[36mname\u001b[0m: \u001b[32ma\u001b[0m\n");
        FakeInvocation plain = new FakeInvocation("a").option("json", "true");
        plain.streams = json.streams;
        plain.variables.put("NO_COLOR", "1");
        assertThat(list.run(plain)).isZero();
        assertThat(plain.outText()).startsWith("{\n    \"name\": \"a\",\n");
    }

    @Test
    void whatIsMissingIsSaidAfterTheRest() {
        FakeInvocation call = new FakeInvocation("a", "b").option("quiet", "true");
        assertThatThrownBy(() -> list.run(call)).hasMessage("unmatched instances");
        assertThat(call.outText()).isEqualTo("a\n");
        assertThat(call.log).containsExactly("warn: No instance matching b found.");
        instances.all.clear();
        FakeInvocation none = new FakeInvocation();
        assertThat(list.run(none)).isZero();
        assertThat(none.outText()).isEmpty();
        assertThat(none.log).singleElement().asString().startsWith("warn: No instance found.");
    }

    @Test
    void formsThatContradictAreRefused() {
        assertThatThrownBy(() ->
                        list.run(new FakeInvocation().option("json", "true").option("format", "table")))
                .hasMessageStartingWith("option --json conflicts with option --format");
        assertThatThrownBy(() -> list.run(new FakeInvocation().option("format", "xml")))
                .hasMessageStartingWith("unsupported format `xml`");
        assertThatThrownBy(() ->
                        list.run(new FakeInvocation().option("quiet", "true").option("json", "true")))
                .hasMessageStartingWith("option --quiet can only be used with '--format table'");
    }

    @Test
    void keysOfAnInstanceHaveTheirOrder() {
        Instance running = instances.all.getFirst();
        assertThat(InstanceJson.of(running).keySet())
                .containsExactly(
                        "name",
                        "hostname",
                        "status",
                        "dir",
                        "vmType",
                        "arch",
                        "cpus",
                        "memory",
                        "disk",
                        "sshLocalPort",
                        "sshConfigFile",
                        "hostAgentPID",
                        "driverPID",
                        "config",
                        "sshAddress",
                        "protected",
                        "limaVersion",
                        "HostOS",
                        "HostArch",
                        "LimaHome",
                        "IdentityFile");
        assertThat(InstanceJson.of(running))
                .containsEntry("LimaHome", "/home/jane/.lima")
                .containsEntry("IdentityFile", "/home/jane/.lima/_config/user");
        assertThat(InstanceJson.of(instances.all.getLast()).keySet())
                .doesNotContain("sshLocalPort", "hostAgentPID", "driverPID", "errors");
    }
}
