// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.config;

import io.jlima.api.Arch;
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
     * Finds the text that a locator means: {@code template:NAME}, {@code template://NAME}, a path, {@code file:///…}.
     *
     * @param locator as the user wrote it
     * @param search where to look
     * @throws LimaException when there is no such template, naming the places looked at and near names
     */
    Template locate(String locator, TemplateSearch search);

    /**
     * The same with less put into the text.
     *
     * @param embedding what of that which the template names becomes part of its text
     */
    Template locate(String locator, TemplateSearch search, Embedding embedding);

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

    /** How much of what a template names becomes part of its text. */
    enum Embedding {
        /** Nothing: the text as it is. */
        NONE,
        /** Nothing, but what it names by relative paths is named so that it is found from anywhere. */
        ABSOLUTE,
        /** Files; what is named by {@code template:} stays so. */
        FILES,
        /** All of it, so that the text stands on its own. */
        ALL
    }

    /**
     * @param directories where templates lie, first hit wins
     * @param workingDirectory what relative paths are relative to
     * @param home what a leading {@code ~} means
     */
    record TemplateSearch(List<Path> directories, Path workingDirectory, Path home) {}

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
