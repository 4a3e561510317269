// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is outside of the directory is neither read nor written, nor told of: by packets that no sshfs would send. */
@EnabledOnOs(OS.LINUX)
class BuiltinServerJailTest extends ServedDirectory {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noPathLeadsOut(boolean followLinks) throws IOException {
        Files.createSymbolicLink(root.resolve("absolute"), outside);
        Files.createSymbolicLink(root.resolve("relative"), Path.of("../outside"));
        Files.createSymbolicLink(root.resolve("secret"), outside.resolve("secret"));
        Files.createSymbolicLink(root.resolve("root"), Path.of("/"));
        // A path that only begins as the directory's does is not one below it.
        Files.writeString(Files.createDirectory(root.resolve("x")).resolve("secret"), "secret");
        try (RawClient client = client(true, followLinks)) {
            for (String path : List.of(
                    outside + "/secret",
                    "/etc/passwd",
                    "../outside/secret",
                    at("../outside/secret"),
                    at("absolute/secret"),
                    at("relative/secret"),
                    at("root/etc/passwd"),
                    at("secret"),
                    root + "/../mount/../outside/secret",
                    root + "x/secret",
                    outside.resolve("secret") + "\0" + root)) {
                assertThat(client.open(path, READ)).as("open " + path).isNull();
                assertThat(client.open(path, WRITE | CREATE))
                        .as("create " + path)
                        .isNull();
                assertThat(client.open(path, WRITE | TRUNCATE))
                        .as("truncate " + path)
                        .isNull();
                assertThat(client.ask(17, path).status()).as("stat " + path).isGreaterThan(OK);
                assertThat(client.ask(9, path, 1, 0L).status())
                        .as("set size of " + path)
                        .isGreaterThan(OK);
            }
            for (String path : List.of(at("absolute/new"), at("relative/new"), outside + "/new", at("../new"))) {
                assertThat(client.open(path, WRITE | CREATE))
                        .as("create " + path)
                        .isNull();
                assertThat(client.ask(14, path, 0).status()).as("mkdir " + path).isGreaterThan(OK);
                assertThat(client.ask(20, "x", path).status())
                        .as("symlink " + path)
                        .isGreaterThan(OK);
                assertThat(client.ask(18, at("file"), path).status())
                        .as("rename to " + path)
                        .isGreaterThan(OK);
                assertThat(client.ask(200, "posix-rename@openssh.com", at("file"), path)
                                .status())
                        .as("posix-rename to " + path)
                        .isGreaterThan(OK);
                assertThat(client.ask(200, "hardlink@openssh.com", at("file"), path)
                                .status())
                        .as("hard link at " + path)
                        .isGreaterThan(OK);
            }
            for (String path : List.of(at("absolute/secret"), at("relative/secret"), outside + "/secret")) {
                assertThat(client.ask(200, "hardlink@openssh.com", path, at("stolen"))
                                .status())
                        .as("hard link to " + path)
                        .isGreaterThan(OK);
                assertThat(client.ask(18, path, at("stolen")).status())
                        .as("rename of " + path)
                        .isGreaterThan(OK);
                assertThat(client.ask(13, path).status()).as("remove " + path).isGreaterThan(OK);
            }
            assertThat(client.ask(11, at("absolute")).status()).isGreaterThan(OK);
            assertThat(client.ask(11, "/").status()).isGreaterThan(OK);
            assertThat(client.ask(15, at("..")).status()).isGreaterThan(OK);
        }
        assertThat(Files.readString(outside.resolve("secret"))).isEqualTo("secret");
        assertThat(Files.exists(root.resolve("stolen"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        try (var left = Files.list(outside)) {
            assertThat(left).containsExactly(outside.resolve("secret"));
        }
    }

    /** Neither is what is outside read, nor is anything told of it, where links are followed and where they are not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsToldOfWhatIsOutside(boolean followLinks) throws IOException {
        Files.createDirectory(outside.resolve("directory"));
        Files.createSymbolicLink(outside.resolve("pointer"), Path.of("secret"));
        Files.createDirectory(root.resolve("inner"));
        Files.createSymbolicLink(root.resolve("absolute"), outside);
        Files.createSymbolicLink(root.resolve("relative"), Path.of("../outside"));
        Files.createSymbolicLink(root.resolve("inner/twice"), Path.of("../relative"));
        Files.createSymbolicLink(root.resolve("top"), Path.of("/"));
        Files.createSymbolicLink(root.resolve("self"), Path.of("/proc/self/root"));
        List<String> ways = List.of(
                at("absolute"),
                at("relative"),
                at("inner/twice"),
                at("../outside"),
                at("inner/../../outside"),
                at("top") + outside,
                at("self") + outside,
                outside.toString(),
                root + "/./inner/.././../outside",
                "../outside",
                "inner/../../outside");
        try (RawClient client = client(false, followLinks)) {
            for (String way : ways) {
                for (String name : List.of("secret", "directory", "pointer", "none", ".", "..")) {
                    String path = way + "/" + name;
                    assertThat(client.ask(7, path).status()).as("lstat " + path).isGreaterThan(OK);
                    assertThat(client.ask(17, path).status()).as("stat " + path).isGreaterThan(OK);
                    assertThat(client.ask(11, path).status())
                            .as("opendir " + path)
                            .isGreaterThan(OK);
                    assertThat(client.ask(19, path).status())
                            .as("readlink " + path)
                            .isGreaterThan(OK);
                    assertThat(client.ask(200, "statvfs@openssh.com", path).status())
                            .as("statvfs " + path)
                            .isGreaterThan(OK);
                    // It may say back what it was asked, which tells nothing: neither where a link leads nor what is.
                    RawClient.Answer real = client.ask(16, path);
                    if (real.type() == 104) {
                        assertThat(real.body().readInt()).isEqualTo(1);
                        assertThat(new String(real.string(), StandardCharsets.UTF_8))
                                .as("realpath " + path)
                                .isEqualTo(path);
                    } else {
                        assertThat(real.status()).isGreaterThan(OK);
                    }
                }
            }
            for (String way : List.of(at("absolute"), at("relative"), at("inner/twice"))) {
                assertThat(client.ask(11, way).status()).as("opendir " + way).isGreaterThan(OK);
                RawClient.Answer through = client.ask(17, way);
                assertThat(through.status()).as("stat " + way).isGreaterThan(OK);
            }
        }
    }

    @Test
    void whatIsAboveIsNotEvenSeen() throws IOException {
        Files.setLastModifiedTime(directory, FileTime.from(1234567, TimeUnit.SECONDS));
        Files.setLastModifiedTime(root, FileTime.from(7654321, TimeUnit.SECONDS));
        try (RawClient client = client(false, false)) {
            byte[] handle = client.ask(11, root.toString()).string();
            RawClient.Answer part = client.ask(12, (Object) handle);
            int count = part.body().readInt();
            int seen = 0;
            for (int i = 0; i < count; i++) {
                String name = new String(part.string(), StandardCharsets.UTF_8);
                part.string();
                part.body().skipNBytes(28);
                int modified = part.body().readInt();
                if (name.equals("..")) {
                    seen++;
                    assertThat(modified).isEqualTo(7654321);
                }
            }
            assertThat(seen).isEqualTo(1);
        }
    }

    /** A directory becomes a link, and a directory again, while the guest asks for a file below it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void swapsBetweenLookAndUseDoNotHelp(boolean followLinks) throws Exception {
        Path inner = Files.createDirectory(root.resolve("inner"));
        Files.writeString(inner.resolve("secret"), "harmless");
        Path away = root.resolve("away");
        Path link = Files.createSymbolicLink(root.resolve("link"), outside);
        AtomicBoolean stop = new AtomicBoolean();
        Thread swapper = Thread.ofPlatform().start(() -> {
            try {
                while (!stop.get()) {
                    Files.move(inner, away);
                    Files.move(link, inner);
                    Files.move(inner, link);
                    Files.move(away, inner);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        int opened = 0;
        try (RawClient client = client(true, followLinks)) {
            for (int i = 0; i < 3000; i++) {
                byte[] handle = client.open(at("inner/secret"), READ);
                if (handle != null) {
                    opened++;
                    assertThat(new String(client.ask(5, handle, 0L, 100).string(), StandardCharsets.UTF_8))
                            .isEqualTo("harmless");
                    client.ask(4, (Object) handle);
                }
                client.open(at("inner/made"), WRITE | CREATE | EXCLUSIVE);
                client.ask(13, at("inner/made"));
            }
        } finally {
            stop.set(true);
            swapper.join();
        }
        assertThat(opened).as("times it was a directory").isGreaterThan(0);
        assertThat(outside.resolve("made")).doesNotExist();
        assertThat(Files.readString(outside.resolve("secret"))).isEqualTo("secret");
    }

    @Test
    void linksAreFollowedWithinIfTheUserWantsThat() throws IOException {
        Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
        try (RawClient strict = client(false, false);
                RawClient following = client(false, true)) {
            assertThat(strict.open(at("link"), READ)).isNull();
            assertThat(following.open(at("link"), READ)).isNotNull();
        }
    }

    /** The kernel refuses all absolute links; those that stay inside are told from the others by their text. */
    @Test
    void absoluteLinksAreFollowedWithinAndNowhereElse() throws IOException {
        Path deep = Files.createDirectories(root.resolve("tree/deep"));
        Files.writeString(deep.resolve("note"), "deep");
        Files.createSymbolicLink(root.resolve("to-tree"), root.resolve("tree"));
        Files.createSymbolicLink(root.resolve("tree/real"), root.toRealPath().resolve("to-tree/deep/.././deep/note"));
        Files.createSymbolicLink(root.resolve("self"), root);
        Files.createSymbolicLink(root.resolve("round"), root.resolve("round"));
        Files.createSymbolicLink(root.resolve("out"), outside.resolve("secret"));
        Files.createSymbolicLink(root.resolve("beside"), Path.of(root + "-beside/secret"));
        Files.createSymbolicLink(
                root.resolve("up"), Path.of(root + "/tree/../../" + outside.getFileName() + "/secret"));
        Files.createSymbolicLink(root.resolve("through"), root.resolve("out"));
        Files.createSymbolicLink(root.resolve("planted"), outside.resolve("planted"));
        try (RawClient strict = client(true, false);
                RawClient following = client(true, true)) {
            for (String path :
                    List.of("to-tree/deep/note", "tree/real", "self/self/tree/real", "to-tree/../to-tree/real")) {
                assertThat(strict.open(at(path), READ)).as(path).isNull();
                byte[] handle = following.opened(at(path), READ);
                assertThat(following.ask(5, handle, 0L, 9).string())
                        .as(path)
                        .isEqualTo("deep".getBytes(StandardCharsets.UTF_8));
            }
            assertThat(following.list(at("to-tree/deep"))).contains("note");
            for (String path :
                    List.of("round", "out", "beside", "up", "through", "self/out", "self/../x", "to-tree/../out")) {
                assertThat(following.open(at(path), READ)).as(path).isNull();
                assertThat(following.ask(17, at(path)).status()).as(path).isGreaterThan(OK);
            }
            assertThat(following.open(at("planted"), WRITE | CREATE)).isNull();
            assertThat(following.open(at("self/planted"), WRITE | CREATE | TRUNCATE))
                    .isNull();
            assertThat(following.opened(at("to-tree/made"), WRITE | CREATE)).isNotEmpty();
        }
        assertThat(root.resolve("tree/made")).exists();
        assertThat(outside.resolve("planted")).doesNotExist();
        assertThat(outside.resolve("secret")).hasContent("secret");
    }

    @Test
    void pipesAndDevicesAreNotOpened() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", root.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
        boolean device = new ProcessBuilder("mknod", root.resolve("null").toString(), "c", "1", "3")
                        .start()
                        .waitFor()
                == 0;
        try (RawClient client = client(true, false)) {
            assertThat(client.open(at("pipe"), READ)).isNull();
            assertThat(client.open(at("pipe"), WRITE)).isNull();
            if (device) {
                assertThat(client.open(at("null"), READ)).isNull();
                assertThat(client.open(at("null"), WRITE | CREATE | TRUNCATE)).isNull();
            }
            assertThat(client.open(at("file"), READ)).as("the session goes on").isNotNull();
        }
    }
}
