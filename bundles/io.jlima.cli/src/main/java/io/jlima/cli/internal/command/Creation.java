// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.cli.internal.edit.EditFlags;
import io.jlima.cli.internal.edit.Editor;
import io.jlima.cli.internal.edit.StandardInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** What {@code create} and {@code start} share: from the words on the command line to a new instance. */
@Component(service = Creation.class)
public final class Creation {
    private static final Pattern INSTANCE_NAME = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

    private final Instances instances;
    private final ConfigReader reader;
    private final EditFlags flags;
    private final CreationQuestion question;
    private final Set<Hypervisor> hypervisors = ConcurrentHashMap.newKeySet();

    @Activate
    public Creation(
            @Reference Instances instances,
            @Reference ConfigReader reader,
            @Reference EditFlags flags,
            @Reference CreationQuestion question) {
        this.instances = instances;
        this.reader = reader;
        this.flags = flags;
        this.question = question;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void addHypervisor(Hypervisor hypervisor) {
        hypervisors.add(hypervisor);
    }

    void removeHypervisor(Hypervisor hypervisor) {
        hypervisors.remove(hypervisor);
    }

    /** Prints what there is to choose from, if that is all the caller wants. */
    boolean lists(Invocation invocation) {
        if (invocation.has("list-templates")) {
            templateNames(invocation.caller()).forEach(invocation.out()::println);
            return true;
        }
        if (invocation.has("list-drivers")) {
            hypervisors.stream().map(h -> h.info().vmType()).sorted().distinct().forEach(invocation.out()::println);
            return true;
        }
        return false;
    }

    List<String> templateNames(HostEnvironment caller) {
        return reader.templateNames(search(caller));
    }

    private TemplateSearch search(HostEnvironment caller) {
        return new TemplateSearch(
                instances.templateDirectories(caller), instances.home().resolve("_config/base.yaml"), caller);
    }

    /** Whether the word can only be an instance's name, as opposed to a template, a file or a URL. */
    public static boolean isInstanceName(String word) {
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
    String create(Invocation invocation) throws InterruptedException {
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
        String text = flags.apply(invocation, template.text(), template.source(), false);
        String source = template.source();
        if (!word.equals("-") && Questions.possible(invocation)) {
            Draft draft = asked(invocation, name, new Draft(text, source));
            text = draft.text();
            source = draft.source();
        }
        if ("root".equals(System.getProperty("user.name"))) {
            // Lima refuses; in containers and on CI machines there is often nobody else.
            invocation
                    .log()
                    .warn("limactl runs as root, and so will the machine; an ordinary user is enough, and safer");
        }
        instances.create(name, text, source, invocation.caller(), invocation.log());
        return name;
    }

    /** What an instance is to be made of. */
    private record Draft(String text, String source) {}

    /** Asks until the answer is to go on; leaving is an error, as nothing was made. */
    private Draft asked(Invocation invocation, String name, Draft first) throws InterruptedException {
        Draft draft = first;
        while (true) {
            switch (question.ask(invocation, name, draft.text(), draft.source())) {
                case PROCEED -> {
                    return draft;
                }
                case EDIT -> {
                    String edited = new Editor(invocation).edit(name, draft.text());
                    if (edited.isBlank()) {
                        throw new LimaException("the text was emptied, so nothing was made");
                    }
                    draft = new Draft(edited, draft.source());
                }
                case OTHER -> {
                    List<String> names = templateNames(invocation.caller());
                    Template other = reader.locate(
                            "template:" + names.get(Questions.choose(invocation, "Which template?", names)),
                            search(invocation.caller()));
                    draft = new Draft(flags.apply(invocation, other.text(), other.source(), false), other.source());
                }
                case EXIT -> throw new LimaException("nothing was made, as you wished");
            }
        }
    }

    /**
     * Changes nothing, but complains of flags that cannot change the lima.yaml of the instance: before anything is done
     * that would have to be undone for them.
     */
    void tryOut(Invocation invocation, Instance instance) {
        Change change = changed(invocation, instance);
        if (!change.isNone()) {
            instances.check(change.after(), change.file().toString(), invocation.caller());
        }
    }

    /** Changes the lima.yaml of an existing instance as the flags say; does nothing when none was given. */
    void change(Invocation invocation, Instance instance) {
        Change change = changed(invocation, instance);
        if (!change.isNone()) {
            instances.configure(instance.name(), change.after(), invocation.caller(), invocation.log());
        }
    }

    private record Change(Path file, String before, String after) {
        boolean isNone() {
            return after.equals(before);
        }
    }

    private Change changed(Invocation invocation, Instance instance) {
        Path file = instance.directory().resolve("lima.yaml");
        if (!EditFlags.given(invocation)) {
            return new Change(file, "", "");
        }
        try {
            String before = Files.readString(file);
            return new Change(file, before, flags.apply(invocation, before, file.toString(), true));
        } catch (IOException e) {
            throw new LimaException("cannot read " + file, e);
        }
    }

    /** The default template as it would be, with everything filled in; empty when it cannot be read. */
    Optional<Resolved> usual(HostEnvironment caller) {
        try {
            Template template = reader.locate("template:default", search(caller));
            return Optional.of(instances.check(template.text(), template.source(), caller));
        } catch (LimaException e) {
            return Optional.empty();
        }
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
        return reader.embed(
                StandardInput.text(invocation),
                StandardInput.NAME,
                search(invocation.caller()),
                ConfigReader.Embed.ALL);
    }
}
