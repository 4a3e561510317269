// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A directory that no path leads out of. The kernel resolves each path below the open directory and refuses whatever
 * would leave it (openat2(2), RESOLVE_BENEATH), so nothing that is moved or swapped meanwhile makes a difference. What
 * is opened is looked at before it is used, and used by the same inode: a device or a pipe is never opened.
 */
final class Jail implements AutoCloseable {
    private static final int NO_MAGIC_LINKS = 0x02;
    private static final int NO_SYMLINKS = 0x04;
    private static final int BENEATH = 0x08;

    private static final byte[] TOP = {'/'};

    /** The kernel gives up when something is renamed at the wrong moment; openat2(2) advises to try again. */
    private static final int TRIES = 64;

    private final Calls calls;
    private final byte[] location;
    private final byte[] directory;
    private final int resolve;
    private int root;

    /**
     * @param location what the guest calls the directory
     * @param directory where it is, with no link on the way there: a guest may be able to make one, from another mount
     * @param followLinks whether links that stay inside are followed; else a path with a link in it is refused
     */
    Jail(Calls calls, byte[] location, byte[] directory, boolean followLinks) throws SystemError {
        this.calls = calls;
        this.location = Arrays.copyOf(location, lengthWithoutEnd(location));
        this.directory = directory;
        this.resolve = BENEATH | NO_MAGIC_LINKS | (followLinks ? 0 : NO_SYMLINKS);
        this.root = openLocation();
    }

    /** Whether the kernel has what this takes: Linux 5.6, and no filter that refuses the call. */
    static boolean isPossible() {
        if (!Calls.areKnown()) {
            return false;
        }
        try (Calls calls = new Calls();
                Jail jail = new Jail(calls, TOP, TOP, false)) {
            calls.closeDescriptor(jail.look(new byte[] {'.'}));
            return true;
        } catch (SystemError e) {
            return false;
        }
    }

    /** A path without the slashes at its end; that of all begins and ends with one. */
    static byte[] withoutEnd(byte[] path) {
        int length = lengthWithoutEnd(path);
        return Arrays.copyOf(path, length == 0 && path.length > 0 ? 1 : length);
    }

    /** Of a path without the slashes at its end. */
    static int lengthWithoutEnd(byte[] path) {
        int length = path.length;
        while (length > 0 && path[length - 1] == '/') {
            length--;
        }
        return length;
    }

    private int openLocation() throws SystemError {
        return open(Calls.AT_FDCWD, directory, Calls.O_PATH | Calls.O_DIRECTORY, 0, NO_SYMLINKS);
    }

    /** Whether the directory was removed and another one of its name has been found in its place. */
    boolean isRenewed() {
        try {
            if (FileFacts.of(calls, root).links() > 0) {
                return false;
            }
            int fresh = openLocation();
            calls.closeDescriptor(root);
            root = fresh;
            return true;
        } catch (SystemError e) {
            return false;
        }
    }

    /** The path below the directory, of a path as the guest knows it. */
    byte[] inside(byte[] path) throws SystemError {
        int length = location.length;
        if (path.length > 0 && path[0] != '/') {
            return path;
        }
        if (path.length < length || !Arrays.equals(path, 0, length, location, 0, length)) {
            throw new SystemError(SystemError.ENOENT);
        }
        int at = length;
        if (at < path.length && path[at] != '/') {
            throw new SystemError(SystemError.ENOENT);
        }
        while (at < path.length && path[at] == '/') {
            at++;
        }
        return at == path.length ? new byte[] {'.'} : Arrays.copyOfRange(path, at, path.length);
    }

    private int open(byte[] inside, int flags, int mode) throws SystemError {
        try {
            return open(root, inside, flags, mode, resolve);
        } catch (SystemError e) {
            if (e.number() != SystemError.EXDEV || (resolve & NO_SYMLINKS) != 0) {
                throw e;
            }
            boolean last = (flags & (Calls.O_NOFOLLOW | Calls.O_EXCL)) == 0;
            return open(root, withoutLinks(inside, last), flags, mode, resolve | NO_SYMLINKS);
        }
    }

    /** Where a path leads to which the kernel refuses: an absolute link may lead into the directory, too. */
    private byte[] withoutLinks(byte[] inside, boolean last) throws SystemError {
        return new LinkWalk(this::target, location, withoutEnd(directory)).resolve(inside, last);
    }

