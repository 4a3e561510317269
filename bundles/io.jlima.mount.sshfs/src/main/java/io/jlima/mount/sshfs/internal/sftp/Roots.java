// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The directories that a session serves, opened when they are first asked for. For one thread. */
final class Roots implements AutoCloseable {
    private final Calls calls;
    private final List<BuiltinServer> directories;
    private final Map<BuiltinServer, Root> open = new HashMap<>();
    private @Nullable Root last;

    /** One of them; {@code isServed} says whether it still is. */
    final class Root {
        private final BuiltinServer directory;
        private final Jail jail;

        private Root(BuiltinServer directory, Jail jail) {
            this.directory = directory;
            this.jail = jail;
        }

        Jail jail() {
            return jail;
        }

        boolean isServed() {
            return directories.contains(directory);
        }

        boolean isWritable() {
            return directory.writable();
        }

        void requireWritable() throws SystemError {
            if (!isWritable()) {
                throw new SystemError(SystemError.EROFS);
            }
        }
    }

    /** @param directories may change at any time */
    Roots(Calls calls, List<BuiltinServer> directories) {
        this.calls = calls;
        this.directories = directories;
    }

    /** Which one a path leads into; of one inside another, the inner. */
    Root root(byte[] path) throws SystemError {
        BuiltinServer found = find(path);
        if (found == null) {
            throw new SystemError(SystemError.ENOENT);
        }
        Root root = open.get(found);
        if (root == null) {
            root = new Root(found, new Jail(calls, found.bytes(), found.directoryBytes(), found.followLinks()));
            open.put(found, root);
        }
        last = root;
        return root;
    }

    private @Nullable BuiltinServer find(byte[] path) {
        BuiltinServer found = null;
        int longest = -1;
        for (BuiltinServer directory : directories) {
            byte[] location = directory.bytes();
            int length = Jail.lengthWithoutEnd(location);
            boolean is = path.length == 0 || path[0] != '/' ? directories.size() == 1 : isBelow(path, location, length);
            if (is && length > longest) {
                found = directory;
                longest = length;
            }
        }
        return found;
    }

    private static boolean isBelow(byte[] path, byte[] location, int length) {
        return path.length >= length
                && Arrays.equals(path, 0, length, location, 0, length)
                && (path.length == length || path[length] == '/');
    }

    /** The jail to change a path in. */
    Jail toChange(byte[] path) throws SystemError {
        Root root = root(path);
        root.requireWritable();
        return root.jail;
    }

    /** Where to change the name that a path ends with. */
    Names names(byte[] path) throws SystemError {
        return new Names(calls, toChange(path));
    }

    /** Where to change two such names. */
    Names names(byte[] from, byte[] to) throws SystemError {
        Jail jail = toChange(from);
        if (jail != toChange(to)) {
            throw new SystemError(SystemError.EXDEV);
        }
        return new Names(calls, jail);
    }

    /** Whether a path leads to one of them, without being inside any. */
    boolean isAbove(byte[] path) {
        if (path.length == 0 || path[0] != '/' || find(path) != null) {
            return false;
        }
        int length = Jail.lengthWithoutEnd(path);
        return directories.stream()
                .map(BuiltinServer::bytes)
                .anyMatch(location -> Jail.lengthWithoutEnd(location) > length && isBelow(location, path, length));
    }

    /** What a session is shown as the place where it begins: the only directory, or what is above them all. */
    byte[] top() {
        byte[] path = directories.size() == 1 ? directories.getFirst().bytes() : new byte[0];
        int length = Jail.lengthWithoutEnd(path);
        return length == 0 ? new byte[] {'/'} : Arrays.copyOf(path, length);
    }

    /** A directory that was removed and made again is served from the next question on. */
    void renew() {
        Root root = last;
        if (root != null) {
            root.jail.isRenewed();
        }
    }

    @Override
    public void close() {
        open.values().forEach(root -> root.jail.close());
    }
}
