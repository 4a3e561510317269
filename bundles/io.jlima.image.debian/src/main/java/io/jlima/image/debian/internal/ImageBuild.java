// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One build: makes the files of an image in a directory of its own and renames it when it is complete. Whatever happens,
 * nothing else is left; what a build that was killed has left is removed by the next one of the same image.
 */
final class ImageBuild {
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
        BuildDirectory directory = new BuildDirectory(part, caller);
        try {
            try {
                directory.create();
                fill(directory);
                BuildDirectory.delete(target);
                Files.move(part, target);
            } finally {
                directory.clear();
            }
        } catch (IOException e) {
            throw BuildFailure.of(
                    "The image for " + recipe.location() + " cannot be built",
                    List.of(e.toString()),
                    directory.temporaries(),
                    directory.cache());
        }
    }

    private void fill(BuildDirectory directory) throws IOException, InterruptedException {
        Path part = directory.path();
        Path image = Files.createFile(part.resolve("root.img"));
        // See image.sh: the build's root is nobody to this file system. The directory above is closed to all others.
        Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("rw-rw-rw-"));
        Map<String, String> variables = new HashMap<>(recipe.scripts());
        variables.put("TMPDIR", directory.createScratch().toString());
        Program tree = new Program(caller, variables, directory::noteProcess);
        if (tree.run(recipe.treeCommand(mode(), part), image, note) != 0) {
            throw failure("mmdebstrap could not build the image for ", tree, directory);
        }
        note.accept("compressing the image");
        Program disk = new Program(caller, Map.of(), directory::noteProcess);
        if (disk.run(recipe.diskCommand(part), null, line -> note.accept("compressing the image " + line)) != 0) {
            throw failure("qemu-img could not compress the image for ", disk, directory);
        }
        Files.delete(image);
        directory.forget();
        Files.writeString(part.resolve("recipe"), recipe.text());
        for (String name : ImageCache.FILES) {
            Files.setPosixFilePermissions(part.resolve(name), PosixFilePermissions.fromString("r--r--r--"));
        }
        Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private LimaException failure(String what, Program program, BuildDirectory directory) {
        return BuildFailure.of(
                what + recipe.location(), program.lastLines(), directory.temporaries(), directory.cache());
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
    private String mode() throws InterruptedException, IOException {
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
}