    private byte @Nullable [] target(byte[] path) throws SystemError {
        int seen;
        try {
            seen = open(root, path, Calls.O_PATH | Calls.O_NOFOLLOW, 0, resolve | NO_SYMLINKS);
        } catch (SystemError e) {
            if (e.number() == SystemError.ENOENT) {
                return null;
            }
            throw e;
        }
        try {
            return FileFacts.of(calls, seen).isLink() ? targetOf(seen) : null;
        } finally {
            calls.closeDescriptor(seen);
        }
    }

    private byte[] targetOf(int link) throws SystemError {
        MemorySegment at = calls.transfer();
        int length = calls.number(Call.READLINKAT, link, calls.path(new byte[0]), at.address(), Calls.PATH_MAX, 0);
        return at.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private int open(int from, byte[] path, int flags, int mode, int resolve) throws SystemError {
        MemorySegment how = calls.structure();
        for (int i = 1; ; i++) {
            how.set(ValueLayout.JAVA_LONG, 0, flags | Calls.O_CLOEXEC);
            how.set(ValueLayout.JAVA_LONG, 8, mode);
            how.set(ValueLayout.JAVA_LONG, 16, resolve);
            try {
                return calls.number(Call.OPENAT2, from, calls.path(path), how.address(), 24, 0);
            } catch (SystemError e) {
                if (e.number() != SystemError.EAGAIN || i == TRIES) {
                    throw e;
                }
            }
        }
    }

    /** A descriptor for looking at a file, which may be a link. */
    int look(byte[] path) throws SystemError {
        return open(inside(path), Calls.O_PATH | Calls.O_NOFOLLOW, 0);
    }

    /** The same, of what a link points to if links are followed here. */
    int lookThrough(byte[] path) throws SystemError {
        return open(inside(path), Calls.O_PATH, 0);
    }

    /** Where links are followed, what a link points to; else the link itself. */
    int lookForChange(byte[] path) throws SystemError {
        return (resolve & NO_SYMLINKS) == 0 ? lookThrough(path) : look(path);
    }

    /** A descriptor for reading the entries of a directory. */
    int directory(byte[] path) throws SystemError {
        return open(inside(path), Calls.O_RDONLY | Calls.O_DIRECTORY, 0);
    }

    /** A descriptor for naming what is in a directory, by its path below this one. */
    int parent(byte[] inside) throws SystemError {
        return open(inside, Calls.O_PATH | Calls.O_DIRECTORY, 0);
    }

    /**
     * Opens a file, and nothing else than a file.
     *
     * @param flags of open(2)
     */
    int file(byte[] path, int flags, int mode) throws SystemError {
        byte[] inside = inside(path);
        for (int i = 1; ; i++) {
            int seen;
            try {
                if ((flags & Calls.O_EXCL) != 0) {
                    return create(inside, flags, mode);
                }
                seen = open(inside, Calls.O_PATH, 0);
            } catch (SystemError e) {
                if (e.number() != SystemError.ENOENT || (flags & Calls.O_CREAT) == 0 || (flags & Calls.O_EXCL) != 0) {
                    throw e;
                }
                try {
                    return create(inside, flags, mode);
                } catch (SystemError again) {
                    // Somebody else has made it in between; but a link to nowhere stays what it is.
                    if (again.number() != SystemError.EEXIST || i == TRIES) {
                        throw again;
                    }
                    continue;
                }
            }
            try {
                if (!FileFacts.of(calls, seen).isRegular()) {
                    throw new SystemError(SystemError.EACCES);
                }
                return calls.number(
                        Call.OPENAT,
                        Calls.AT_FDCWD,
                        calls.pathOf(seen),
                        flags & ~Calls.O_CREAT | Calls.O_CLOEXEC | Calls.O_NONBLOCK | Calls.O_NOCTTY,
                        0,
                        0);
            } finally {
                calls.closeDescriptor(seen);
            }
        }
    }

    private int create(byte[] inside, int flags, int mode) throws SystemError {
        int made = open(inside, flags | Calls.O_CREAT | Calls.O_EXCL | Calls.O_NOCTTY, mode);
        widen(made, mode);
        return made;
    }

    /** The guest has applied the mask of its own process; the one of this process has no say. */
    void widen(int descriptor, int mode) throws SystemError {
        if ((mode & 022) != 0) {
            calls.call(Call.FCHMOD, descriptor, mode, 0, 0, 0);
        }
    }

    byte[] readLink(byte[] path) throws SystemError {
        int link = look(path);
        try {
            return targetOf(link);
        } finally {
            calls.closeDescriptor(link);
        }
    }

    @Override
    public void close() {
        calls.closeDescriptor(root);
    }
}
