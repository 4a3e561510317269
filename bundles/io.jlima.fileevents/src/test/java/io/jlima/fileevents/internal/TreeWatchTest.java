// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real directories. Whatever is waited for comes as an event; what must not come is behind something that does. */
@Timeout(60)
class TreeWatchTest {
    private static final int PLENTY = 1000;

    @TempDir
    Path folder;

    private Path root;
    private final Set<Path> changed = new HashSet<>();
    private final Set<Path> entries = new HashSet<>();
    private final List<String> reasons = new ArrayList<>();
    private TreeWatch trees;

    private final TreeWatch.Sink sink = new TreeWatch.Sink() {
        @Override
        public void changed(Path path, Path directory) {
            assertThat(path.getParent()).isEqualTo(directory);
            changed.add(path);
        }

        @Override
        public void changedEntries(Path directory) {
            entries.add(directory);
        }

        @Override
        public void unwatched(String reason) {
            reasons.add(reason);
        }
    };

    @BeforeEach
    void begin() throws IOException {
        root = Files.createDirectories(folder.resolve("root"));
        Files.createDirectories(root.resolve("a/b/c"));
        Files.createDirectories(root.resolve("d"));
        Files.writeString(root.resolve("a/b/c/file"), "x");
        open(PLENTY);
    }

    private void open(int most) throws IOException {
        trees = new TreeWatch(
                FileSystems.getDefault().newWatchService(), sink, path -> path.endsWith("excluded"), most);
        trees.watch(Set.of(root));
    }

    @AfterEach
    void end() throws IOException {
        trees.close();
    }

    private void await(BooleanSupplier seen) throws InterruptedException {
        while (!seen.getAsBoolean()) {
            trees.handle(trees.take());
        }
    }

    /** What has happened before this has been heard of after it: a directory's own events keep their order. */
    private void settle(Path directory) throws Exception {
        Path marker = Files.createFile(directory.resolve("marker-" + changed.size() + "-" + System.nanoTime()));
        await(() -> changed.contains(marker));
    }

    @Test
    void filesComeChangeAndGo() throws Exception {
        Path file = root.resolve("a/b/c/new");
        Files.writeString(file, "1");
        await(() -> changed.contains(file) && entries.contains(file.getParent()));
        changed.clear();
        entries.clear();
        Files.writeString(file, "2");
        await(() -> changed.contains(file));
        changed.clear();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        await(() -> changed.contains(file));
        entries.clear();
        Files.delete(file);
        await(() -> entries.contains(file.getParent()));
        assertThat(reasons).isEmpty();
    }

    @Test
    void directoriesThatCome() throws Exception {
        Path deep = Files.createDirectories(root.resolve("d/e/f/g"));
        Path file = Files.writeString(deep.resolve("file"), "x");
        await(() -> changed.contains(file) && changed.contains(deep));
        changed.clear();
        Files.writeString(file, "y");
        await(() -> changed.contains(file));
    }

    @Test
    void aTreeThatIsRenamed() throws Exception {
        Files.move(root.resolve("a"), root.resolve("d/z"));
        await(() -> changed.contains(root.resolve("d/z")) && entries.contains(root));
        changed.clear();
        Files.writeString(root.resolve("d/z/b/c/file"), "y");
        await(() -> changed.contains(root.resolve("d/z/b/c/file")));
        assertThat(changed).noneMatch(path -> path.startsWith(root.resolve("a")));
        assertThat(trees.size()).isEqualTo(5);
    }

    @Test
    void aTreeThatLeavesAndComesBack() throws Exception {
        Files.move(root.resolve("a"), folder.resolve("outside"));
        await(() -> entries.contains(root));
        assertThat(trees.size()).isEqualTo(2);
        Files.writeString(folder.resolve("outside/b/c/file"), "y");
        settle(root);
        assertThat(changed).noneMatch(path -> path.endsWith("file"));
        Files.move(folder.resolve("outside"), root.resolve("a"));
        await(() -> changed.contains(root.resolve("a")));
        changed.clear();
        Files.writeString(root.resolve("a/b/c/file"), "z");
        await(() -> changed.contains(root.resolve("a/b/c/file")));
    }

