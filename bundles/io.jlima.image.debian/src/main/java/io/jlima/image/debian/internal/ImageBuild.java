// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One build: makes the files of an image in a directory of its own. Whatever happens, nothing but complete files in a
 * complete directory is left; what a build that was killed has left is removed by the next one of the same image.
 */
final class ImageBuild {
    private static final String SCRATCH_NOTE = "scratch";
    /** Read by other users' processes below it: apt's and those of the build's namespace. */
    private static final String SCRATCH_MODE = "rwx--x--x";

    private final Recipe recipe;
    private final HostEnvironment caller;
    private final Consumer<String> note;

    ImageBuild(Recipe recipe, HostEnvironment caller, Consumer<String> note) {
        this.recipe = recipe;
        this.caller = caller;
        this.note = note;
    }

    /**
     * Builds.
     *
     * @param part directory to work in, on the file system of the cache; gone afterwards
     * @param target where it is renamed to when it is complete
     * @throws LimaException when it cannot be built
     */
    void run(Path part, Path target) throws InterruptedException {
        requirePrograms();
        try {
            removeRemains(part);
            Files.createDirectories(part);
            Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwx------"));
            try {
                fill(part, target.getParent() == null ? target : target.getParent());
                if (Files.exists(target)) {
                    delete(target);
                }
                Files.move(part, target);
            } finally {
                removeRemains(part);
            }
        } catch (IOException e) {
            throw BuildFailure.of(
                    "The Debian image cannot be built",
                    List.of(e.getMessage() == null ? e.toString() : e.toString()),
                    temporaryDirectory(),
                    part);
        }
    }

    private void fill(Path part, Path cache) throws IOException, InterruptedException {
        Path image = Files.createFile(part.resolve("root.img"));
        // See image.sh: the build's root is nobody to this file system. The directory above is closed to all others.
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-rw-rw-"));
        Path scratch = Files.createTempDirectory(temporaryDirectory(), "jlima-debian-");
        Files.writeString(part.resolve(SCRATCH_NOTE), scratch.toString());
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString(SCRATCH_MODE));

        Map<String, String> variables = new HashMap<>(recipe.scripts());
        variables.put("TMPDIR", scratch.toString());
        Program tree = new Program(caller, variables);
        if (tree.run(recipe.treeCommand(mode(), part), image, note) != 0) {
            throw BuildFailure.of(
                    "mmdebstrap could not build the image for " + recipe.location(), tree.lastLines(), scratch, cache);
        }
        note.accept("compressing the image");
        Program disk = new Program(caller, Map.of());
        if (disk.run(recipe.diskCommand(part), null, line -> note.accept("compressing the image " + line)) != 0) {
            throw BuildFailure.of(
                    "qemu-img could not compress the image for " + recipe.location(), disk.lastLines(), scratch, cache);
        }
        Files.delete(image);
        removeScratch(scratch);
        Files.delete(part.resolve(SCRATCH_NOTE));
        Files.writeString(part.resolve("recipe"), recipe.text());
        for (String name : List.of("disk.qcow2", "kernel", "initrd", "recipe")) {
            Files.setPosixFilePermissions(part.resolve(name), PosixFilePermissions.fromString("r--r--r--"));
        }
        Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void requirePrograms() {
        Map<String, String> packages = new HashMap<>(Map.of(
                "mmdebstrap", "mmdebstrap", "mke2fs", "e2fsprogs", "qemu-img", "qemu-utils", "unshare", "util-linux"));
        if (!isRoot()) {
            packages.put("newuidmap", "uidmap");
        }
        List<String> missing = new ArrayList<>();
        List<String> wanted = new ArrayList<>();
        packages.forEach((program, debianPackage) -> {
            if (caller.findProgram(program).isEmpty()) {
                missing.add(program);
                wanted.add(debianPackage);
            }
        });
        if (!missing.isEmpty()) {
            missing.sort(null);
            wanted.sort(null);
            throw new LimaException(
                    "A Debian image cannot be built on this host: " + String.join(", ", missing)
                            + (missing.size() == 1 ? " is" : " are") + " not installed",
                    "On Debian and its relatives: apt install " + String.join(" ", wanted));
        }
    }

    /**
     * How mmdebstrap becomes root. {@code unshare} keeps its mounts in a namespace, so that they go when it is killed;
     * root without the right to mount, as in most containers, does without mounts.
     */
    private String mode() throws InterruptedException {
        if (!isRoot()) {
            return "unshare";
        }
        return new Program(caller, Map.of()).run(List.of("unshare", "--mount", "true"), null, line -> {}) == 0
                ? "unshare"
                : "root";
    }

    private static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Not /tmp, which is often kept in memory and too small. */
    private Path temporaryDirectory() {
        return caller.variable("TMPDIR").map(caller::resolve).orElse(Path.of("/var/tmp"));
    }

    private void removeRemains(Path part) throws IOException, InterruptedException {
        if (!Files.exists(part)) {
            return;
        }
        Path scratchNote = part.resolve(SCRATCH_NOTE);
        if (Files.exists(scratchNote)) {
            Path scratch = Path.of(Files.readString(scratchNote).strip());
            // The note lies in a directory of ours; still, remove nothing that is not plainly a scratch directory.
            if (scratch.isAbsolute()
                    && scratch.getFileName() != null
                    && scratch.getFileName().toString().startsWith("jlima-debian-")) {
                removeScratch(scratch);
            }
        }
        delete(part);
    }

    private void removeScratch(Path scratch) throws IOException, InterruptedException {
        if (!Files.exists(scratch)) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            delete(scratch);
        } catch (IOException e) {
            // An ordinary user's tree belongs to the user's subordinate ids, to be removed as their root.
            new Program(caller, Map.of())
                    .run(
                            List.of(
                                    "mmdebstrap",
                                    "--unshare-helper",
                                    "find",
                                    scratch.toString(),
                                    "-mindepth",
                                    "1",
                                    "-delete"),
                            null,
                            line -> {});
            delete(scratch);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Removes a directory with all it contains; does not follow links. */
    static void delete(Path directory) throws IOException {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(
                        Path visited, @org.jspecify.annotations.Nullable IOException failure) throws IOException {
                    if (failure != null) {
                        throw failure;
                    }
                    Files.deleteIfExists(visited);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (NoSuchFileException e) {
            // Gone is what it is to be.
        }
    }
}
