// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.HostEnvironment;
import io.jlima.cli.internal.TestDaemon;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoginUnitTest {
    private static LoginUnit unit(Map<String, String> variables) {
        TestDaemon daemon = new TestDaemon();
        daemon.properties.put("jlima.prefix", "/opt/my lima");
        return new LoginUnit(
                "vm", new HostEnvironment(variables, Path.of("/"), 022), Path.of("/home/jane/50%"), daemon.control);
    }

    /** {@code systemd-analyze --user verify} of systemd 252 accepts it, blanks and all. */
    @Test
    void startsAndStopsTheInstanceAndLeavesItsProcessesAlone() {
        assertThat(unit(Map.of("HOME", "/home/jane")).text()).isEqualTo("""
                # Made by limactl autostart.
                [Unit]
                Description=Lima virtual machine vm

                [Service]
                Type=oneshot
                RemainAfterExit=yes
                KillMode=process
                Environment="LIMA_HOME=/home/jane/50%%"
                ExecStart="/opt/my lima/bin/limactl" start --tty=false vm
                ExecStop="/opt/my lima/bin/limactl" stop vm
                TimeoutStartSec=10min
                TimeoutStopSec=4min

                [Install]
                WantedBy=default.target
                """);
    }

    @Test
    void hasThePlaceAndTheNameThatLimaGivesIt(@TempDir Path config) throws Exception {
        assertThat(unit(Map.of("HOME", "/home/jane")).file())
                .hasToString("/home/jane/.config/systemd/user/lima-vm@vm.service");
        LoginUnit unit = unit(Map.of("HOME", "/home/jane", "XDG_CONFIG_HOME", config.toString()));
        assertThat(unit.isRegistered()).isFalse();
        Files.createDirectories(config.resolve("systemd/user"));
        Files.createFile(config.resolve("systemd/user/lima-vm@vm.service"));
        assertThat(unit.isRegistered()).isTrue();
    }
}
