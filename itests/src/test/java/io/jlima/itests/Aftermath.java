// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.isAlive;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What has been said, and what is left, when something has gone wrong. */
final class Aftermath {
    private Aftermath() {}

    static String refused(Result result) {
        assertThat(result.code()).as(result.all()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).doesNotContain("internal error", "Exception", "\tat ");
        return result.err();
    }

    /** No instance, no draft of one, no temporary file: nothing but what the test itself has put there. */
    static void assertNothingMade(Home home) throws IOException {
        try (Stream<Path> entries = Files.list(home.path)) {
            assertThat(entries.filter(Files::isDirectory)
                            .map(e -> e.getFileName().toString()))
                    .allMatch(name -> name.equals("_daemon") || name.equals("_config"));
        }
    }

    static void assertNothingTemporary(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(n -> n.endsWith(".tmp") || n.endsWith(".new") || n.endsWith(".part"));
        }
    }

    /** Machines of this home that live. */
    static List<ProcessHandle> machines(Home home) {
        try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
            return processes.filter(p -> isMachineOf(home, p.pid())).toList();
        }
    }

    private static boolean isMachineOf(Home home, long pid) {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
            return isAlive(pid) && line.contains(home.path + "/") && line.contains("\0-name\0lima-");
        } catch (IOException e) {
            return false;
        }
    }
}
