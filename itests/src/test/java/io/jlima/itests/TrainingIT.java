// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Programs.script;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the JVMs have learnt is written down once for each build and place, and the next ones begin with it. */
class TrainingIT extends OnSilentGuest {
    /** Whoever starts the daemon, a native client too, the training has all that its JVMs need. */
    @Test
    void aTrainingMakesBothCachesAndLeavesNothing() throws IOException {
        try (Home home = guest.home()) {
            Path caches = Files.createDirectory(home.path.resolve("_caches"));
            home.with("_JLIMA_PREFIX", Home.DISTRIBUTION.toString())
                    .with(
                            "_JLIMA_VERSION",
                            Files.readString(Home.DISTRIBUTION.resolve("lib/version"))
                                    .strip())
                    .with("_JLIMA_JAVA", System.getProperty("java.home"))
                    .with("_JLIMA_AOT", caches.resolve("v").toString());
            Result training = home.shell("exec /bin/sh " + Home.DISTRIBUTION + "/lib/train.sh");
            assertThat(training.code()).as(training.all()).isZero();
            assertThat(training.err()).doesNotContain("limactl: ");
            assertThat(caches.resolve("v/client.aot")).isNotEmptyFile();
            assertThat(caches.resolve("v/daemon.aot")).isNotEmptyFile();
            try (Stream<Path> left = Files.list(caches)) {
                assertThat(left).containsExactly(caches.resolve("v"));
            }
        }
    }

    /** The first command of a build has the JVMs write down what they have learnt, for all later ones of the user. */
    @Test
    void theJvmsAreTrainedInTheBackground() throws IOException {
        try (Home home = Home.create()) {
            Path caches = home.path.resolve("_cache/lima/aot");
            // One for each build and place.
            Path mine = caches.resolve(
                    Files.readString(Home.DISTRIBUTION.resolve("lib/version")).strip()
                            + Home.DISTRIBUTION.toRealPath().toString().replace('/', '%'));
            // What is done in the background waits for an idle machine; the test does not.
            Path nice = script(home, "_programs/nice", "shift 2\nexec \"$@\"\n");
            home.with("PATH", nice.getParent() + ":" + home.environment().get("PATH"));
            home.with("XDG_CACHE_HOME", home.path + "/_cache").good("list", "-q");
            eventually(
                    "the caches are there and nothing else",
                    () -> content(caches).equals(List.of(mine)));
            assertThat(content(mine)).containsExactlyInAnyOrder(mine.resolve("client.aot"), mine.resolve("daemon.aot"));
            home.good("daemon", "stop");
            Result result = home.good("list", "-q");
            assertThat(result.out()).isEmpty();
            assertThat(Path.of("/proc/" + home.daemonPid() + "/maps"))
                    .as("what the next daemon has in its memory")
                    .content()
                    .contains(mine + "/daemon.aot");
        }
    }

    private static List<Path> content(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
