// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Two directories of templates, and one where somebody works. */
abstract class TemplateDirectories {
    final YamlConfigReader reader = new YamlConfigReader();

    @TempDir
    Path home;

    Path first = Path.of("");
    Path second = Path.of("");
    Path work = Path.of("");

    @BeforeEach
    void directories() throws IOException {
        first = Files.createDirectories(home.resolve("first"));
        second = Files.createDirectories(home.resolve("second"));
        work = Files.createDirectories(home.resolve("work"));
    }

    TemplateSearch search() {
        return new TemplateSearch(List.of(first, second, home.resolve("absent")), work, home);
    }

    static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text);
    }

    InstanceConfig resolved(String locator) {
        Template template = reader.locate(locator, search());
        return reader.resolve(
                        template.text(), template.source(), Given.linux(home).facts())
                .config();
    }

    String refusal(String locator) {
        try {
            reader.locate(locator, search());
            return "found";
        } catch (LimaException e) {
            return e.getMessage() == null ? "" : e.getMessage();
        }
    }
}
