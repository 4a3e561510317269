// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.util.HashMap;
import java.util.Map;

/** What a session has open, by the handles that the guest knows it by. */
final class OpenFiles implements AutoCloseable {
    /** More than programs have open, and few enough to leave the host's other work its share. */
    static final int MOST = 4096;

    private final Calls calls;
    private final Map<Integer, Open> open = new HashMap<>();
    private int last;

    /** Something open. {@code directory} is whether its entries are read rather than its bytes. */
    record Open(Roots.Root root, int descriptor, boolean directory, boolean writable) {
        /** The descriptor of what is a file. */
        int file() throws SystemError {
            if (directory) {
                throw new SystemError(SystemError.EBADF);
            }
            return descriptor;
        }
    }

    OpenFiles(Calls calls) {
        this.calls = calls;
    }

    /** Takes a descriptor, which is closed if there is no room for it. */
    byte[] add(Roots.Root root, int descriptor, boolean directory, boolean writable) throws SystemError {
        if (open.size() >= MOST) {
            calls.closeDescriptor(descriptor);
            throw new SystemError(SystemError.EMFILE);
        }
        int handle = ++last;
        open.put(handle, new Open(root, descriptor, directory, writable));
        return new byte[] {(byte) (handle >> 24), (byte) (handle >> 16), (byte) (handle >> 8), (byte) handle};
    }

    private static int number(byte[] handle) {
        return handle.length != 4
                ? -1
                : (handle[0] & 0xff) << 24 | (handle[1] & 0xff) << 16 | (handle[2] & 0xff) << 8 | handle[3] & 0xff;
    }

    private static Open existing(@org.jspecify.annotations.Nullable Open found) throws SystemError {
        if (found == null) {
            throw new SystemError(SystemError.EBADF);
        }
        return found;
    }

    /** What is still served; the rest only waits for being closed. */
    Open get(byte[] handle) throws SystemError {
        Open found = existing(open.get(number(handle)));
        if (!found.root().isServed()) {
            throw new SystemError(SystemError.EBADF);
        }
        return found;
    }

    int file(byte[] handle) throws SystemError {
        return get(handle).file();
    }

    int directory(byte[] handle) throws SystemError {
        Open found = get(handle);
        if (!found.directory()) {
            throw new SystemError(SystemError.EBADF);
        }
        return found.descriptor();
    }

    void remove(byte[] handle) throws SystemError {
        calls.closeDescriptor(existing(open.remove(number(handle))).descriptor());
    }

    @Override
    public void close() {
        open.values().forEach(file -> calls.closeDescriptor(file.descriptor()));
        open.clear();
    }
}