    @Test
    void aDirectoryThatIsMadeAnew() throws Exception {
        for (int round = 0; round < 50; round++) {
            Path directory = Files.createDirectory(root.resolve("again"));
            Path file = Files.writeString(directory.resolve("file"), "x");
            await(() -> changed.contains(file) && trees.isWatched(directory));
            changed.clear();
            Files.delete(file);
            Files.delete(directory);
        }
        entries.clear();
        await(() -> entries.contains(root) && !trees.isWatched(root.resolve("again")));
        assertThat(trees.size()).isEqualTo(5);
    }

    @Test
    void linksAreNotFollowed() throws Exception {
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Files.createSymbolicLink(root.resolve("link"), outside);
        settle(root);
        Files.writeString(outside.resolve("file"), "x");
        settle(root);
        assertThat(changed).contains(root.resolve("link")).noneMatch(path -> path.endsWith("file"));
    }

    @Test
    void aLinkOnTheWayLeadsNowhere() throws Exception {
        Path outside = Files.createDirectories(folder.resolve("outside/inner"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("outside"));
        trees.watch(Set.of(root, link, link.resolve("inner")));
        assertThat(trees.size()).isEqualTo(5);
        Files.writeString(outside.resolve("file"), "x");
        settle(root);
        assertThat(changed).noneMatch(path -> path.endsWith("file"));
    }

    @Test
    void moreThanTheSystemKeeps() throws Exception {
        // Java keeps 512 events for a directory.
        Set<Path> files = new HashSet<>();
        for (int i = 0; i < 2000; i++) {
            files.add(Files.writeString(root.resolve("d/file-" + i), "x"));
        }
        Path inner = Files.createDirectory(root.resolve("d/inner"));
        await(() -> changed.containsAll(files) && trees.isWatched(inner));
        assertThat(entries).contains(root.resolve("d"));
        Path file = Files.writeString(inner.resolve("file"), "x");
        await(() -> changed.contains(file));
    }

    @Test
    void moreDirectoriesThanAllowed() throws Exception {
        trees.close();
        open(3);
        assertThat(trees.size()).isEqualTo(3);
        assertThat(reasons).singleElement().asString().contains("3 directories");
        Files.createDirectory(root.resolve("x"));
        Path file = Files.writeString(root.resolve("d/new"), "x");
        await(() -> changed.contains(file) && changed.contains(root.resolve("x")));
        assertThat(reasons).hasSize(1);
    }

    @Test
    void whatIsExcluded() throws Exception {
        Path excluded = Files.createDirectory(root.resolve("excluded"));
        await(() -> changed.contains(excluded));
        Files.writeString(excluded.resolve("file"), "x");
        settle(root);
        assertThat(changed).noneMatch(path -> path.endsWith("file"));
        assertThat(trees.isWatched(excluded)).isFalse();
    }

    @Test
    void otherTrees() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        trees.watch(Set.of(other, root.resolve("a/b")));
        assertThat(trees.size()).isEqualTo(3);
        Files.writeString(root.resolve("d/file"), "x");
        Path file = Files.writeString(other.resolve("file"), "x");
        await(() -> changed.contains(file));
        settle(other);
        assertThat(changed).noneMatch(path -> path.startsWith(root));
    }

    @Test
    void aRootThatIsMissing() throws Exception {
        Path missing = folder.resolve("missing");
        trees.watch(Set.of(missing));
        assertThat(trees.isWatched(missing)).isFalse();
        assertThat(reasons).isEmpty();
        Files.createDirectory(missing);
        trees.watch(Set.of(missing));
        assertThat(trees.isWatched(missing)).isTrue();
    }
}
