// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a name of an instance may look like. */
final class InstanceName {
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

    private static final int LONGEST = 76;

    /** Length of sun_path in sockaddr_un, with its final zero: 108 on Linux (unix(7)), 104 on BSD and macOS. */
    private static final int SOCKET_PATH_LIMIT =
            System.getProperty("os.name", "").startsWith("Linux") ? 108 : 104;

    /** The longest name of a socket in an instance's folder: what ssh makes of its control socket for a moment. */
    private static final String LONGEST_SOCKET = "ssh.sock.1234567890123456";

    private InstanceName() {}

    /** Refuses a word that cannot be the name of something that is kept in a directory of that name. */
    static void checkWord(String word, String kind) {
        if (!IDENTIFIER.matcher(word).matches() || word.length() > LONGEST) {
            throw new LimaException(
                    kind + " name `" + word + "` is not valid",
                    "Use letters and digits, joined by single dots, dashes or underscores; at most " + LONGEST
                            + " characters");
        }
    }

    /** Refuses a name that cannot be used, and one whose folder would be too deep for sockets. */
    static void check(String name, Path home) {
        String lower = name.toLowerCase(Locale.ROOT);
        checkWord(name, "instance");
        if (lower.endsWith(".yml") || lower.endsWith(".yaml")) {
            throw new LimaException(
                    "instance name `" + name + "` must not end in .yml or .yaml",
                    "To use a file, write its path with a slash, for example ./" + name);
        }
        int length = home.resolve(name).resolve(LONGEST_SOCKET).toString().getBytes(StandardCharsets.UTF_8).length;
        if (length >= SOCKET_PATH_LIMIT) {
            throw new LimaException(
                    "instance name `" + name + "` is too long for sockets in " + home,
                    "the path of the longest one would have " + length + " bytes, the system allows "
                            + (SOCKET_PATH_LIMIT - 1),
                    "Choose a name that is " + (length - SOCKET_PATH_LIMIT + 1)
                            + " characters shorter, or a shorter LIMA_HOME",
                    null);
        }
    }
}
