// SPDX-License-Identifier: Apache-2.0
package io.jlima.network.slirp.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.network.Network.NicPlan;
import io.jlima.api.network.Network.Request;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlirpNetworkTest {
    private static final String MAC = "52:55:55:3e:98:3a";

    private static NicPlan plan(int sshPort) {
        return new SlirpNetwork().plan(new Request("default", "eth0", MAC, sshPort));
    }

    @Test
    void hasTheAddressesOfLima() {
        NicPlan plan = plan(0);

        assertThat(plan.nic())
                .isEqualTo(new Device.Nic(
                        "eth0",
                        MAC,
                        new Device.UserMode(
                                "192.168.5.0/24", "192.168.5.2", "192.168.5.3", "192.168.5.15", List.of())));
        assertThat(plan.addresses()).contains(new Addresses("192.168.5.15", "192.168.5.2", "192.168.5.3"));
    }

    @Test
    void leadsFromLoopbackToSshd() {
        assertThat(plan(60022).nic().backend())
                .isInstanceOfSatisfying(
                        Device.UserMode.class,
                        user -> assertThat(user.forwards())
                                .containsExactly(new Device.HostForward("127.0.0.1", 60022, 22)));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65536})
    void refusesWhatIsNoPort(int port) {
        assertThatThrownBy(() -> plan(port))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no port " + port)
                .hasMessageContaining("ssh.localPort");
    }
}
