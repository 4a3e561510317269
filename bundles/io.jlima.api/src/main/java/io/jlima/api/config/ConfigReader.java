// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.config;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** Reads templates and lima.yaml files. Stateless and thread-safe; reads no file but those named. */
@ProviderType
public interface ConfigReader {
    /**
     * Finds the text that a locator means, and takes in all that it names.
     *
     * @throws LimaException when there is no such template, naming the places looked at and near names
     */
    default Template locate(String locator, TemplateSearch search) {
        return locate(locator, search, Embed.ALL);
    }

    /**
     * Finds the text that a locator means: {@code template:NAME}, {@code template://NAME}, a path, {@code file:///…},
     * {@code https://…}, {@code github:ORG/REPO/PATH@REF}, a disk image (a template is made up for it), or what the
     * program {@code limactl-url-SCHEME} makes of another scheme.
     *
     * @param locator as the user wrote it
     * @param search where to look
     * @throws LimaException when there is no such template, naming the places looked at and near names
     */
    Template locate(String locator, TemplateSearch search, Embed embed);

    /**
     * The same for a text that has no place, as of standard input; relative locators in it are relative to the working
     * directory.
     *
     * @param source name of the text in messages
     */
    Template embed(String text, String source, TemplateSearch search, Embed embed);

    /**
     * The path or URL that a locator means, or the locator itself where it is one; nothing is read but what that takes.
     *
     * @throws LimaException when it means none
     */
    String url(String locator, TemplateSearch search);

    /** Names of all templates in the search path, without those that start with an underscore; sorted. */
    List<String> templateNames(TemplateSearch search);

    /**
     * Merges the text with {@code _config/default.yaml} and {@code _config/override.yaml}, fills in defaults and
     * validates.
     *
     * @param text a lima.yaml
     * @param source name of the text in messages, usually its path
     * @param facts what defaults depend on
     * @throws LimaException with every problem found, each as file:line:column, the value and what would be right
     */
    Resolved resolve(String text, String source, Facts facts);

    /** How much of what a template names is taken into it. */
    enum Embed {
        /** Nothing, not even a comment changes. */
        NOTHING,
        /** Nothing, but relative locators become absolute. */
        ABSOLUTE,
        /** Scripts, and bases but for those of the template store. */
        EXTERNAL,
        /** Scripts and all bases. */
        ALL
    }

    /**
     * The text as a tree of maps, lists, strings, numbers, booleans and nulls, as it stands there: nothing is filled
     * in, merged or checked. The tree belongs to the caller, who may change it.
     *
     * @throws LimaException when the text is not YAML
     */
    Map<String, @Nullable Object> parse(String text, String source);

    /**
     * The text changed to say what the tree says. Comments, order, quotes and blank lines of all that stays the same
     * are kept; a text that says it already is given back as it is.
     *
     * @param tree as {@link #parse} makes them
     * @throws LimaException when the text is not YAML
     */
    String rewrite(String text, String source, Map<String, ? extends @Nullable Object> tree);

    /** A tree, or any part of one, as YAML text. */
    String write(@Nullable Object tree);

    /** The JSON Schema (draft 2020-12) of lima.yaml, as a tree. */
    Map<String, Object> schema();

    /**
     * @param directories where templates lie, first hit wins
     * @param workingDirectory what relative paths are relative to
     * @param home what a leading {@code ~} means
     * @param base a template that is the first base of all others; null for none
     * @param caller whose proxies, programs and tokens are used to fetch templates
     */
    record TemplateSearch(
            List<Path> directories,
            Path workingDirectory,
            Path home,
            @Nullable Path base,
            HostEnvironment caller) {
        /** Local templates, without a base for all. */
        public TemplateSearch(List<Path> directories, Path workingDirectory, Path home) {
            this(
                    directories,
                    workingDirectory,
                    home,
                    null,
                    new HostEnvironment(Map.of("HOME", home.toString()), workingDirectory, 022));
        }

        /** As a caller sees them. */
        public TemplateSearch(List<Path> directories, @Nullable Path base, HostEnvironment caller) {
            this(directories, caller.workingDirectory(), caller.home(), base, caller);
        }
    }

    /**
     * @param text the YAML
     * @param source name of it in messages
     * @param instanceName the name that an instance made of it gets unless another is asked for; empty when the
     *     locator gives none
     * @param note a line to show to the user, for example that an old spelling was used; null when there is none
     */
    record Template(
            String text,
            String source,
            Optional<String> instanceName,
            @Nullable String note) {}

    /**
     * What defaults depend on, so that they can be computed for any host.
     *
     * @param os host operating system as Lima writes it: {@code linux}, {@code darwin}
     * @param cpus processors of the host
     * @param memory memory of the host, in bytes
     * @param userName host user
     * @param userComment full name of the host user, may be empty
     * @param uid id of the host user
     * @param home home directory of the host user
     * @param machineId content of {@code /etc/machine-id} or its like; part of generated MAC addresses
     * @param timezone zone of the host, empty when not known
     * @param instanceName name of the instance
     * @param instanceDirectory directory of the instance, whether it exists or not
     * @param configDirectory {@code $LIMA_HOME/_config}
     * @param createdBy content of the instance's {@code lima-version}; null for an instance not made yet
     */
    record Facts(
            String os,
            Arch arch,
            int cpus,
            long memory,
            String userName,
            String userComment,
            long uid,
            Path home,
            String machineId,
            String timezone,
            String instanceName,
            Path instanceDirectory,
            Path configDirectory,
            @Nullable String createdBy) {}

    /**
     * @param config the outcome
     * @param tree the same as a tree of maps, lists and scalars with the keys of lima.yaml, for output as JSON or YAML
     * @param warnings lines for the user, each once
     */
    record Resolved(InstanceConfig config, Map<String, Object> tree, List<String> warnings) {}
}
