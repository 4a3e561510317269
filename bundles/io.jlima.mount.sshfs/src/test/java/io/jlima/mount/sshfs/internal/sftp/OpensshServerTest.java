// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of OpenSSH's own program, which a test of the driver needs as it needs sshfs. */
@EnabledOnOs(OS.LINUX)
class OpensshServerTest {
    private static final HostEnvironment CALLER =
            new HostEnvironment(Map.of("PATH", "/usr/bin:/bin"), Path.of("/"), 022);

    @TempDir
    Path directory;

    private RawClient client(Path location, boolean writable) throws IOException {
        Path program = OpensshServer.find(CALLER).orElseThrow();
        return new RawClient(new OpensshServer(program, location.toString(), writable, CALLER)).hello();
    }

    /** The program would put in what it knows of its user: a % in a name is no more than that. */
    @Test
    void itBeginsInTheDirectoryWhateverItsName() throws IOException {
        for (String name : new String[] {"plain", "100%", "%u", "%d and %h", "%%", "two words, it's"}) {
            Path location = Files.createDirectory(directory.resolve(name));
            Files.writeString(location.resolve("here"), "x");
            try (RawClient client = client(location, false)) {
                RawClient.Answer here = client.ask(16, ".");
                assertThat(here.body().readInt()).isEqualTo(1);
                assertThat(new String(here.string(), StandardCharsets.UTF_8)).isEqualTo(location.toString());
                assertThat(client.list(".")).contains("here");
            }
        }
    }

    @Test
    void oneThatIsReadOnlyChangesNothing() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "content");
        FileTime time = FileTime.from(1_234_567, TimeUnit.SECONDS);
        Files.setLastModifiedTime(file, time);
        try (RawClient client = client(directory, false)) {
            assertThat(client.open(file.toString(), 2)).as("write").isNull();
            assertThat(client.open(directory + "/new", 2 | 8)).as("create").isNull();
            assertThat(client.ask(9, file.toString(), 8, 1, 1).status())
                    .as("setstat")
                    .isEqualTo(3);
            assertThat(client.ask(13, file.toString()).status()).as("remove").isEqualTo(3);
            assertThat(client.ask(14, directory + "/new", 0).status())
                    .as("mkdir")
                    .isEqualTo(3);
            byte[] handle = client.opened(file.toString(), 1);
            assertThat(client.ask(5, handle, 0L, 100).string()).isEqualTo("content".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(time);
        assertThat(directory).isDirectoryContaining(entry -> entry.equals(file));
        try (RawClient client = client(directory, true)) {
            assertThat(client.open(directory + "/new", 2 | 8)).isNotNull();
        }
        assertThat(directory.resolve("new")).exists();
    }
}
