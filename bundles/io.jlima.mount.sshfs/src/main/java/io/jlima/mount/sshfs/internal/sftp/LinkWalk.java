// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Finds out where a path leads by absolute links that stay in a directory, which the kernel refuses like those that leave
 * it. What comes out is a path without links, to be opened as such: if something is swapped meanwhile, that fails.
 */
final class LinkWalk {
    /** As many as Linux follows, path_resolution(7). */
    private static final int MOST_LINKS = 40;

    /** Reads what a path below the directory points to. */
    @FunctionalInterface
    interface Reader {
        /** @return null if there is no link at the path, which has none on the way there either */
        byte @Nullable [] target(byte[] path) throws SystemError;
    }

    private final Reader reader;
    private final byte[][] names;
    private final Deque<byte[]> ahead = new ArrayDeque<>();
    private final Deque<byte[]> behind = new ArrayDeque<>();

    /** @param names absolute paths of the directory, without slashes at their ends */
    LinkWalk(Reader reader, byte[]... names) {
        this.reader = reader;
        this.names = names;
    }

    /**
     * The path to what another one leads to.
     *
     * @param path below the directory
     * @param last whether a link at its end is followed, too
     * @throws SystemError EXDEV if it leads out, ELOOP if it leads nowhere
     */
    byte[] resolve(byte[] path, boolean last) throws SystemError {
        push(path);
        boolean toTheEnd = last || endsInADirectory(path);
        for (int links = 0; !ahead.isEmpty(); ) {
            byte[] name = ahead.pop();
            if (name.length == 2 && name[0] == '.' && name[1] == '.') {
                if (behind.pollLast() == null) {
                    throw new SystemError(SystemError.EXDEV);
                }
                continue;
            }
            behind.addLast(name);
            byte @Nullable [] target = ahead.isEmpty() && !toTheEnd ? null : reader.target(joined());
            if (target == null) {
                continue;
            }
            if (++links > MOST_LINKS) {
                throw new SystemError(SystemError.ELOOP);
            }
            behind.removeLast();
            if (target[0] == '/') {
                behind.clear();
                target = below(target);
            }
            push(target);
        }
        return behind.isEmpty() ? new byte[] {'.'} : joined();
    }

    /** A slash at the end, also with a dot after it, means what a link points to, path_resolution(7). */
    private static boolean endsInADirectory(byte[] path) {
        int end = path.length;
        return end > 0 && path[end - 1] == '/' || end > 1 && path[end - 1] == '.' && path[end - 2] == '/';
    }

    private byte[] below(byte[] target) throws SystemError {
        for (byte[] name : names) {
            int length = name.length;
            boolean begins = target.length >= length && Arrays.equals(target, 0, length, name, 0, length);
            if (begins && (target.length == length || target[length] == '/')) {
                return Arrays.copyOfRange(target, length, target.length);
            }
        }
        throw new SystemError(SystemError.EXDEV);
    }

    /** Puts the names of a path before those that are still to come. */
    private void push(byte[] path) {
        int end = path.length;
        while (end > 0) {
            int begin = end;
            while (begin > 0 && path[begin - 1] != '/') {
                begin--;
            }
            if (end - begin > 1 || end - begin == 1 && path[begin] != '.') {
                ahead.push(Arrays.copyOfRange(path, begin, end));
            }
            end = begin - 1;
        }
    }

    private byte[] joined() {
        byte[] path = new byte[behind.stream().mapToInt(name -> name.length + 1).sum() - 1];
        int at = 0;
        for (byte[] name : behind) {
            if (at > 0) {
                path[at++] = '/';
            }
            System.arraycopy(name, 0, path, at, name.length);
            at += name.length;
        }
        return path;
    }
}
