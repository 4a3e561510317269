// SPDX-License-Identifier: Apache-2.0
package io.jlima.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program itself, with a bundle that says that it serves. */
@Timeout(180)
class LauncherTest {
    @TempDir
    Path home;

    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void install() throws Exception {
        Path folder = Files.createDirectories(home.resolve("prefix/lib/bundles"));
        Manifest manifest = new Manifest();
        var main = manifest.getMainAttributes();
        main.putValue("Manifest-Version", "1.0");
        main.putValue("Bundle-ManifestVersion", "2");
        main.putValue("Bundle-SymbolicName", "ready");
        main.putValue("Bundle-Activator", ReadyActivator.class.getName());
        main.putValue("Import-Package", "org.osgi.framework");
        String name = ReadyActivator.class.getName().replace('.', '/') + ".class";
        try (OutputStream file = Files.newOutputStream(folder.resolve("ready.jar"));
                JarOutputStream jar = new JarOutputStream(file, manifest);
                InputStream content = ReadyActivator.class.getClassLoader().getResourceAsStream(name)) {
            assertThat(content).isNotNull();
            jar.putNextEntry(new ZipEntry(name));
            content.transferTo(jar);
            jar.closeEntry();
        }
        // Somebody's bundle that is none must keep nobody from serving.
        Files.createDirectories(home.resolve("_plugins"));
        Files.writeString(home.resolve("_plugins/broken.jar"), "no jar");
    }

    @AfterEach
    void end() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
    }

    private Process launch(String log) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Launcher.class.getName(),
                        home.toString(),
                        home.resolve("prefix").toString(),
                        "0.1.0")
                .redirectError(home.resolve(log).toFile())
                .start();
        processes.add(process);
        return process;
    }

    /** End of file on standard output is the sign. */
    private static void serves(Process process) throws Exception {
        assertThat(process.getInputStream().readAllBytes()).isEmpty();
    }

    @Test
    void oneServesAndTheOthersLetIt() throws Exception {
        Process first = launch("first.log");
        serves(first);
        assertThat(first.isAlive()).isTrue();
        assertThat(home.resolve("_daemon/lock")).content().isEqualTo(first.pid() + "\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("_daemon"))))
                .isEqualTo("rwx------");
        assertThat(home.resolve("first.log"))
                .content()
                .contains("INFO Launcher - Daemon 0.1.0 of " + home + " starts, pid " + first.pid())
                .contains("broken.jar");

        Process second;
        // What serves has a socket; the bundles of this test have none, so it stands here.
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(home.resolve("_daemon/sock")));
            second = launch("second.log");
            assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(second.exitValue()).isZero();
        assertThat(home.resolve("second.log"))
                .content()
                .contains("Another daemon serves " + home.resolve("_daemon/sock"));
        assertThat(home.resolve("_daemon/lock")).content().isEqualTo(first.pid() + "\n");

        // The third finds one on its way out: it holds the lock, but nobody answers any more.
        first.destroyForcibly().waitFor();
        Process third;
        try (FileChannel file = FileChannel.open(home.resolve("_daemon/lock"), StandardOpenOption.WRITE);
                FileLock held = file.lock(1000, 1, false)) {
            assertThat(held.isValid()).isTrue();
            third = launch("third.log");
            assertThat(third.waitFor(1, TimeUnit.SECONDS)).as("has given up").isFalse();
        }
        serves(third);
        assertThat(third.isAlive()).isTrue();
        assertThat(home.resolve("_daemon/lock")).content().isEqualTo(third.pid() + "\n");
        third.destroy();
        assertThat(third.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
}
