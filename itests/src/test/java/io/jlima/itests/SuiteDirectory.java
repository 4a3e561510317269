// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** What {@code mount-suite.py} wants to find in a directory of the host that is shown to a guest. */
final class SuiteDirectory {
    private SuiteDirectory() {}

    /** Fills an empty directory. */
    static Path make(Home home, Path directory) throws IOException {
        Files.createDirectories(directory.resolve("deep/er"));
        Files.createDirectory(directory.resolve("many"));
        for (int i = 0; i < 10_000; i++) {
            Files.createFile(directory.resolve("many/entry-%05d".formatted(i)));
        }
        Files.writeString(directory.resolve("note"), "from the host\n");
        Files.writeString(directory.resolve("deep/er/file"), "deep\n");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("note"));
        Files.createDirectory(directory.resolve("links"));
        Files.createSymbolicLink(directory.resolve("links/dangling"), Path.of("nowhere/at all"));
        Files.createSymbolicLink(directory.resolve("links/absolute"), Path.of("/etc/hostname"));
        Files.createSymbolicLink(directory.resolve("links/up"), Path.of("../note"));
        Files.createSymbolicLink(directory.resolve("links/directory"), Path.of("../deep"));
        byte[] data = new byte[3 * 1024 * 1024 + 17];
        new Random(directory.getFileName().toString().hashCode()).nextBytes(data);
        Files.write(directory.resolve("data"), data);
        try (FileChannel far =
                FileChannel.open(directory.resolve("far"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            far.write(ByteBuffer.wrap("far out".getBytes(StandardCharsets.UTF_8)), (1L << 32) + 12345);
        }
        Home.Result made =
                home.shell(HOST_FILES.formatted(directory.toString().replace("'", "'\\''"), repository(home)));
        assertThat(made.code()).as(made.all()).isZero();
        return directory;
    }

    /** Names that are no text, and what else a shell says in fewer words. */
    private static final String HOST_FILES = """
            set -e
            umask 022
            cd '%s'
            mkdir names facts facts/directory
            long=$(printf %%0255d 0 | tr 0 n)
            for name in 'two words' ' edges ' 'new\\nline' 'tab\\t' ' gr\\303\\274\\303\\237e \\342\\234\\223 \\360\\235\\204\\236 ' \
                    'caf\\351 \\377\\376' '\\047quoted\\042' '-n' 'back\\134slash' Case case "$long"; do
                printf -- "$name" >"names/$(printf -- "$name")"
            done
            for mode in 600 640 755 444; do
                head -c "$((0$mode))" /dev/zero >facts/$mode
                chmod $mode facts/$mode
                touch -d @1234567890 facts/$mode
            done
            chmod 751 facts/directory
            touch -d @1234567890 facts/directory
            cp -r '%s' repository
            """;

    /** A repository of two commits, which the directories get copies of. */
    private static Path repository(Home home) {
        Path repository = home.path.resolve("repository");
        if (!Files.exists(repository)) {
            Home.Result made = home.shell("""
                    set -e
                    umask 022
                    git init -q '%1$s'
                    cd '%1$s'
                    git config user.name u
                    git config user.email u@example.com
                    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                        head -c 3000 /dev/urandom >$i
                    done
                    git add .
                    git commit -q -m one
                    echo more >1
                    git commit -q -a -m two
                    """.formatted(repository));
            assertThat(made.code()).as(made.all()).isZero();
        }
        return repository;
    }
}
