// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.YamlText;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** {@code github:ORG[/REPO][/PATH][@REF]}: a file in a repository of GitHub, as the page that has its text. */
final class GithubLocator {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern REF = Pattern.compile("[A-Za-z0-9._/+-]+");
    private static final String FORM = "write github:ORG/REPO/PATH@REF, of which all but ORG may be left out";

    /** Enough for any honest chain of redirects. */
    private static final int MOST_HOPS = 10;

    private final Web web;
    private final int hops;
    private final String written;
    private final String org;
    private final String repo;
    private final String path;
    private String ref;

    private GithubLocator(String written, Web web, int hops) {
        this.web = web;
        this.hops = hops;
        this.written = written;
        String rest = written.substring("github:".length());
        int at = rest.indexOf('@');
        this.ref = at < 0 ? "" : rest.substring(at + 1);
        String[] parts = (at < 0 ? rest : rest.substring(0, at)).split("/", 3);
        this.org = parts[0];
        this.repo = parts.length > 1 && !parts[1].isEmpty() ? parts[1] : org;
        this.path = file(parts.length > 2 ? parts[2] : "");
        if (!NAME.matcher(org).matches()
                || !NAME.matcher(repo).matches()
                || at >= 0 && !REF.matcher(ref).matches()) {
            throw new LimaException("\"" + written + "\" does not name a repository of GitHub", FORM);
        }
        refuseEscape(path);
        refuseEscape(repo);
        refuseEscape(ref);
    }

    /**
     * The page with the text.
     *
     * @throws LimaException when it names none
     */
    static Place.Page page(String written, Web web) {
        return new GithubLocator(written, web, 0).page();
    }

    /** A directory has a file .lima.yaml, and a name without an extension gets one. */
    private static String file(String path) {
        if (path.isEmpty() || path.endsWith("/")) {
            return path + ".lima.yaml";
        }
        return Place.lastPart(path).indexOf('.', 1) < 0 ? path + ".yaml" : path;
    }

    private void refuseEscape(String part) {
        if (List.of(part.split("/")).contains("..")) {
            throw new LimaException("\"" + written + "\" leaves its repository by ..", FORM);
        }
    }

    private Place.Page page() {
        if (ref.isEmpty()) {
            ref = defaultBranch();
        }
        String file = path;
        Set<String> seen = new HashSet<>();
        while (seen.add(file)) {
            URI location = uri("https://raw.githubusercontent.com/" + org + "/" + repo + "/" + ref + "/" + file);
            String text = file.endsWith(".yaml") || file.endsWith(".yml") ? web.text(location) : "";
            if (org.equals(repo) && text.startsWith("github:")) {
                return redirected(text.strip());
            }
            if (!isLink(text)) {
                return new Place.Page(location, Place.lastPart(file).equals(".lima.yaml") ? repo : null, web);
            }
            file = target(file, text);
        }
        throw new LimaException("\"" + written + "\" is a link that leads to itself");
    }

    /** A link is served as its target: one line without a line end. */
    private static boolean isLink(String text) {
        return !text.isBlank()
                && text.length() <= 1024
                && text.chars().noneMatch(c -> c == '\n' || c == ' ' || c == ':');
    }

    private String target(String file, String link) {
        String target = URI.create("/")
                .resolve(uri("/" + file).resolve(uri(link)))
                .normalize()
                .toString();
        if (link.startsWith("/") || !target.startsWith("/") || target.startsWith("/..")) {
            throw new LimaException("\"" + written + "\" is a link that leaves its repository: " + link);
        }
        return target.substring(1);
    }

    /** An organisation may say in a repository of its own name where something of it is today. */
    private Place.Page redirected(String to) {
        if (!to.startsWith("github:" + org + "/") || to.contains("@") || to.contains("\n")) {
            throw new LimaException(
                    "\"" + written + "\" leads to " + to.lines().findFirst().orElse(""),
                    "only another place of github:" + org + "/ may be named there, without a ref");
        }
        if (hops == MOST_HOPS) {
            throw new LimaException("\"" + written + "\" is one of more than " + MOST_HOPS + " redirects");
        }
        return new GithubLocator(to + "@" + ref, web, hops + 1).page();
    }

    private String defaultBranch() {
        Map<String, String> headers = web.caller()
                .variable("GH_TOKEN")
                .or(() -> web.caller().variable("GITHUB_TOKEN"))
                .map(token -> Map.of("Authorization", "Bearer " + token))
                .orElse(Map.of());
        URI location = uri("https://api.github.com/repos/" + org + "/" + repo);
        // JSON is YAML.
        String branch =
                YamlText.read(web.text(location, headers), location.toString()).text("default_branch");
        if (branch == null || !REF.matcher(branch).matches()) {
            throw new LimaException(
                    "GitHub does not say what the default branch of " + org + "/" + repo + " is",
                    "add @ and the name of a branch to " + written);
        }
        return branch;
    }

    private URI uri(String text) {
        try {
            return new URI(text.replace(" ", "%20"));
        } catch (java.net.URISyntaxException e) {
            throw new LimaException("\"" + written + "\" does not name a file of GitHub", FORM);
        }
    }
}
