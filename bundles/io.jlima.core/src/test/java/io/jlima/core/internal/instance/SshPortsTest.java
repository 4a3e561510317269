// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.testing.ReservedPort;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SshPortsTest {
    @TempDir
    Path home;

    private final SshPorts ports = new SshPorts();

    private InstanceFolder folder(String name, String sshConfig) throws Exception {
        InstanceFolder folder = new InstanceFolder(name, Files.createDirectory(home.resolve(name)));
        if (!sshConfig.isEmpty()) {
            Files.writeString(folder.file("ssh.config"), sshConfig);
        }
        return folder;
    }

    @ParameterizedTest
    @CsvSource({
        "'Host lima-x\n  Port 60022\n  User u\n', 60022",
        "'Port\t65535\n', 65535",
        "'Port 65536\n', 0",
        "'Port 99999\n', 0",
        "'Port 600222\n', 0",
        "'# Port 1\n', 0",
        "'Port -1\n', 0",
        "'Port x\n', 0",
        "'', 0"
    })
    void theLastPortIsInSshConfig(String text, int port) throws Exception {
        assertThat(ports.last(folder("x", text))).isEqualTo(port);
    }

    @Test
    void theLastPortIsTakenAgain() throws Exception {
        try (ReservedPort reserved = new ReservedPort()) {
            int port = reserved.number();
            InstanceFolder folder = folder("x", "  Port " + port + "\n");
            assertThat(ports.choose(folder, 0)).isEqualTo(port);
            assertThat(ports.choose(folder, 0))
                    .as("its own promise is no obstacle")
                    .isEqualTo(port);
        }
    }

    @Test
    void anyFreePortWhenTheLastIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = ports.choose(folder("x", "Port " + taken.getLocalPort() + "\n"), 0);
            assertThat(port).isPositive().isNotEqualTo(taken.getLocalPort());
        }
    }

    @Test
    void twoStartsDoNotChooseTheSame() throws Exception {
        try (ReservedPort reserved = new ReservedPort()) {
            int port = reserved.number();
            InstanceFolder one = folder("one", "Port " + port + "\n");
            InstanceFolder two = folder("two", "Port " + port + "\n");
            assertThat(ports.choose(one, 0)).isEqualTo(port);
            assertThat(ports.choose(two, 0)).isNotEqualTo(port);
            assertThatThrownBy(() -> ports.choose(two, port))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("is already taken by instance `one`");
            ports.release(one);
            assertThat(ports.choose(two, port)).isEqualTo(port);
        }
    }

    @Test
    void aConfiguredPortMustBeFree() throws Exception {
        InstanceFolder folder = folder("x", "");
        try (ServerSocket taken = new ServerSocket(0)) {
            int port = taken.getLocalPort();
            assertThatThrownBy(() -> ports.choose(folder, port))
                    .hasMessageStartingWith(
                            "port " + port + " of 127.0.0.1, which ssh.localPort asks for, is already taken\n")
                    .hasMessageContaining("set ssh.localPort to 0");
        }
    }
}
