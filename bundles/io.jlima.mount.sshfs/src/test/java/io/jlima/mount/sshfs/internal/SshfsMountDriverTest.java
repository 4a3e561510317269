// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.mount.sshfs.internal.sftp.BuiltinServer;
import io.jlima.mount.sshfs.internal.sftp.OpensshServer;
import io.jlima.mount.sshfs.internal.sftp.ReplaySign;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class SshfsMountDriverTest {
    private static final HostEnvironment CALLER =
            new HostEnvironment(Map.of("PATH", "/usr/bin:/bin"), Path.of("/"), 022);

    private static Mount mount(boolean writable, boolean cache, boolean follow, String driver) {
        return new Mount(
                "/tmp",
                "/mnt/x",
                writable,
                new Mount.Sshfs(cache, follow, driver),
                new Mount.NineP("none", "9p2000.L", 131072, "mmap"),
                null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theServerThatKeepsWithinIsTakenByItself(boolean writable) throws IOException {
        SftpServer server = SshfsMountDriver.server(mount(writable, true, false, ""), List.of(), 1000, CALLER);
        assertThat(server).isEqualTo(new BuiltinServer("/tmp", Path.of("/tmp").toRealPath(), writable, false, 1000));
    }

    @Test
    void theOtherIsTakenByItsWord() {
        assertThat(OpensshServer.find(CALLER)).isPresent();
        SftpServer server =
                SshfsMountDriver.server(mount(true, true, false, "openssh-sftp-server"), List.of(), 1000, CALLER);
        assertThat(server.word()).isEqualTo("openssh-sftp-server");
    }

    @Test
    void anyOtherWordIsRefused() {
        assertThatThrownBy(() -> SshfsMountDriver.server(mount(true, true, false, "ftp"), List.of(), 1000, CALLER))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("/tmp")
                .extracting(e -> ((LimaException) e).evidence())
                .asString()
                .contains("ftp");
    }

    @Test
    void optionsAreThoseOfSshfs() {
        assertThat(new SshfsOptions(mount(false, false, true, ""), false).common())
                .isEqualTo(",allow_other,cache=no,follow_symlinks");
        assertThat(new SshfsOptions(mount(true, true, false, ""), true).text()).isEqualTo(",allow_other");
        assertThat(new SshfsOptions(mount(false, false, true, ""), false).text())
                .isEqualTo(",allow_other,cache=no,follow_symlinks,ro");
        SshfsOptions told = new SshfsOptions(mount(false, true, false, ""), true);
        assertThat(told.text()).isEqualTo(",allow_other");
        assertThat(told.place()).isEqualTo("ro");
    }

    @Test
    void watchersAreToldByTheBuiltinServerOnly() {
        SshfsMountDriver driver = new SshfsMountDriver();
        assertThat(driver.replay(mount(false, true, false, "")).sign()).isEqualTo(ReplaySign.time());
        assertThat(driver.replay(mount(true, true, false, "builtin")).sign()).isEqualTo(ReplaySign.time());
        assertThat(driver.replay(mount(true, true, false, "openssh-sftp-server"))
                        .objection())
                .contains("builtin");
    }
}
