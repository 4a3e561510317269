// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.YamlText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Text files that people write. */
public final class TextFile {
    private TextFile() {}

    /**
     * The content of a regular file of at most 4 MiB of UTF-8.
     *
     * @throws LimaException when it cannot be had
     */
    public static String read(Path file) {
        byte[] bytes;
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new LimaException(
                        file + " is not a file" + (Files.isDirectory(file) ? " but a directory" : ""),
                        "name a YAML file");
            }
            try (InputStream stream = Files.newInputStream(file)) {
                bytes = stream.readNBytes(YamlText.LONGEST + 1);
            }
        } catch (NoSuchFileException e) {
            throw new LimaException("there is no file " + file, null, null, e);
        } catch (AccessDeniedException e) {
            throw new LimaException("the file " + file + " may not be read", null, "check its permissions", e);
        } catch (IOException e) {
            throw new LimaException("the file " + file + " cannot be read", e);
        }
        if (bytes.length > YamlText.LONGEST) {
            throw new LimaException(file + " is longer than 4 MiB", "a template is text, not a disk image");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new LimaException(file + " is not text in UTF-8", null, "convert it with iconv -t UTF-8", e);
        }
    }
}
