// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Mounts whose directory is found by way of another one that the guest may change. A symbolic link on that way may be
 * the guest's work, and would have any directory of the host served to it, whatever driver serves.
 */
final class NestedMounts {
    /** Links that Linux follows for one path, see path_resolution(7). */
    private static final int MOST_LINKS = 40;

    private NestedMounts() {}

    /**
     * Looks at the mounts of one guest as they would be served now.
     *
     * @throws LimaException when a guest that changes one of them can choose what is served as another
     */
    static void check(List<Mount> mounts) {
        for (Mount outer : mounts) {
            if (outer.writable()) {
                real(Path.of(outer.location()))
                        .ifPresent(within -> mounts.forEach(inner -> check(outer, within, inner)));
            }
        }
    }

    private static void check(Mount outer, Path within, Mount inner) {
        linkOnTheWay(within, Path.of(inner.location())).ifPresent(link -> {
            throw new LimaException(
                    "the mount of " + inner.location() + " cannot be trusted to be that directory",
                    link + " is a symbolic link, and the guest may have put it there, since the mount of "
                            + outer.location() + " is writable",
                    "If the link is yours, name the directory that it leads to as the location; if not, remove it",
                    null);
        });
    }

    /** Nothing lies in a directory that is not there yet. */
    private static Optional<Path> real(Path location) {
        try {
            return Optional.of(location.toRealPath());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot look at " + location + ", which is to be mounted", e);
        }
    }

    /** The first symbolic link that lies within the directory and is followed on the way to a location. */
    private static Optional<Path> linkOnTheWay(Path within, Path location) {
        Deque<Path> left = new ArrayDeque<>();
        location.forEach(left::addLast);
        Path at = within.getRoot();
        int links = 0;
        while (!left.isEmpty()) {
            Path name = left.removeFirst();
            if (name.toString().equals("..")) {
                at = at.getParent() == null ? at : at.getParent();
                continue;
            }
            Path next = at.resolve(name);
            if (!Files.isSymbolicLink(next)) {
                at = next;
                continue;
            }
            if (at.startsWith(within)) {
                return Optional.of(next);
            }
            Path target = target(next);
            if (++links > MOST_LINKS) {
                return Optional.empty();
            }
            at = target.isAbsolute() ? target.getRoot() : at;
            List<Path> names = new ArrayList<>();
            target.forEach(names::add);
            names.reversed().forEach(left::addFirst);
        }
        return Optional.empty();
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot read the symbolic link " + link, e);
        }
    }
}
