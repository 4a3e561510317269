// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where one build works: a directory beside the image to be, and a scratch directory for mmdebstrap's tree elsewhere.
 * It notes what a build that is killed would leave, so that the next one of the same image can take it away.
 */
final class BuildDirectory {
    private static final String SCRATCH_NOTE = "scratch";
    private static final String PROCESS_NOTE = "process";
    private static final String SCRATCH_PREFIX = "jlima-debian-";
    /** The kernel tells start times relative to a boot time that moves when the clock is set. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(10);

    private final Path path;
    private final HostEnvironment caller;

    BuildDirectory(Path path, HostEnvironment caller) {
        this.path = path;
        this.caller = caller;
    }

    Path path() {
        return path;
    }

    /** The directory of the cache that it is in. */
    Path cache() {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    /** Makes it, without what an earlier build has left. */
    void create() throws IOException, InterruptedException {
        clear();
        Files.createDirectories(path);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
    }

    /** Where scratch directories are made. Not /tmp, which is often kept in memory and too small. */
    Path temporaries() {
        return caller.variable("TMPDIR").map(caller::resolve).orElse(Path.of("/var/tmp"));
    }

    /** Makes a scratch directory that other ids can pass: those of apt and of the build's namespace. */
    Path createScratch() throws IOException {
        Path scratch = Files.createTempDirectory(temporaries(), SCRATCH_PREFIX);
        Files.writeString(path.resolve(SCRATCH_NOTE), scratch.toString());
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwx--x--x"));
        return scratch;
    }

    /** Notes that this process works here. */
    void noteProcess(ProcessHandle process) throws IOException {
        Instant start = process.info().startInstant().orElse(Instant.EPOCH);
        Files.writeString(path.resolve(PROCESS_NOTE), process.pid() + " " + start.toEpochMilli());
    }

    /** Removes the scratch directory and the notes, which an image has no use for. */
    void forget() throws IOException, InterruptedException {
        removeScratch();
        Files.deleteIfExists(path.resolve(SCRATCH_NOTE));
        Files.deleteIfExists(path.resolve(PROCESS_NOTE));
    }

    /** Removes all of it, and ends what still works in it. Does nothing when there is nothing. */
    void clear() throws IOException, InterruptedException {
        if (!Files.exists(path)) {
            return;
        }
        // What is begun here must not stay half-done because the work before it was interrupted.
        boolean interrupted = Thread.interrupted();
        try {
            endProcess();
            removeScratch();
            delete(path);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void endProcess() throws IOException {
        Optional<String> note = note(PROCESS_NOTE);
        if (note.isEmpty()) {
            return;
        }
        String[] words = note.get().split(" ", 2);
        try {
            long pid = Long.parseLong(words[0]);
            Instant start = Instant.ofEpochMilli(Long.parseLong(words[1]));
            ProcessHandle.of(pid)
                    .filter(process -> process.info()
                            .startInstant()
                            .map(other -> Duration.between(start, other).abs().compareTo(CLOCK_TOLERANCE) < 0)
                            .orElse(false))
                    .ifPresent(Program::end);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            // Cut short when its writer was killed, that is, before mmdebstrap had done anything.
        }
    }

    private void removeScratch() throws IOException, InterruptedException {
        Optional<Path> noted = note(SCRATCH_NOTE).map(Path::of);
        // The note lies in a directory of ours; still, remove nothing that is not plainly a scratch directory.
        if (noted.isEmpty()
                || !noted.get().isAbsolute()
                || noted.get().getFileName() == null
                || !noted.get().getFileName().toString().startsWith(SCRATCH_PREFIX)
                || !Files.isDirectory(noted.get())) {
            return;
        }
        Path scratch = noted.get();
        try {
            delete(scratch);
        } catch (IOException e) {
            // An ordinary user's tree belongs to the user's subordinate ids, and goes as it came.
            List<String> command =
                    List.of("mmdebstrap", "--unshare-helper", "find", scratch.toString(), "-mindepth", "1", "-delete");
            new Program(caller, Map.of()).run(command, null, line -> {});
            delete(scratch);
        }
    }

    private Optional<String> note(String name) throws IOException {
        try {
            return Optional.of(Files.readString(path.resolve(name)).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Removes a directory with all it contains; does not follow links. */
    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
