// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a guest says, line by line. A guest can say what it likes, without end: a line is cut off where it gets too long. */
final class GuestWords implements Closeable {
    /** Of a line, in characters: more than a path and the words around it. */
    static final int LONGEST_LINE = 8192;

    /** Of what is put together for people, in characters. */
    static final int MOST = 2000;

    private final BufferedReader in;

    GuestWords(InputStream in) {
        this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    /** The next line, without its end; null when there is none. */
    @Nullable
    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        int next = in.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.length() < LONGEST_LINE) {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    /** Adds somebody's words to others, unless there are enough. */
    static void add(StringBuilder words, String more) {
        if (words.length() < MOST) {
            String room = more.strip();
            words.append(words.isEmpty() ? "" : "; ").append(room, 0, Math.min(room.length(), MOST));
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
