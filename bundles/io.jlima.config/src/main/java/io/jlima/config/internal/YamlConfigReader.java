// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader;
import io.jlima.config.internal.template.Templates;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import java.util.List;
import org.osgi.service.component.annotations.Component;

/** Reads lima.yaml. Without state, thread-safe. */
@Component(service = ConfigReader.class)
public final class YamlConfigReader implements ConfigReader {
    @Override
    public Template locate(String locator, TemplateSearch search) {
        return Templates.locate(locator, search, YamlConfigReader::check);
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
