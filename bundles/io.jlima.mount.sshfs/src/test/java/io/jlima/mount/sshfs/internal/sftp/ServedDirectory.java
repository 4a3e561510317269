// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A directory that the built-in server serves, with a file in it, and another beside it that it must not show. */
abstract class ServedDirectory {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int CREATE = 8;
    static final int TRUNCATE = 16;
    static final int EXCLUSIVE = 32;

    static final int OK = 0;
    static final int END_OF_FILE = 1;
    static final int NO_SUCH_FILE = 2;
    static final int DENIED = 3;
    static final int UNSUPPORTED = 8;

    @TempDir
    Path directory;

    Path root = Path.of("");
    Path outside = Path.of("");

    @BeforeEach
    void makeDirectories() throws IOException {
        root = Files.createDirectory(directory.resolve("mount"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        Files.writeString(root.resolve("file"), "content");
    }

    RawClient client(boolean writable, boolean followLinks) throws IOException {
        return new RawClient(new BuiltinServer(root.toString(), root.toRealPath(), writable, followLinks, 4321))
                .hello();
    }

    String at(String name) {
        return root + "/" + name;
    }

    String snapshot() throws IOException {
        StringBuilder text = new StringBuilder();
        try (var files = Files.walk(root)) {
            for (Path file : files.sorted().toList()) {
                text.append(file)
                        .append(Files.readAttributes(file, "unix:mode,size,lastModifiedTime,nlink"))
                        .append('\n');
            }
        }
        return text.toString();
    }
}
