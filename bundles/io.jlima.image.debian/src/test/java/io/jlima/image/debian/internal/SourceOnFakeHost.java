// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageSource.Request;
import io.jlima.api.image.ImageSource.SourcedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The source of Debian images, with a host whose programs are played. */
@Timeout(180)
abstract class SourceOnFakeHost {
    static final String LOCATION = "debian:bookworm";

    final DebianImageSource source = new DebianImageSource(Arch.X86_64);

    @TempDir
    Path directory;

    FakeHost host;
    Path cache;

    @BeforeEach
    void setUp() throws Exception {
        host = new FakeHost(Files.createDirectories(directory.resolve("host")));
        cache = directory.resolve("a cache's directory");
        assertThat(new ProcessBuilder("mkfifo", host.directory.resolve("gate").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    SourcedImage fetch(Progress progress) {
        return source.fetch(new Request(LOCATION, Arch.X86_64, cache), host.environment(), progress);
    }

    List<Path> inCache() throws IOException {
        try (var files = Files.list(cache)) {
            return files.toList();
        }
    }

    void assertNothingLeft() throws IOException {
        assertThat(inCache()).isEmpty();
        assertThat(host.leftTemporaries()).isEmpty();
    }
}
