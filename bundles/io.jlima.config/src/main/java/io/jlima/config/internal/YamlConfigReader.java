// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.WebTexts;
import io.jlima.config.internal.edit.PlainTrees;
import io.jlima.config.internal.edit.Rewriter;
import io.jlima.config.internal.template.Templates;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import io.jlima.config.internal.yaml.YamlWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Reads lima.yaml. Thread-safe; its only state is the way into the web, which may come and go. */
@Component(service = ConfigReader.class)
public final class YamlConfigReader implements ConfigReader {
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable WebTexts web;

    /** A reader that finds its way into the web by itself, if there is one. */
    @Activate
    public YamlConfigReader() {}

    /** A reader with a way into the web. */
    public YamlConfigReader(WebTexts web) {
        this.web = web;
    }

    @Override
    public Template locate(String locator, TemplateSearch search, Embed embed) {
        return Templates.locate(locator, search, embed, web, YamlConfigReader::check);
    }

    @Override
    public Template embed(String text, String source, TemplateSearch search, Embed embed) {
        return Templates.embed(text, source, search, embed, web, YamlConfigReader::check);
    }

    @Override
    public String url(String locator, TemplateSearch search) {
        return Templates.url(locator, search, web);
    }

    @Override
    public Map<String, @Nullable Object> parse(String text, String source) {
        return PlainTrees.of(YamlText.read(text, source));
    }

    @Override
    public String rewrite(String text, String source, Map<String, ? extends @Nullable Object> tree) {
        return Rewriter.rewrite(text, source, PlainTrees.mapping(tree));
    }

    @Override
    public String write(@Nullable Object tree) {
        return YamlWriter.write(PlainTrees.node(tree), false);
    }

    @Override
    public Map<String, Object> schema() {
        return JsonSchema.of(Schema.LIMA_YAML);
    }

    @Override
    public List<String> templateNames(TemplateSearch search) {
        return Templates.names(search);
    }

    @Override
    public Resolved resolve(String text, String source, Facts facts) {
        return new Resolution(facts).resolve(text, source);
    }

    /** Wrong values of a base are reported where they stand, which cannot be told once it is merged. */
    private static void check(Mapping document) {
        Findings findings = new Findings();
        new Conformer(findings).conform(document);
        findings.throwErrors(document.mark().source());
    }
}
