// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A standard stream of the caller that the daemon can open itself, so that its bytes need not pass through the client: a
 * pipe, or /dev/null. Linux has it below /proc (proc_pid_fd(5)) for every process of the same user. What is opened there
 * is a description of its own: whether it blocks is nobody else's affair.
 *
 * @param pid of the client, as it sees itself
 * @param stream 0, 1 or 2
 * @param device and inode of what the client has there, see stat(2)
 */
record CallerPipe(long pid, int stream, long device, long inode) {
    private static final Logger LOG = LoggerFactory.getLogger(CallerPipe.class);

    private static final Pattern TEXT = Pattern.compile("\\d{1,10}( [0-2]:\\d{1,18}:\\d{1,18}){1,3}");

    /** Those that a client tells of: its pid, then stream, device and inode of each. Anything else is none. */
    static List<CallerPipe> parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            return List.of();
        }
        String[] words = text.split(" ");
        long pid = Long.parseLong(words[0]);
        return Stream.of(words)
                .skip(1)
                .map(word -> word.split(":"))
                .map(parts -> new CallerPipe(
                        pid, Integer.parseInt(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2])))
                .toList();
    }

    /**
     * Opens it, without waiting for anybody. Empty when it cannot be had, as that of another user, or is not what the
     * client has, as where the client counts processes otherwise (pid_namespaces(7)). The client lives as long as it is
     * served, so its number is nobody else's.
     */
    Optional<FileChannel> open(StandardOpenOption how) {
        Path path = Path.of("/proc", Long.toString(pid), "fd", Integer.toString(stream));
        try {
            Map<String, Object> found = Files.readAttributes(path, "unix:dev,ino");
            if (found.get("dev") instanceof Long dev
                    && found.get("ino") instanceof Long ino
                    && dev == device
                    && ino == inode) {
                return Optional.of(FileChannel.open(path, how));
            }
            LOG.debug("{} is not the client's", path);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            LOG.debug("{} goes through the client", path, e);
        }
        return Optional.empty();
    }
}
