// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.WebTexts;
import io.jlima.config.internal.yaml.YamlText;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The web as one caller sees it, each page of it asked for once. Used by one thread. */
final class Web {
    private final @Nullable WebTexts texts;
    private final HostEnvironment caller;
    private final Map<URI, String> known = new HashMap<>();

    /** @param texts null when there is no way into the web */
    Web(@Nullable WebTexts texts, HostEnvironment caller) {
        this.texts = texts;
        this.caller = caller;
    }

    HostEnvironment caller() {
        return caller;
    }

    /** @throws LimaException when the page cannot be had */
    String text(URI location) {
        return text(location, Map.of());
    }

    /** @param headers sent with the request */
    String text(URI location, Map<String, String> headers) {
        String before = known.get(location);
        if (before != null) {
            return before;
        }
        if (texts == null) {
            throw new LimaException(
                    "there is no way into the web for templates: " + location,
                    "download it with curl -fLO, look at it, and give its path");
        }
        String text;
        try {
            text = texts.fetch(location, headers, YamlText.LONGEST, caller);
        } catch (LimaException e) {
            String evidence = e.evidence() == null ? e.what() : e.what() + "\n" + e.evidence();
            throw new LimaException(
                    "the template " + location + " cannot be fetched",
                    evidence,
                    e.remedy() != null
                            ? e.remedy()
                            : "check the address, or download it by other means and give its path",
                    e);
        }
        known.put(location, text);
        return text;
    }
}
