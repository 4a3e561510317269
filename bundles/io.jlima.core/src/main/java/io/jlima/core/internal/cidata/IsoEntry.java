// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A directory or file of a volume, with its place in the volume once that is known. */
final class IsoEntry {
    /** ECMA-119 6.8.2.1: at most eight levels, the root included. */
    private static final int DEEPEST = 7;

    /** Linux takes file names of so many bytes. */
    private static final int LONGEST_NAME = 255;

    /** ECMA-119 9.1.4: the length of an extent is a 32-bit number. */
    private static final long BIGGEST_FILE = 0xffff_ffffL - Iso9660.SECTOR;

    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;

    final String name;
    final byte @Nullable [] content;
    final @Nullable Path source;
    final TreeMap<String, IsoEntry> children = new TreeMap<>();
    int mode;
    long size;

    /** First sector of the extent. */
    int sector;

    /** Number in the path table; directories only. */
    int number;

    /** Name by the rules of ISO 9660, which Rock Ridge readers do not show. */
    String identifier = "";

    /** The children in the order of their identifiers. */
    List<IsoEntry> sorted = List.of();

    @Nullable
    IsoEntry parent;

    private IsoEntry(String name, int mode, byte @Nullable [] content, @Nullable Path source, long size) {
        this.name = name;
        this.mode = mode;
        this.content = content;
        this.source = source;
        this.size = size;
    }

    static IsoEntry root() {
        return directory("");
    }

    private static IsoEntry directory(String name) {
        return new IsoEntry(name, S_IFDIR | 0755, null, null, 0);
    }

    /** The directory of this path below this one, made with mode 0755 as far as it is not there. */
    IsoEntry enter(String path) {
        return enter(path.split("/"));
    }

    /** Adds a file of which either the content or the source is given. */
    void add(String path, int permissions, byte @Nullable [] content, @Nullable Path source, long size) {
        if (size > BIGGEST_FILE) {
            throw new IllegalArgumentException(path + " is too big for one extent: " + size + " bytes");
        }
        String[] names = path.split("/");
        String name = names[names.length - 1];
        checkName(name);
        IsoEntry file = new IsoEntry(name, S_IFREG | permissions, content, source, size);
        if (enter(Arrays.copyOf(names, names.length - 1)).children.putIfAbsent(name, file) != null) {
            throw new IllegalArgumentException(path + " is there already");
        }
    }

    void permissions(int permissions) {
        mode = mode & ~07777 | permissions;
    }

    boolean isDirectory() {
        return (mode & S_IFDIR) != 0;
    }

    int links() {
        return isDirectory()
                ? 2
                        + (int) children.values().stream()
                                .filter(IsoEntry::isDirectory)
                                .count()
                : 1;
    }

    /** The directory above; the root is its own. */
    IsoEntry parentOrSelf() {
        return parent == null ? this : parent;
    }

    private IsoEntry enter(String[] names) {
        if (names.length > DEEPEST) {
            throw new IllegalArgumentException("directories nested too deeply: " + String.join("/", names));
        }
        IsoEntry at = this;
        for (String name : names) {
            checkName(name);
            at = at.children.computeIfAbsent(name, IsoEntry::directory);
            if (!at.isDirectory()) {
                throw new IllegalArgumentException(name + " is a file already");
            }
        }
        return at;
    }

    private static void checkName(String name) {
        if (name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.indexOf('\0') >= 0
                || name.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
            throw new IllegalArgumentException("not a file name: '" + name + "'");
        }
    }
}
