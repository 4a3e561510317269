// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader;
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
import org.osgi.service.component.annotations.Component;

/** Reads lima.yaml. Without state, thread-safe. */
@Component(service = ConfigReader.class)
public final class YamlConfigReader implements ConfigReader {
    @Override
    public Template locate(String locator, TemplateSearch search) {
        return locate(locator, search, Embedding.ALL);
    }

    @Override
    public Template locate(String locator, TemplateSearch search, Embedding embedding) {
        return Templates.locate(locator, search, embedding, YamlConfigReader::check);
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
