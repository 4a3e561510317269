// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.config.internal.Identifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the text of a template is. */
sealed interface Place {
    /** Name in messages; two places of the same name are the same. */
    String source();

    /**
     * What stands there.
     *
     * @throws LimaException when it cannot be had
     */
    String text();

    /** What the place is called: the last part of a path; null when it has no name. */
    @Nullable
    String baseName();

    /** The base name in lower case without .yaml; empty when an instance cannot be called so. */
    default Optional<String> instanceName() {
        String base = baseName();
        if (base == null) {
            return Optional.empty();
        }
        String name = base.toLowerCase(Locale.ROOT);
        for (String extension : List.of(".yml", ".yaml")) {
            if (name.endsWith(extension)) {
                name = name.substring(0, name.length() - extension.length());
            }
        }
        return Identifier.isInstanceName(name) ? Optional.of(name) : Optional.empty();
    }

    /** What comes after the last slash. */
    static String lastPart(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** A template of the store. */
    record Stored(Path file, String name) implements Place {
        @Override
        public String source() {
            return file.toString();
        }

        @Override
        public String text() {
            return TextFile.read(file);
        }

        @Override
        public String baseName() {
            return lastPart(name);
        }
    }

    /** A file of the user. */
    record Local(Path file) implements Place {
        @Override
        public String source() {
            return file.toString();
        }

        @Override
        public String text() {
            return TextFile.read(file);
        }

        @Override
        public String baseName() {
            return String.valueOf(file.getFileName());
        }
    }

    /**
     * A page of the web.
     *
     * @param name what to call it where its path is no name; null for the path's last part
     */
    record Page(URI location, @Nullable String name, Web web) implements Place {
        @Override
        public String source() {
            return location.toString();
        }

        @Override
        public String text() {
            return web.text(location);
        }

        @Override
        public String baseName() {
            return name != null ? name : lastPart(String.valueOf(location.getPath()));
        }
    }

    /** A text that somebody handed in; what it names is relative to the working directory. */
    record Given(String text, String source) implements Place {
        @Override
        public @Nullable String baseName() {
            return null;
        }
    }

    /** A disk image, which a template is made up for. */
    record Image(ImageTemplate template) implements Place {
        @Override
        public String source() {
            return template.location();
        }

        @Override
        public String text() {
            Path file = template.file();
            if (file != null && !Files.exists(file)) {
                throw new LimaException(
                        "there is no disk image " + file,
                        "check the path; a locator that ends so is taken for an image");
            }
            return template.text();
        }

        @Override
        public String baseName() {
            return template.name();
        }
    }
}
