// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.LimaException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes an error for people out of what a failed program printed. */
final class BuildFailure {
    private static final Pattern COMPLAINT = Pattern.compile("^([EW]: |Err(:\\d+)? |dpkg(-deb)?: error"
            + "|(mke2fs|qemu-img|newuidmap|newgidmap|unshare|mount): ).*|.*No space left on device.*");
    /** mmdebstrap's own last words, which say nothing. */
    private static final Pattern ECHO =
            Pattern.compile("^[EI]: (mmdebstrap failed to run|main\\(\\) received signal).*");

    private record Remedy(Pattern symptom, String text) {}

    private static final List<Remedy> REMEDIES = List.of(
            new Remedy(
                    Pattern.compile("No space left on device"),
                    "Free some space: a build needs about 1.5 GiB in %s and 0.8 GiB in %s."),
            new Remedy(
                    Pattern.compile("Temporary failure resolving|Could not resolve|Could not connect|Unable to connect"
                            + "|Cannot initiate the connection|[Cc]onnection (timed out|refused|failed)"
                            + "|Network is unreachable"),
                    "The Debian mirror cannot be reached. Check the network; a proxy is taken from http_proxy."),
            new Remedy(
                    Pattern.compile("does not have a Release file|404 +Not Found"),
                    "Check the name of the release: the mirror has none of this name."),
            new Remedy(Pattern.compile("Unable to locate package"), "Check the names after include=."),
            new Remedy(
                    Pattern.compile("NO_PUBKEY|debian-archive-keyring|not signed"),
                    "Install the Debian package debian-archive-keyring."),
            new Remedy(
                    Pattern.compile("newuidmap|newgidmap|/etc/sub[ug]id|unshare|user namespace"),
                    "An ordinary user needs user namespaces: install the Debian package uidmap, see that /etc/subuid and"
                            + " /etc/subgid have a line for the user (usermod --add-subuids 100000-165535"
                            + " --add-subgids 100000-165535 USER), and that sysctl kernel.unprivileged_userns_clone, if"
                            + " there is one, is 1."));

    private BuildFailure() {}

    /**
     * @param what what was being done
     * @param lines what the program printed
     * @param scratch where the tree was
     * @param cache where the image was to be
     */
    static LimaException of(String what, List<String> lines, Path scratch, Path cache) {
        List<String> complaints = lines.stream()
                .filter(line -> COMPLAINT.matcher(line).matches())
                .filter(line -> !ECHO.matcher(line).matches())
                .distinct()
                .toList();
        List<String> chosen = complaints.isEmpty() ? lines : complaints;
        String evidence = String.join("\n", chosen.subList(Math.max(0, chosen.size() - 12), chosen.size()));
        return new LimaException(what, evidence, remedy(evidence, scratch, cache), null);
    }

    private static @Nullable String remedy(String evidence, Path scratch, Path cache) {
        return REMEDIES.stream()
                .filter(remedy -> remedy.symptom().matcher(evidence).find())
                .map(remedy -> remedy.text().formatted(scratch, cache))
                .findFirst()
                .orElse(null);
    }
}
