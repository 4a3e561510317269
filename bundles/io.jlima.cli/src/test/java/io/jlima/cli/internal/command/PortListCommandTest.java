// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.PortForwards;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.guest.PortForwards.State;
import io.jlima.api.instance.Instance.Status;
import io.jlima.cli.internal.FakeInstances;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PortListCommandTest {
    private final FakeInstances instances = new FakeInstances(Path.of("/"));
    private final PortListCommand list = new PortListCommand(instances);

    @BeforeEach
    void have() {
        for (String name : List.of("blind", "a")) {
            instances.all.add(FakeInvocation.instance(name, Status.RUNNING, Path.of("/"), List.of()));
        }
    }

    private static final class Fake implements PortForwards {
        @Override
        public List<Entry> list(String instance) {
            return List.of(
                    new Entry(
                            GuestAddress.tcp("192.168.5.15", 9000),
                            "default",
                            State.REFUSED,
                            null,
                            false,
                            null,
                            OptionalLong.empty(),
                            "no rule is about it"),
                    new Entry(
                            GuestAddress.tcp("::", 80),
                            "portForwards[0]",
                            State.FORWARDED,
                            "127.0.0.1:8080",
                            false,
                            "agent",
                            OptionalLong.of(12),
                            null));
        }

        @Override
        public @Nullable String blindness(String instance) {
            return instance.equals("blind") ? "nobody tells" : null;
        }
    }

    @Test
    void theTable() throws Exception {
        list.setPortForwards(new Fake());
        FakeInvocation call = new FakeInvocation("blind");
        assertThat(list.run(call)).isZero();
        assertThat(call.outText()).isEqualTo("""
                GUEST                    RULE               HOST              TRANSPORT    BYTES    REASON
                tcp [::]:80              portForwards[0]    127.0.0.1:8080    agent        12
                tcp 192.168.5.15:9000    default            -                 -            -        no rule is about it
                """);
        assertThat(call.log).containsExactly("warn: nobody tells");
    }

    @Test
    void json() throws Exception {
        list.setPortForwards(new Fake());
        FakeInvocation call = new FakeInvocation("a").option("json", "true");
        assertThat(list.run(call)).isZero();
        assertThat(call.outText().lines())
                .hasSize(2)
                .first()
                .isEqualTo("{\"protocol\":\"tcp\",\"guest\":\"[::]:80\",\"rule\":\"portForwards[0]\","
                        + "\"state\":\"forwarded\",\"host\":\"127.0.0.1:8080\",\"reverse\":false,"
                        + "\"transport\":\"agent\",\"bytes\":12,\"reason\":null}");
        assertThat(call.log).isEmpty();
    }

    @Test
    void withoutTheBundle() {
        assertThatThrownBy(() -> list.run(new FakeInvocation("a")))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no bundle for port forwards");
    }
}
