// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

/** The archive, which is for any machine: its limactl hands over to the client that fits. */
class ArchiveIT {
    private static void standIn(Path program) throws IOException {
        Files.deleteIfExists(program);
        Files.writeString(program, "#!/bin/sh\necho \"${0##*/}\" \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void theClientForTheMachineIsTaken() throws IOException {
        try (Home home = Home.create()) {
            Path archive = Home.DISTRIBUTION.resolveSibling(Home.DISTRIBUTION.getFileName() + ".tar.gz");
            Path unpacked = Files.createDirectory(home.path.resolve("_unpacked"));
            assertThat(home.shell("tar -xzf " + archive + " -C " + unpacked).code())
                    .isZero();
            Path installed = unpacked.resolve(Home.DISTRIBUTION.getFileName());
            home.using(installed);
            assertThat(home.good("list", "-q").out()).isEmpty();
            home.good("daemon", "stop");

            Path clients = installed.resolve("lib/client");
            String machine = home.shell("uname -m").out().strip();
            assertThat(clients.resolve("limactl-linux-" + machine)).isExecutable();
            standIn(clients.resolve("limactl-linux-" + machine));
            standIn(clients.resolve("limactl-java"));
            assertThat(home.good("shell", "a b", "").out()).isEqualTo("limactl-linux-" + machine + " shell a b \n");
            Path link = Files.createSymbolicLink(home.path.resolve("_link"), installed.resolve("bin/limactl"));
            assertThat(home.shell(link + " x").out()).isEqualTo("limactl-linux-" + machine + " x\n");
            Files.delete(clients.resolve("limactl-linux-" + machine));
            assertThat(home.good("list").out()).isEqualTo("limactl-java list\n");
        }
    }
}
