// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.LimaYaml;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A case of a table on one host. */
final class TableRun {
    /** Where an error is; only a file that is not there has no place. */
    private static final Pattern PLACED = Pattern.compile("(?s)\\S+:\\d+:\\d+: .*|\\S+ has \\d+ errors\n.*");

    private static final Pattern REFUSED = Pattern.compile("! (?:(\\d+:\\d*) )?(.*)");

    private static final Pattern LISTS_IMAGES = Pattern.compile("(?m)^images:");

    private static final String IMAGE = "images: [{location: /image}]\n";

    private final Path home;
    private final Path work;
    private final TableCase each;
    private final String host;
    private final boolean locator;

    private @Nullable LimaException refusal;
    private @Nullable Template template;
    private @Nullable Resolved resolved;
    private String url = "";
    private List<String> names = List.of();

    TableRun(Path directory, TableCase each, String host) {
        this.home = directory.resolve("lima");
        this.work = directory.resolve("work");
        this.each = each;
        this.host = host;
        this.locator = each.place().startsWith("templates.txt");
    }

    void run() throws Exception {
        Files.createDirectories(home.resolve("_config"));
        Files.createDirectories(work);
        for (Map.Entry<String, String> file : each.files().entrySet()) {
            write(file.getKey(), fill(file.getValue()));
        }
        try {
            if (locator) {
                locate(fill(each.text()));
            } else {
                resolved = LimaYaml.reader().resolve(text(fill(each.text())), "lima.yaml", facts());
            }
        } catch (LimaException e) {
            refusal = e;
        }
        for (String part : each.outcome()) {
            check(fill(part));
        }
    }

