// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.config.internal.template.TextFile;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.YamlText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** One way from text to model: read, merge, fill, validate, decode. Used once. */
final class Resolution {
    private final Facts facts;
    private final Vintage vintage;
    private final Findings findings = new Findings();

    Resolution(Facts facts) {
        this.facts = facts;
        this.vintage = new Vintage(facts);
    }

    /** One of the three texts of a configuration, and its name in messages. */
    record Source(String text, String name) {}

    Resolved resolve(String text, String source) {
        return resolve(file("default.yaml"), new Source(text, source), file("override.yaml"));
    }

    /** The same of three texts, so that nothing but them counts. */
    Resolved resolve(Source lower, Source own, Source upper) {
        Mapping instance = inShape(own);
        new ParamRules(facts.home(), findings).checkUse(instance);
        Layers layers = new Layers(inShape(lower), instance, inShape(upper));

        Mapping document = layers.merged();
        fill(document, layers, instance.textMap("param"));
        validate(document);
        findings.throwErrors(own.name());
        return new Resolved(
                ConfigDecoder.decode(document, vintage), PlainTree.of(inOrder(document)), findings.warnings());
    }

    /** With the keys in the order in which they are usually written. */
    private static Mapping inOrder(Mapping document) {
        Mapping ordered = new Mapping(document.mark());
        for (String key : Schema.LIMA_YAML.fields().keySet()) {
            Node value = document.get(key);
            if (value != null) {
                ordered.put(key, value);
            }
        }
        return ordered;
    }

    private Source file(String name) {
        Path file = facts.configDirectory().resolve(name);
        return new Source(Files.exists(file) ? TextFile.read(file) : "", file.toString());
    }

    private Mapping inShape(Source source) {
        Mapping layer = new Conformer(findings).conform(YamlText.read(source.text(), source.name()));
        new OldKeys(findings).translate(layer);
        return layer;
    }

    private void fill(Mapping document, Layers layers, Map<String, String> param) {
        new OldKeys(findings).translateOptions(document);
        new Defaults(facts, vintage, findings).fillScalars(document);
        // Everything below may use the account's name and home.
        Evaluation evaluation = new Evaluation(facts, param, document.section("user"), findings);
        document.put(
                "mounts",
                new MountLayers(facts.home(), vintage, evaluation, findings).merge(layers.rising("mounts"), document));
        document.put("networks", new NetworkLayers(facts, findings).merge(layers.rising("networks"), document));
        ListDefaults lists = new ListDefaults(facts, vintage, evaluation, findings);
        lists.fill(document);
        if (document.flag("plain")) {
            lists.makePlain(document);
        }
    }

    private void validate(Mapping document) {
        new MachineRules(vintage, findings).check(document);
        new GuestRules(findings).check(document);
        new Remarks(vintage, findings).on(document);
        new ForwardRules(facts.os(), findings).check(document);
        List<Mapping> networks = document.mappings("networks");
        boolean named = networks.stream().anyMatch(network -> network.has("lima"));
        Map<String, String> modes = named ? NetworkModes.read(facts.configDirectory(), findings) : Map.of();
        new NetworkRules(facts.os(), modes, findings).check(networks);
        new ParamRules(facts.home(), findings).check(document.section("param"));
    }
}
