// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.internal.yaml.Mapping;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** From what a user names to the text of a template that stands on its own. */
public final class Templates {
    private Templates() {}

    /**
     * The template that a locator means.
     *
     * @param level what of that which it names is put into its text
     * @param check refuses a document that has not the shape of lima.yaml
     * @throws LimaException when it cannot be had
     */
    public static Template locate(
            String locator, TemplateSearch search, ConfigReader.Embedding level, Consumer<Mapping> check) {
        Locator place = Locator.of(locator, search);
        Embedding embedding = new Embedding(search, level, check);
        String text = embedding.embed(place);
        Set<String> notes = new LinkedHashSet<>();
        if (place.note() != null) {
            notes.add(place.note());
        }
        notes.addAll(embedding.notes());
        return new Template(
                text, place.file().toString(), place.instanceName(), notes.isEmpty() ? null : String.join("\n", notes));
    }

    /** Names of all templates that are shown, sorted. */
    public static List<String> names(TemplateSearch search) {
        return new TemplateStore(search.directories()).names();
    }
}
