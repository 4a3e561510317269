// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static io.jlima.mount.sshfs.internal.HostDirectoryTest.mount;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.machine.Machine.ProcessIdentity;
import io.jlima.mount.sshfs.internal.sftp.BuiltinServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectDoorsTest {
    private static final ProcessIdentity MACHINE =
            new ProcessIdentity(ProcessHandle.current().pid(), 1);

    @TempDir
    private Path directory = Path.of("");

    private DirectDoors doors() {
        return new DirectDoors(MACHINE, new DoorPorts(directory));
    }

    private Mount made(String name) throws IOException {
        return mount(Files.createDirectories(directory.resolve(name)), true);
    }

    private static DirectDoors.Entrance enter(DirectDoors doors, Mount mount) throws IOException {
        Path path = Path.of(mount.location());
        return doors.enter(mount, new BuiltinServer(mount.location(), path, true, false, 1), () -> {});
    }

    private static void assertShut(int port) {
        assertThatThrownBy(() -> {
                    try (Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port)) {
                        throw new AssertionError(socket + " is open");
                    }
                })
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void directoriesShareADoorToTheLast() throws IOException {
        DirectDoors doors = doors();
        DirectDoors.Entrance a = enter(doors, made("a"));
        DirectDoors.Entrance b = enter(doors, made("b"));
        assertThat(b.port()).isEqualTo(a.port());
        a.close();
        a.close();
        try (Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), b.port())) {
            assertThat(socket.isConnected()).isTrue();
        }
        b.close();
        assertShut(b.port());
    }

    @Test
    void anotherServerHasADoorOfItsOwn() throws IOException {
        DirectDoors doors = doors();
        try (DirectDoors.Entrance builtin = enter(doors, made("a"));
                DirectDoors.Entrance other = doors.enter(made("b"), new Other(), () -> {});
                DirectDoors.Entrance twice = enter(doors, made("a"))) {
            assertThat(other.port()).isNotEqualTo(builtin.port());
            assertThat(twice.port()).isNotEqualTo(builtin.port());
        }
        DirectDoors others = doors();
        try (DirectDoors.Entrance other = others.enter(made("c"), new Other(), () -> {});
                DirectDoors.Entrance builtin = enter(others, made("d"))) {
            // It would be served by what may have no jail.
            assertThat(builtin.port()).isNotEqualTo(other.port());
        }
    }

    private record Other() implements io.jlima.mount.sshfs.internal.sftp.SftpServer {
        @Override
        public String word() {
            return "other";
        }

        @Override
        public void serve(java.io.InputStream in, java.io.OutputStream out) {
            throw new AssertionError("nobody comes");
        }
    }

    @Test
    void aLaterDaemonPutsTogetherWhatWasTogether() throws IOException {
        DirectDoors doors = doors();
        DirectDoors.Entrance a = enter(doors, made("a"));
        DirectDoors.Entrance alone = doors.enter(made("b"), new Other(), () -> {});
        DirectDoors.Entrance c = enter(doors, made("c"));
        c.close();
        a.close();
        alone.close();
        DirectDoors later = doors();
        try (DirectDoors.Entrance b = enter(later, made("b"));
                DirectDoors.Entrance c2 = enter(later, made("c"));
                DirectDoors.Entrance a2 = enter(later, made("a"))) {
            assertThat(c2.port()).isEqualTo(a2.port()).isNotEqualTo(b.port());
        }
    }
}
