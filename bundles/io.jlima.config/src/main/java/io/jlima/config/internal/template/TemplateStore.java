// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Words;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The directories of templates, of which the first that has a name wins. */
final class TemplateStore {
    /** Templates lie at most a few directories deep; keeps a search of a wrong directory short. */
    private static final int DEEPEST = 6;

    private final List<Path> directories;

    TemplateStore(List<Path> directories) {
        this.directories = directories;
    }

    /**
     * The file of a template.
     *
     * @throws LimaException when there is none, naming the places looked at and near names
     */
    Path find(String name) {
        if (name.isEmpty() || name.startsWith("/") || List.of(name.split("/")).contains("..")) {
            throw new LimaException(
                    "\"" + name + "\" cannot be the name of a template",
                    "limactl start --list-templates shows them all");
        }
        String fileName = withExtension(name);
        for (Path directory : directories) {
            Path file = directory.resolve(fileName);
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        List<String> near = Words.near(name, names());
        String remedy = near.isEmpty()
                ? "limactl start --list-templates shows them all"
                : "did you mean "
                        + near.stream().limit(3).map(n -> "template:" + n).collect(Collectors.joining(", ")) + "?";
        String looked = directories.isEmpty()
                ? "no directory of templates is known"
                : directories.stream().map(d -> "looked in " + d).collect(Collectors.joining("\n"));
        throw new LimaException("there is no template \"" + name + "\"", looked, remedy, null);
    }

    /** A name gets .yaml unless it ends in an extension; the 04 of ubuntu-24.04 is none. */
    private static String withExtension(String name) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        int dot = last.lastIndexOf('.');
        boolean extension = dot >= 0 && dot + 1 < last.length() && !Character.isDigit(last.charAt(dot + 1));
        return extension ? name : name + ".yaml";
    }

    /** Names of all templates that are shown, sorted. */
    List<String> names() {
        SortedSet<String> names = new TreeSet<>();
        directories.stream().filter(Files::isDirectory).forEach(directory -> collect(directory, names));
        return List.copyOf(names);
    }

    private static void collect(Path directory, SortedSet<String> names) {
        try {
            Files.walkFileTree(directory, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEEPEST, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                    return path.equals(directory) || isShown(path)
                            ? FileVisitResult.CONTINUE
                            : FileVisitResult.SKIP_SUBTREE;
                }

                @Override
                public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                    String name = directory.relativize(path).toString();
                    if (attributes.isRegularFile() && isShown(path) && name.endsWith(".yaml")) {
                        names.add(name.substring(0, name.length() - ".yaml".length()));
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path path, IOException e) {
                    // A link to nowhere or an unreadable directory hides no other template.
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new LimaException("the templates in " + directory + " cannot be listed", e);
        }
    }

    private static boolean isShown(Path path) {
        String name = String.valueOf(path.getFileName());
        return !name.startsWith("_") && !name.startsWith(".");
    }
}
