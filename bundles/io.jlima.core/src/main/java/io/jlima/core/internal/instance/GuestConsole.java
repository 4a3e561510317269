// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.guest.GuestWords;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a guest has said of its boot scripts on its console: all there is of a guest that lets nobody in. */
final class GuestConsole {
    private static final Logger LOG = LoggerFactory.getLogger(GuestConsole.class);

    /** Bytes of its end that are read; a boot takes a tenth of that. */
    private static final int MOST_BYTES = 256 * 1024;

    /** A script's last words, and how many scripts are told of: enough to see what the matter is. */
    private static final int MOST_LINES = 5;

    private static final int MOST_SCRIPTS = 3;

    /** A line of the kernel's or of systemd's, with what the script said after its name and number. */
    private static final Pattern LINE = Pattern.compile("^(?:\\[ *[0-9.]+] )?[a-z-]+\\[[0-9]+]: (.*)$");

    private static final Pattern RUNNING = Pattern.compile("lima: running .*");

    private static final Pattern FAILED = Pattern.compile("lima: .* FAILED: .*");

    private GuestConsole() {}

    /**
     * The last words of boot scripts that failed.
     *
     * @param file the instance's serial.log
     * @return lines fit for a terminal; empty when none failed, or nothing can be read
     */
    static List<String> failures(Path file) {
        Deque<String> words = new ArrayDeque<>();
        List<String> told = new ArrayList<>();
        int scripts = 0;
        for (String line : end(file).lines().toList()) {
            Matcher said = LINE.matcher(line);
            if (!said.matches()) {
                continue;
            }
            if (RUNNING.matcher(said.group(1)).matches()) {
                words.clear();
                continue;
            }
            words.add(GuestWords.plain(said.group(1)));
            if (words.size() > MOST_LINES) {
                words.remove();
            }
            if (FAILED.matcher(said.group(1)).matches() && scripts++ < MOST_SCRIPTS) {
                told.addAll(words);
                words.clear();
            }
        }
        return told;
    }

    private static String end(Path file) {
        try (SeekableByteChannel in = Files.newByteChannel(file)) {
            in.position(Math.max(0, in.size() - MOST_BYTES));
            return new String(Channels.newInputStream(in).readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
        } catch (IOException e) {
            LOG.debug("No word of the console", e);
            return "";
        }
    }
}
