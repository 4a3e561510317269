// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.instance.Instances;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What {@code create} and {@code start} share: from the words on the command line to a new instance. */
@Component(service = Creation.class)
public final class Creation {
    /** Lima reads no longer template than this either. */
    private static final int LONGEST_TEMPLATE = 4 << 20;

    private static final Pattern INSTANCE_NAME = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

    private final Instances instances;
    private final ConfigReader reader;

    @Activate
    public Creation(@Reference Instances instances, @Reference ConfigReader reader) {
        this.instances = instances;
        this.reader = reader;
    }

    List<String> templateNames(HostEnvironment caller) {
        return reader.templateNames(search(caller));
    }

    private TemplateSearch search(HostEnvironment caller) {
        return new TemplateSearch(
                instances.templateDirectories(caller), instances.home().resolve("_config/base.yaml"), caller);
    }

    /** Whether the word can only be an instance's name, as opposed to a template, a file or a URL. */
    static boolean isInstanceName(String word) {
        String lower = word.toLowerCase(java.util.Locale.ROOT);
        return word.length() <= 76
                && INSTANCE_NAME.matcher(word).matches()
                && !lower.endsWith(".yml")
                && !lower.endsWith(".yaml");
    }

    /** Name of the existing instance that the words mean; empty when a new one is to be made. */
    Optional<String> existing(Invocation invocation) {
        String word =
                invocation.arguments().isEmpty() ? "" : invocation.arguments().getFirst();
        if (!word.isEmpty() && !isInstanceName(word)) {
            return Optional.empty();
        }
        String name = nameFrom(invocation, word);
        return instances.find(name).map(i -> name);
    }

    private static String nameFrom(Invocation invocation, String word) {
        Optional<String> option = invocation.value("name");
        if (option.isPresent()
                && !word.isEmpty()
                && isInstanceName(word)
                && !option.get().equals(word)) {
            throw new LimaException(
                    "instance name `" + word + "` and --name `" + option.get() + "` cannot be both given",
                    "Give the name once");
        }
        return option.orElse(word.isEmpty() ? "default" : word);
    }

    /**
     * Makes the instance that the words ask for.
     *
     * @return its name
     */
    String create(Invocation invocation) {
        String word =
                invocation.arguments().isEmpty() ? "" : invocation.arguments().getFirst();
        boolean byName = word.isEmpty() || isInstanceName(word);
        Template template = byName ? defaultTemplate(invocation, word) : template(invocation, word);
        String name = byName
                ? nameFrom(invocation, word)
                : invocation
                        .value("name")
                        .or(template::instanceName)
                        .orElseThrow(() -> new LimaException(
                                "no instance name can be made of `" + word + "`", "Give one with --name NAME"));
        if (template.note() != null) {
            invocation.log().warn(template.note());
        }
        instances.create(name, template.text(), template.source(), invocation.caller(), invocation.log());
        return name;
    }

    private Template defaultTemplate(Invocation invocation, String word) {
        if (!word.isEmpty() && !word.equals("default")) {
            invocation
                    .log()
                    .warn("Creating the instance `" + word + "` from template:default; to use a template of that name"
                            + " write template:" + word);
        }
        return reader.locate("template:default", search(invocation.caller()));
    }

    private Template template(Invocation invocation, String word) {
        if (!word.equals("-")) {
            return reader.locate(word, search(invocation.caller()));
        }
        if (invocation.value("name").isEmpty()) {
            throw new LimaException("a template from standard input has no name", "Give one with --name NAME");
        }
        try {
            byte[] text = invocation.in().readNBytes(LONGEST_TEMPLATE + 1);
            if (text.length > LONGEST_TEMPLATE) {
                throw new LimaException("the template on standard input is longer than 4 MiB");
            }
            return reader.embed(
                    new String(text, StandardCharsets.UTF_8),
                    "stdin",
                    search(invocation.caller()),
                    ConfigReader.Embed.ALL);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
