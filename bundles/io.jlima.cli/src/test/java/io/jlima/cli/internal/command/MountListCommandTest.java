// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Mounts;
import io.jlima.api.mount.MountAttachment.State;
import io.jlima.cli.internal.FakeInstances;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MountListCommandTest {
    private final FakeInstances instances = new FakeInstances(Path.of("/"));

    @BeforeEach
    void have() {
        instances.all.add(FakeInvocation.instance("a", Status.RUNNING, Path.of("/"), List.of()));
    }

    private static State state(String transport, String server, boolean writable, @Nullable String trouble) {
        Mount.Sshfs sshfs = new Mount.Sshfs(true, false, "");
        Mount.NineP nineP = new Mount.NineP("none", "9p2000.L", 131072, "mmap");
        return new State(new Mount("/x", "/mnt/x", writable, sshfs, nineP, null), transport, server, trouble);
    }

    private static final class Fake implements Mounts {
        @Override
        public List<State> list(String instance) {
            return List.of(state("direct", "builtin", true, null), state("9p", "", false, "gone\u001b[2J"));
        }

        @Override
        public String mountType(String instance) {
            return "reverse-sshfs";
        }

        @Override
        public MountChoice choice(InstanceConfig config) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void add(String instance, Wanted wanted, HostEnvironment caller) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove(String instance, String mountPoint, HostEnvironment caller) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void linesForPeople() {
        FakeInvocation call = new FakeInvocation("a");
        assertThat(new MountListCommand(instances, new Fake()).run(call)).isZero();
        assertThat(call.outText()).isEqualTo("/x on /mnt/x (rw, direct, builtin)\n/x on /mnt/x (ro, 9p): gone?[2J\n");
    }

    @Test
    void json() {
        FakeInvocation call = new FakeInvocation("a").option("json", "true");
        assertThat(new MountListCommand(instances, new Fake()).run(call)).isZero();
        assertThat(call.outText().lines())
                .hasSize(2)
                .first()
                .isEqualTo("{\"location\":\"/x\",\"mountPoint\":\"/mnt/x\",\"writable\":true,"
                        + "\"mountType\":\"reverse-sshfs\",\"transport\":\"direct\",\"server\":\"builtin\","
                        + "\"errors\":[]}");
    }
}
