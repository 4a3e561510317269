// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import org.jspecify.annotations.Nullable;

/**
 * One end of a copy.
 *
 * @param instance null for the host
 * @param path absolute on the host; in a guest as it was written, and relative to the user's home unless absolute
 * @param words as the caller wrote it
 */
record CopyPlace(@Nullable String instance, String path, String words) {
    static CopyPlace of(String word, HostEnvironment caller) {
        int colon = word.indexOf(':');
        if (colon < 0 || word.substring(0, colon).contains("/")) {
            if (word.isEmpty()) {
                throw new LimaException("an empty word is no file", "Write . for the current directory");
            }
            return new CopyPlace(null, caller.resolve(word).toString(), word);
        }
        String instance = word.substring(0, colon);
        if (!Creation.isInstanceName(instance)) {
            throw new LimaException(
                    "`" + instance + "` in `" + word + "` is no name of an instance",
                    "Write INSTANCE:PATH, or ./" + word + " for a file of the host");
        }
        String path = word.substring(colon + 1);
        // A guest's shell is not asked, so what it would make of a tilde is made here.
        String plain = path.equals("~") || path.equals("~/") ? "" : path.startsWith("~/") ? path.substring(2) : path;
        return new CopyPlace(instance, plain, word);
    }

    boolean isRemote() {
        return instance != null;
    }

    /** The instance of a remote place. */
    String guest() {
        if (instance == null) {
            throw new IllegalStateException("a place on the host");
        }
        return instance;
    }

    /** The same without slashes at the end, which say different things to different tools. */
    CopyPlace bare() {
        int end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return new CopyPlace(instance, path.substring(0, end), words);
    }
}
