// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.LimaException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildFailureTest {
    private static LimaException failure(String... lines) {
        return BuildFailure.of("It failed", List.of(lines), Path.of("/scratch"), Path.of("/cache"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Err:1 http://deb.debian.org/debian bookworm InRelease Temporary failure resolving 'deb.debian.org'|mirror cannot be reached",
                "E: Failed to fetch http://x/InRelease  Could not connect to x:80 (127.0.0.1). - connect (111: Connection refused)|http_proxy",
                "E: The repository 'http://deb.debian.org/debian bokworm Release' does not have a Release file.|name of the release",
                "E: Unable to locate package nosuchthing|names after include=",
                "W: GPG error: http://x bookworm InRelease: NO_PUBKEY 0E98404D386FA1D9|debian-archive-keyring",
                "E: newuidmap 4711 0 100000 65536 failed: No such file or directory|uidmap",
                "E: unshare() failed: Operation not permitted|user namespaces",
                "dpkg: error processing archive x.deb (--unpack): failed to write: No space left on device|in /scratch and 0.8 GiB in /cache"
            })
    void theEvidenceIsShownAndItsRemedy(String line, String remedy) {
        LimaException failure = failure("I: running apt-get update...", line, "E: mmdebstrap failed to run");
        assertThat(failure.evidence()).isEqualTo(line);
        assertThat(failure.remedy()).contains(remedy);
    }

    @Test
    void withoutComplaintsTheLastLinesAreTheEvidence() {
        String[] lines = IntStream.rangeClosed(1, 40).mapToObj(n -> "line " + n).toArray(String[]::new);
        LimaException failure = failure(lines);
        assertThat(failure.evidence()).startsWith("line 29\n").endsWith("line 40");
        assertThat(failure.remedy()).isNull();
    }
}
