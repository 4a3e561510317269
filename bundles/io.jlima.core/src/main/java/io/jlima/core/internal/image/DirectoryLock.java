// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An exclusive lock on a directory itself, by flock(2): what Lima locks its cache entries with. Java's own file locks
 * are of another kind, which flock does not see and which a directory cannot have.
 *
 * <p>The system drops the lock when the process ends. Two holders in one process exclude each other too.
 */
final class DirectoryLock implements AutoCloseable {
    // fcntl.h and sys/file.h; the numbers that differ are those of Linux and macOS.
    private static final boolean MAC = System.getProperty("os.name", "").startsWith("Mac");
    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = MAC ? 0x1000000 : 0x80000;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int ENOENT = 2;
    private static final int EINTR = 4;
    private static final int EWOULDBLOCK = MAC ? 35 : 11;

    /** How often a lock that another program holds is tried again; there is no event to wait for. */
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final int descriptor;

    private DirectoryLock(int descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Waits for the lock, however long another program keeps it.
     *
     * @param onWait told once if the lock is not free
     * @throws NoSuchFileException when there is no such directory
     */
    static DirectoryLock acquire(Path directory, Runnable onWait) throws IOException, InterruptedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Calls.STATE);
            int descriptor = Calls.open(
                    state, arena.allocateFrom(directory.toAbsolutePath().toString()), O_RDONLY | O_CLOEXEC);
            if (descriptor < 0 && Calls.errno(state) == ENOENT) {
                throw new NoSuchFileException(directory.toString());
            }
            if (descriptor < 0) {
                throw new IOException("Cannot open " + directory + ": error " + Calls.errno(state) + " of open(2)");
            }
            DirectoryLock lock = new DirectoryLock(descriptor);
            boolean held = false;
            try {
                boolean told = false;
                while (Calls.flock(state, descriptor, LOCK_EX | LOCK_NB) != 0) {
                    int error = Calls.errno(state);
                    if (error != EWOULDBLOCK && error != EINTR) {
                        throw new IOException("Cannot lock " + directory + ": error " + error + " of flock(2)");
                    }
                    if (!told) {
                        told = true;
                        onWait.run();
                    }
                    LockSupport.parkNanos(RETRY_NANOS);
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                }
                held = true;
                return lock;
            } finally {
                if (!held) {
                    lock.close();
                }
            }
        }
    }

    @Override
    public void close() {
        Calls.close(descriptor);
    }

    /** The three system calls; bound when first needed, since binding takes some milliseconds. */
    @SuppressWarnings("restricted")
    private static final class Calls {
        static final MemoryLayout STATE = Linker.Option.captureStateLayout();

        private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        private static final Linker LINKER = Linker.nativeLinker();
        private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
        private static final MethodHandle OPEN = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("open"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
                CAPTURE,
                Linker.Option.firstVariadicArg(2));
        private static final MethodHandle FLOCK = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("flock"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                CAPTURE);
        private static final MethodHandle CLOSE = LINKER.downcallHandle(
                LINKER.defaultLookup().findOrThrow("close"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

        private Calls() {}

        static int open(MemorySegment state, MemorySegment path, int flags) {
            try {
                return (int) OPEN.invokeExact(state, path, flags);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        static int flock(MemorySegment state, int descriptor, int operation) {
            try {
                return (int) FLOCK.invokeExact(state, descriptor, operation);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        static int close(int descriptor) {
            try {
                return (int) CLOSE.invokeExact(descriptor);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        static int errno(MemorySegment state) {
            return (int) ERRNO.get(state, 0L);
        }
    }
}
