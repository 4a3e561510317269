// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Words;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What is refused in files to fetch: images, kernels, firmware, archives. */
final class FileRules {
    private static final Map<String, Integer> DIGEST_LENGTHS = Map.of("sha256", 64, "sha384", 96, "sha512", 128);

    private static final Pattern LOWER_HEX = Pattern.compile("[0-9a-f]*");

    private static final List<String> ARCHES =
            Arrays.stream(Arch.values()).map(Arch::word).toList();

    private final Findings findings;

    FileRules(Findings findings) {
        this.findings = findings;
    }

    void images(Mapping document) {
        List<Mapping> images = document.mappings("images");
        if (images.isEmpty() && !document.isFaulty("images")) {
            findings.error(
                    document.markOf("images"),
                    "images is empty",
                    "list at least one, for example: images: [{location: \"debian:bookworm\"}]");
        }
        for (int i = 0; i < images.size(); i++) {
            Mapping image = images.get(i);
            file(image, "images[" + i + "]");
            for (String part : List.of("kernel", "initrd")) {
                if (image.get(part) instanceof Mapping file) {
                    file(file, "images[" + i + "]." + part);
                    if (!file.filledText("arch").equals(image.filledText("arch"))) {
                        findings.error(
                                file.markOf("arch"),
                                "images[" + i + "]." + part + ".arch is " + file.text("arch") + " but the image's is "
                                        + image.text("arch"),
                                "give both the same arch");
                    }
                }
            }
        }
        files(document.section("firmware").mappings("images"), "firmware.images");
    }

    void files(List<Mapping> files, String path) {
        for (int i = 0; i < files.size(); i++) {
            file(files.get(i), path + "[" + i + "]");
        }
    }

    private void file(Mapping file, String path) {
        String location = file.text("location");
        if ((location == null || location.isBlank()) && !file.isFaulty("location")) {
            findings.error(
                    file.markOf("location"), path + " has no location", "add \"location:\" with a URL or a path");
        } else if (location != null && location.startsWith("~")) {
            findings.error(
                    file.markOf("location"),
                    path + ".location: the home directory of another user is not known",
                    "write an absolute path instead of " + location);
        }
        arch(file, "arch", path + ".arch");
        digest(file, path);
    }

    void arch(Mapping section, String key, String path) {
        String word = section.text(key);
        if (word != null && Arch.of(word).isEmpty()) {
            String meant = Arrays.stream(Arch.values())
                    .filter(a -> a.debianWord().equals(word))
                    .map(Arch::word)
                    .findFirst()
                    .or(() -> Words.nearest(word, ARCHES))
                    .map(w -> "write " + w)
                    .orElse("write one of " + String.join(", ", ARCHES));
            findings.error(section.markOf(key), path + ": unknown architecture \"" + word + "\"", meant);
        }
    }

    private void digest(Mapping file, String path) {
        String digest = file.text("digest");
        if (digest == null || digest.isEmpty()) {
            return;
        }
        int colon = digest.indexOf(':');
        String right = "write sha256: and 64 lower-case hexadecimal digits (sha384: 96, sha512: 128)";
        if (colon < 0) {
            findings.error(file.markOf("digest"), path + ".digest: \"" + digest + "\" names no algorithm", right);
            return;
        }
        Integer length = DIGEST_LENGTHS.get(digest.substring(0, colon));
        String hex = digest.substring(colon + 1);
        if (length == null) {
            findings.error(
                    file.markOf("digest"),
                    path + ".digest: the algorithm \"" + digest.substring(0, colon) + "\" is not supported",
                    right);
        } else if (hex.length() != length || !LOWER_HEX.matcher(hex).matches()) {
            findings.error(
                    file.markOf("digest"),
                    path + ".digest has not " + length + " lower-case hexadecimal digits but " + hex.length()
                            + " characters",
                    right);
        }
    }
}
