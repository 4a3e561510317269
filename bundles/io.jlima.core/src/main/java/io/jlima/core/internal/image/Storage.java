// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;

/** Where large files are written to. Thread-safe. */
interface Storage {
    /** The file system. */
    Storage FILE_SYSTEM = new Storage() {
        @Override
        public SeekableByteChannel open(Path file, OpenOption... options) throws IOException {
            return Files.newByteChannel(file, options);
        }

        @Override
        public long usableSpace(Path directory) throws IOException {
            return Files.getFileStore(directory).getUsableSpace();
        }
    };

    /** Opens a file for writing. */
    SeekableByteChannel open(Path file, OpenOption... options) throws IOException;

    /** Bytes that can still be written where the directory is. */
    long usableSpace(Path directory) throws IOException;
}
