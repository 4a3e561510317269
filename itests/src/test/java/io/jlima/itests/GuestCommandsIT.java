// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands that need a guest, all with one: the instance {@code vm}, which has an additional disk and no mounts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestCommandsIT {
    private static final long BOOT = 540;

    private final Home home = Home.create();
    private final Path files = home.path.resolve("_files");

    @BeforeAll
    void boot() throws IOException {
        Files.createDirectories(files.resolve("dir/deep er"));
        Files.writeString(files.resolve("file"), "content\n");
        Files.writeString(files.resolve("dir/deep er/new\nline"), "odd\n");
        byte[] random = new byte[3 << 20];
        new Random(7).nextBytes(random);
        Files.write(files.resolve("dir/large"), random);
        home.good("disk", "create", "data", "--size", "64MiB");
        home.write("vm.yaml", """
                images:
                - location: "debian:bookworm"
                cpus: 1
                memory: 768MiB
                disk: 8GiB
                mounts: []
                additionalDisks:
                - data
                message: |
                  Hello from {{.Name}}.
                """);
        Home.Result start = home.goodWithin(
                BOOT,
                "start",
                "--tty=false",
                "--name",
                "vm",
                home.path.resolve("vm.yaml").toString());
        assertThat(start.err()).contains("READY. Run `", "shell vm` to open the shell.", "ssh -F ", "Hello from vm.");
        assertThat(start.out()).isEmpty();
    }

    @AfterAll
    void leaveNothing() throws IOException {
        home.close();
        if (Files.exists(files)) {
            try (Stream<Path> all = Files.walk(files)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    static Stream<CommandCase> guest() {
        return CommandCases.GUEST.stream();
    }

    @ParameterizedTest
    @MethodSource
    @Order(1)
    void guest(CommandCase test) {
        test.check(home, BOOT);
    }

    @Test
    @Order(2)
    void filesComeBackAsTheyWent() {
        for (String backend : List.of("auto", "scp")) {
            String there = "vm:/tmp/tree-" + backend;
            home.good("copy", "--backend", backend, "-r", files.resolve("dir").toString(), there);
            Path back = files.resolve("back-" + backend);
            home.good("copy", "--backend", backend, "-r", there, back.toString());
            assertSame(files.resolve("dir"), back);
            // A directory that is there takes the copy in.
            home.good("copy", "--backend", backend, "-r", there, back.toString());
            assertSame(files.resolve("dir"), back.resolve("tree-" + backend));
        }
    }

    private static void assertSame(Path expected, Path found) {
        try (Stream<Path> all = Files.walk(expected)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Path twin = found.resolve(expected.relativize(file));
                assertThat(twin).hasSameBinaryContentAs(file);
                assertThat(Files.getLastModifiedTime(twin).toMillis() / 1000)
                        .isEqualTo(Files.getLastModifiedTime(file).toMillis() / 1000);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Order(3)
    void theDiskIsThere() {
        assertThat(home.good("shell", "vm", "df", "--output=target").out()).contains("/mnt/lima-data");
        assertThat(home.good("disk", "list", "--json").out()).contains("\"instance\":\"vm\"");
        assertThat(home.limactl("disk", "delete", "--force", "data").err()).contains("in use by instance `vm`");
        assertThat(home.limactl("disk", "unlock", "data").err()).contains("used by running instance `vm`");
        assertThat(home.limactl("disk", "resize", "data", "--size", "1GiB").err())
                .contains("in use by running instance `vm`");
    }

    @Test
    @Order(4)
    void aRunningGuestGoesBackToItsSnapshot() {
        home.good("shell", "vm", "sh", "-c", "echo before > /var/tmp/mark; echo 1 > /dev/shm/memory");
        home.good("snapshot", "create", "vm", "--tag", "live");
        home.good("shell", "vm", "sh", "-c", "echo after > /var/tmp/mark; echo 2 > /dev/shm/memory");
        home.good("snapshot", "apply", "vm", "--tag", "live");
        assertThat(home.good("shell", "vm", "cat", "/var/tmp/mark", "/dev/shm/memory")
                        .out())
                .isEqualTo("before\n1\n");
        assertThat(home.good("snapshot", "list", "-q", "vm").out()).isEqualTo("live\n");
        home.good("snapshot", "delete", "vm", "--tag", "live");
        assertThat(home.good("snapshot", "list", "vm").out()).isEmpty();
    }

    @Test
    @Order(9)
    void theDiskIsGivenBack() {
        home.goodWithin(BOOT, "stop", "vm");
        assertThat(home.good("disk", "list", "--json").out()).contains("\"instance\":\"\"");
    }
}
