// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * System calls of Linux, by their numbers, with memory to pass them their arguments in. For the one thread that made
 * it.
 *
 * <p>Java's own file API will not do: it has neither openat2(2) nor names that are no text, and it follows a link that
 * was put in between a check and the use.
 */
final class Calls implements AutoCloseable {
    /** Numbers of x86_64, and of the table that newer machines share; see syscalls(2). */
    enum Call {
        OPENAT2(437, 437),
        OPENAT(257, 56),
        CLOSE(3, 57),
        PREAD64(17, 67),
        PWRITE64(18, 68),
        GETDENTS64(217, 61),
        LSEEK(8, 62),
        FSYNC(74, 82),
        FTRUNCATE(77, 46),
        FCHMOD(91, 52),
        FCHMODAT(268, 53),
        UTIMENSAT(280, 88),
        MKDIRAT(258, 34),
        UNLINKAT(263, 35),
        RENAMEAT2(316, 276),
        LINKAT(265, 37),
        SYMLINKAT(266, 36),
        READLINKAT(267, 78),
        STATX(332, 291),
        FSTATFS(138, 44),
        GETEUID(107, 175),
        GETEGID(108, 177);

        private final int number;

        Call(int x86, int generic) {
            number = System.getProperty("os.arch").equals("amd64") ? x86 : generic;
        }
    }

    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int AT_REMOVEDIR = 0x200;

    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0100;
    static final int O_EXCL = 0200;
    static final int O_NOCTTY = 0400;
    static final int O_TRUNC = 01000;
    static final int O_APPEND = 02000;
    static final int O_NONBLOCK = 04000;
    static final int O_CLOEXEC = 02000000;
    static final int O_PATH = 010000000;
    /** These two have other values on ARM; asm/fcntl.h. */
    static final int O_DIRECTORY = onArm() ? 040000 : 0200000;

    static final int O_NOFOLLOW = onArm() ? 0100000 : 0400000;

    /** The longest path that the kernel takes, with its final zero. */
    static final int PATH_MAX = 4096;

    /** The most that is read or written by one call. */
    static final int TRANSFER = 256 * 1024;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final @Nullable MethodHandle SYSCALL = syscall();

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = arena.allocate(STATE);
    private final MemorySegment firstPath = arena.allocate(PATH_MAX);
    private final MemorySegment secondPath = arena.allocate(PATH_MAX);
    private final MemorySegment structure = arena.allocate(512, 8);
    private final MemorySegment transfer = arena.allocate(TRANSFER, 8);

    private static boolean onArm() {
        return System.getProperty("os.arch").equals("aarch64");
    }

    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle syscall() {
        if (!System.getProperty("os.name").equals("Linux")
                || !System.getProperty("os.arch").matches("amd64|aarch64|riscv64")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        ValueLayout number = ValueLayout.JAVA_LONG;
        return linker.defaultLookup()
                .find("syscall")
                .map(function -> linker.downcallHandle(
                        function,
                        FunctionDescriptor.of(number, number, number, number, number, number, number),
                        Linker.Option.firstVariadicArg(1),
                        Linker.Option.captureCallState("errno")))
                .orElse(null);
    }

    /** Whether this is a Linux whose calls are known here. */
    static boolean areKnown() {
        return SYSCALL != null;
    }

    /** @throws SystemError when the call fails */
    long call(Call call, long a, long b, long c, long d, long e) throws SystemError {
        MethodHandle handle = SYSCALL;
        if (handle == null) {
            throw new SystemError(SystemError.ENOSYS);
        }
        while (true) {
            long result;
            try {
                result = (long) handle.invokeExact(state, (long) call.number, a, b, c, d, e);
            } catch (Throwable t) {
                throw new IllegalStateException(t);
            }
            if (result >= 0) {
                return result;
            }
            int errno = (int) ERRNO.get(state, 0L);
            if (errno != SystemError.EINTR) {
                throw new SystemError(errno);
            }
        }
    }

    int number(Call call, long a, long b, long c, long d, long e) throws SystemError {
        return (int) call(call, a, b, c, d, e);
    }

    /** Puts a path where calls find it, and says where that is. */
    long path(byte[] path) throws SystemError {
        return text(firstPath, path);
    }

    /** The same for calls with two paths. */
    long secondPath(byte[] path) throws SystemError {
        return text(secondPath, path);
    }

    private static long text(MemorySegment target, byte[] path) throws SystemError {
        if (path.length >= PATH_MAX) {
            throw new SystemError(SystemError.ENAMETOOLONG);
        }
        for (byte b : path) {
            if (b == 0) {
                throw new SystemError(SystemError.EINVAL);
            }
        }
        MemorySegment.copy(path, 0, target, ValueLayout.JAVA_BYTE, 0, path.length);
        target.set(ValueLayout.JAVA_BYTE, path.length, (byte) 0);
        return target.address();
    }

    /** Small structures; 512 bytes. */
    MemorySegment structure() {
        return structure;
    }

    /** Data on its way; {@link #TRANSFER} bytes. */
    MemorySegment transfer() {
        return transfer;
    }

    /** The path by which this process reaches what it has opened, whatever has become of its names. */
    long pathOf(int descriptor) throws SystemError {
        return path(("/proc/self/fd/" + descriptor).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    void closeDescriptor(int descriptor) {
        try {
            call(Call.CLOSE, descriptor, 0, 0, 0, 0);
        } catch (SystemError e) {
            // It is gone all the same, see close(2); what was written is told by fsync.
            return;
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
