// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.SharedMount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The mounts that can be told of, by where they really are on the host; one place may be in several. */
record Roots(List<Root> all) {
    static final Roots NONE = new Roots(List.of());

    /** @param there whether the host has the directory now */
    record Root(Path directory, String mountPoint, FileReplay replay, boolean there) {
        /** The path as the guest knows it, below the mount point. */
        String inside(Path path) {
            return directory.relativize(path).toString();
        }
    }

    static Roots of(List<SharedMount> mounts) {
        List<Root> roots = new ArrayList<>();
        for (SharedMount shared : mounts) {
            if (shared.replay().isPossible()) {
                Path location = Path.of(shared.mount().location());
                boolean there = true;
                try {
                    // By no link, because that is how its files are found.
                    location = location.toRealPath();
                } catch (IOException e) {
                    there = false;
                }
                roots.add(new Root(location, shared.mount().mountPoint(), shared.replay(), there));
            }
        }
        return new Roots(List.copyOf(roots));
    }

    /** Where trees begin. */
    Set<Path> directories() {
        return all.stream().map(Root::directory).collect(Collectors.toSet());
    }

    /** The mounts that show the path. */
    List<Root> of(Path path) {
        return all.stream().filter(root -> path.startsWith(root.directory)).toList();
    }
}
