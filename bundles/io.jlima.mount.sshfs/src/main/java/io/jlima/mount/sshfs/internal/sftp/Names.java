// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;
import java.util.Arrays;

/**
 * The names in a {@link Jail}: makes, changes and removes entries of its directories. The jail leads to the directory
 * that holds an entry, and the kernel is told the entry's name in that, so that a link there is never followed.
 */
record Names(Calls calls, Jail jail) {
    /** The directory that holds an entry, and the entry's name in it. */
    private record Place(Calls calls, int directory, byte[] name) implements AutoCloseable {
        @Override
        public void close() {
            calls.closeDescriptor(directory);
        }
    }

    /** Where a path ends; what is there, if anything, is not looked at. */
    private Place place(byte[] path) throws SystemError {
        byte[] inside = Jail.withoutEnd(jail.inside(path));
        int slash = inside.length - 1;
        while (slash >= 0 && inside[slash] != '/') {
            slash--;
        }
        byte[] name = Arrays.copyOfRange(inside, slash + 1, inside.length);
        if (name.length == 0 || name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.')) {
            throw new SystemError(SystemError.EINVAL);
        }
        byte[] parent = slash <= 0 ? new byte[] {'.'} : Arrays.copyOf(inside, slash);
        return new Place(calls, jail.parent(parent), name);
    }

    void makeDirectory(byte[] path, int mode) throws SystemError {
        try (Place place = place(path)) {
            calls.call(Call.MKDIRAT, place.directory(), calls.path(place.name()), mode, 0, 0);
        }
        if ((mode & 022) != 0) {
            int made = jail.directory(path);
            try {
                jail.widen(made, mode);
            } finally {
                calls.closeDescriptor(made);
            }
        }
    }

    void remove(byte[] path, boolean directory) throws SystemError {
        try (Place place = place(path)) {
            calls.call(
                    Call.UNLINKAT,
                    place.directory(),
                    calls.path(place.name()),
                    directory ? Calls.AT_REMOVEDIR : 0,
                    0,
                    0);
        }
    }

    /** @param flags of renameat2(2) */
    void rename(byte[] from, byte[] to, int flags) throws SystemError {
        try (Place old = place(from);
                Place fresh = place(to)) {
            calls.call(
                    Call.RENAMEAT2,
                    old.directory(),
                    calls.path(old.name()),
                    fresh.directory(),
                    calls.secondPath(fresh.name()),
                    flags);
        }
    }

    /** A second name for a file; of a link, for the link itself. */
    void link(byte[] from, byte[] to) throws SystemError {
        try (Place old = place(from);
                Place fresh = place(to)) {
            calls.call(
                    Call.LINKAT,
                    old.directory(),
                    calls.path(old.name()),
                    fresh.directory(),
                    calls.secondPath(fresh.name()),
                    0);
        }
    }

    /** @param target what the guest will find in it; nothing here ever follows it out of the directory */
    void symlink(byte[] target, byte[] path) throws SystemError {
        try (Place place = place(path)) {
            calls.call(Call.SYMLINKAT, calls.path(target), place.directory(), calls.secondPath(place.name()), 0, 0);
        }
    }
}
