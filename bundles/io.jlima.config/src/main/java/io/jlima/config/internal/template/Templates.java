// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.config.WebTexts;
import io.jlima.config.internal.yaml.Mapping;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** From what a user names to the text of a template that stands on its own. */
public final class Templates {
    private Templates() {}

    /**
     * The template that a locator means, with what belongs into it.
     *
     * @param texts the way into the web; null when there is none
     * @param check refuses a document that has not the shape of lima.yaml
     * @throws LimaException when it cannot be had
     */
    public static Template locate(
            String locator, TemplateSearch search, Embed embed, @Nullable WebTexts texts, Consumer<Mapping> check) {
        Set<String> notes = new LinkedHashSet<>();
        Locators locators = new Locators(search, new Web(texts, search.caller()), notes);
        return template(locators.of(locator), notes, new Embedding(search, embed, locators, check));
    }

    /** The same for a text without a place. */
    public static Template embed(
            String text,
            String source,
            TemplateSearch search,
            Embed embed,
            @Nullable WebTexts texts,
            Consumer<Mapping> check) {
        Set<String> notes = new LinkedHashSet<>();
        Locators locators = new Locators(search, new Web(texts, search.caller()), notes);
        return template(new Place.Given(text, source), notes, new Embedding(search, embed, locators, check));
    }

    private static Template template(Place place, Set<String> notes, Embedding embedding) {
        String text = embedding.embed(place);
        String source = embedding.isMerged() ? place.source() + " with its bases" : place.source();
        return new Template(text, source, place.instanceName(), notes.isEmpty() ? null : String.join("\n", notes));
    }

    /** The path or URL that a locator means. */
    public static String url(String locator, TemplateSearch search, @Nullable WebTexts texts) {
        Set<String> notes = new LinkedHashSet<>();
        return new Locators(search, new Web(texts, search.caller()), notes)
                .of(locator)
                .source();
    }

    /** Names of all templates that are shown, sorted. */
    public static List<String> names(TemplateSearch search) {
        return new TemplateStore(search.directories()).names();
    }
}
