// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/**
 * Finds where a mount's directory is. Links on the way there are the host's own business, but a guest makes links, too:
 * inside a writable mount. Of a directory that is in there only the way to that mount may lead through links.
 */
final class HostDirectory {
    private HostDirectory() {}

    /** @param mounts all of the guest's */
    static Path of(Mount mount, Collection<Mount> mounts) {
        Path location = Path.of(mount.location()).normalize();
        Optional<Path> outermost = mounts.stream()
                .filter(Mount::writable)
                .map(other -> Path.of(other.location()).normalize())
                .filter(other -> location.startsWith(other) && !location.equals(other))
                .min(Comparator.comparingInt(Path::getNameCount));
        return outermost
                .map(outer -> real(outer).resolve(outer.relativize(location)))
                .orElseGet(() -> real(location));
    }

    /** What is not there yet has no links in it. */
    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            Path parent = path.getParent();
            return parent == null ? path : real(parent).resolve(path.getFileName());
        }
    }
}
