// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.instance.Instances;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Templates as the commands about them see them. */
@Component(service = Texts.class)
public final class Texts {
    private final Instances instances;
    private final ConfigReader reader;

    @Activate
    public Texts(@Reference Instances instances, @Reference ConfigReader reader) {
        this.instances = instances;
        this.reader = reader;
    }

    ConfigReader reader() {
        return reader;
    }

    /** The template that a word means, {@code -} the one on standard input, with so much put into it; what there is to say about it is said. */
    Template find(String word, Invocation invocation, Embed embed) {
        Template template = word.equals("-")
                ? reader.embed(StandardInput.text(invocation), StandardInput.NAME, search(invocation, embed), embed)
                : reader.locate(word, search(invocation, embed), embed);
        if (template.note() != null) {
            invocation.log().warn(template.note());
        }
        return template;
    }

    /** The path or URL that a word means. */
    String url(String word, Invocation invocation) {
        return reader.url(word, search(invocation, Embed.NOTHING));
    }

    /** The base that the user has for all templates counts where all of a template is wanted. */
    private TemplateSearch search(Invocation invocation, Embed embed) {
        boolean whole = embed == Embed.ALL && !invocation.has("embed-all");
        return new TemplateSearch(
                instances.templateDirectories(invocation.caller()),
                whole ? instances.home().resolve("_config/base.yaml") : null,
                invocation.caller());
    }

    /** A whole template with its defaults, after all checks. */
    Resolved resolve(Template template, Invocation invocation) {
        Resolved resolved = instances.check(template.text(), template.source(), invocation.caller());
        resolved.warnings().forEach(invocation.log()::warn);
        return resolved;
    }
}