    private void write(String name, String text) throws IOException {
        if (name.contains("://") || name.equals("-")) {
            return;
        }
        Path file = name.equals("base")
                ? home.resolve("_config/base.yaml")
                : locator ? work.resolve(name) : home.resolve("_config").resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        if (name.startsWith("bin/")) {
            Files.writeString(file, "#!/bin/sh\n" + text + "\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        } else {
            Files.writeString(file, text);
        }
    }

    private String fill(String text) {
        return text.replace("{home}", home.toString()).replace("{work}", work.toString());
    }

    private static String text(String yaml) {
        if (yaml.startsWith("^")) {
            return yaml.substring(1) + "\n";
        }
        return (LISTS_IMAGES.matcher(yaml).find() ? "" : IMAGE) + yaml + "\n";
    }

    private void locate(String text) {
        TemplateSearch search = new TemplateSearch(
                List.of(work.resolve("first"), work.resolve("second")),
                work,
                Path.of("/home/foo"),
                home.resolve("_config/base.yaml"),
                new HostEnvironment(Map.of("PATH", work + "/bin:/usr/bin:/bin"), work, 022));
        ConfigReader reader = LimaYaml.reader((location, headers, longest, caller) -> {
            String page = each.files().get(location.toString());
            if (page == null) {
                throw new LimaException(location.getHost() + " answered with status 404", "check its spelling");
            }
            return page;
        });
        Embed embed = Embed.ALL;
        String locatorText = text;
        for (Embed mode : Embed.values()) {
            String word = mode.name().toLowerCase(java.util.Locale.ROOT) + " ";
            if (text.startsWith(word)) {
                embed = mode;
                locatorText = text.substring(word.length());
            }
        }
        Template found = locatorText.equals("-")
                ? reader.embed(Objects.requireNonNull(each.files().get("-")), "stdin", search, embed)
                : reader.locate(locatorText, search, embed);
        template = found;
        url = locatorText.equals("-") ? "" : reader.url(locatorText, search);
        names = reader.templateNames(search);
        if (each.outcome().stream().anyMatch(part -> !part.startsWith("@"))) {
            String whole = LISTS_IMAGES.matcher(found.text()).find() ? found.text() : found.text() + "\n" + IMAGE;
            resolved = reader.resolve(whole, found.source(), facts());
        }
    }

    private Facts facts() {
        boolean mac = host.equals("M") || host.equals("I");
        Path limaHome = Path.of(each.facts().getOrDefault("home", home.toString()));
        String name = each.facts().getOrDefault("name", "t1");
        return new Facts(
                mac ? "darwin" : "linux",
                host.equals("L") || host.equals("I") ? Arch.X86_64 : Arch.AARCH64,
                Integer.parseInt(each.facts().getOrDefault("cpus", "8")),
                Long.parseLong(each.facts().getOrDefault("mem", "17179869184")),
                each.facts().getOrDefault("user", "foo"),
                "Foo Bar",
                Long.parseLong(each.facts().getOrDefault("uid", "1000")),
                Path.of("/home/foo"),
                "0123456789abcdef0123456789abcdef",
                "Europe/Berlin",
                name,
                limaHome.resolve(name),
                home.resolve("_config"),
                each.facts().get("made"));
    }

    private void check(String part) throws ReflectiveOperationException {
        Matcher refused = REFUSED.matcher(part);
        if (refused.matches()) {
            checkRefusal(refused.group(1), refused.group(2));
            return;
        }
        if (refusal != null) {
            throw new AssertionError("refused: " + refusal.getMessage(), refusal);
        }
        if (part.equals("ok")) {
            assertThat(resolved).isNotNull();
        } else if (part.equals("~~")) {
            assertThat(outcome().warnings()).isEmpty();
        } else if (part.startsWith("~ ")) {
            assertThat(outcome().warnings())
                    .anySatisfy(
                            line -> assertThat(line).contains(part.substring(2)).hasSizeLessThan(300));
        } else {
            checkValue(part);
        }
    }

    private void checkRefusal(@Nullable String position, String words) {
        LimaException e = refusal;
        if (e == null) {
            throw new AssertionError("accepted, but expected a refusal with: " + words);
        }
        assertThat(e.getMessage()).contains(words);
        if (position != null) {
            assertThat(e.getMessage()).contains(":" + position + (position.endsWith(":") ? "" : ":"));
        }
        if (!locator) {
            assertThat(e.getMessage()).matches(PLACED);
            assertThat(String.valueOf(e.evidence())).as("the line shown").contains("| ");
            if (e.remedy() == null) {
                assertThat(e.evidence()).as("what would be right").contains("-> ");
            }
        }
    }

    private void checkValue(String part) throws ReflectiveOperationException {
        boolean contains = part.contains(" ~ ");
        String[] sides = part.split(contains ? " ~ " : " = ", 2);
        String expected = sides[1].translateEscapes();
        Object value = value(sides[0]);
        if (contains) {
            assertThat(String.valueOf(value)).as(sides[0]).contains(expected);
        } else if (expected.equals("null")) {
            assertThat(value).as(sides[0]).isNull();
        } else {
            assertThat(value).as(sides[0]).isNotNull();
            String shown = value instanceof Arch arch ? arch.name() : String.valueOf(value);
            assertThat(shown).as(sides[0]).isEqualTo(expected.equals("\"\"") ? "" : expected);
        }
    }

    private Resolved outcome() {
        return Objects.requireNonNull(resolved, "nothing was resolved");
    }

    private @Nullable Object value(String path) throws ReflectiveOperationException {
        if (path.startsWith("@")) {
            Template found = Objects.requireNonNull(template);
            return switch (path) {
                case "@text" -> found.text();
                case "@source" -> found.source();
                case "@name" -> found.instanceName().orElse(null);
                case "@note" -> found.note();
                case "@url" -> url;
                case "@names" -> String.join(" ", names);
                default -> throw new IllegalArgumentException(path);
            };
        }
        Object value = path.startsWith("t:") ? outcome().tree() : outcome().config();
        for (String step : path.substring(path.startsWith("t:") ? 2 : 0).split("\\.")) {
            value = step(value, step);
            if (value == null) {
                return null;
            }
        }
        return value;
    }

    private static @Nullable Object step(Object value, String step) throws ReflectiveOperationException {
        return switch (value) {
            case Map<?, ?> map when step.equals("size") && !map.containsKey(step) -> map.size();
            case Map<?, ?> map -> map.get(step);
            case List<?> list when step.equals("size") -> list.size();
            case List<?> list -> list.get(Integer.parseInt(step));
            default -> component(value, step.equals("static") ? "isStatic" : step);
        };
    }

    private static @Nullable Object component(Object value, String name) throws ReflectiveOperationException {
        try {
            return value.getClass().getMethod(name).invoke(value);
        } catch (InvocationTargetException e) {
            throw new AssertionError(name, e.getCause());
        }
    }
}
