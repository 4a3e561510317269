// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest gets, and what it does not get, by packets that no sshfs would send. */
@EnabledOnOs(OS.LINUX)
class BuiltinServerTest {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int CREATE = 8;
    private static final int TRUNCATE = 16;
    private static final int EXCLUSIVE = 32;

    private static final int OK = 0;
    private static final int NO_SUCH_FILE = 2;
    private static final int DENIED = 3;
    private static final int END_OF_FILE = 1;
    private static final int UNSUPPORTED = 8;

    @TempDir
    Path directory;

    private Path root = Path.of("");
    private Path outside = Path.of("");

    @BeforeEach
    void makeDirectories() throws IOException {
        root = Files.createDirectory(directory.resolve("mount"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        Files.writeString(root.resolve("file"), "content");
    }

    private RawClient client(boolean writable, boolean followLinks) throws IOException {
        return new RawClient(new BuiltinServer(root.toString(), root.toRealPath(), writable, followLinks, 4321))
                .hello();
    }

    private String at(String name) {
        return root + "/" + name;
    }

    @Test
    void filesAreReadAndWritten() throws IOException {
        try (RawClient client = client(true, false)) {
            byte[] handle = client.opened(at("new"), READ | WRITE | CREATE | TRUNCATE);
            assertThat(client.ask(6, handle, 0L, "hello").status()).isEqualTo(OK);
            assertThat(client.ask(6, handle, (1L << 32) + 1, "far").status()).isEqualTo(OK);
            assertThat(client.ask(5, handle, 0L, 5).string()).isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
            assertThat(client.ask(5, handle, (1L << 32) + 4, 5).status())
                    .as("end of file")
                    .isEqualTo(1);
            assertThat(client.ask(4, (Object) handle).status()).isEqualTo(OK);
            assertThat(client.ask(4, (Object) handle).status())
                    .as("a handle is closed once")
                    .isEqualTo(NO_SUCH_FILE);
            assertThat(Files.size(root.resolve("new"))).isEqualTo((1L << 32) + 4);
        }
    }

    @Test
    void tenThousandEntriesComeEachOnce() throws IOException {
        Path many = Files.createDirectory(root.resolve("many"));
        for (int i = 0; i < 10_000; i++) {
            Files.createFile(many.resolve("a name of some length, number " + i));
        }
        try (RawClient client = client(false, false)) {
            List<String> names = client.list(at("many"));
            assertThat(names).hasSize(10_002).contains(".", "..");
            assertThat(new TreeSet<>(names)).hasSize(10_002);
        }
    }

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

    @Test
    void theSignChangesNothing() throws IOException {
        int sign = (int) ReplaySign.time().getEpochSecond();
        String before = snapshot();
        FileTime time = Files.getLastModifiedTime(root.resolve("file"));
        for (boolean writable : new boolean[] {true, false}) {
            try (RawClient client = client(writable, false)) {
                assertThat(client.ask(9, at("file"), 8, 1, sign).status()).isEqualTo(OK);
                assertThat(client.ask(9, at(""), 8, 1, sign).status()).isEqualTo(OK);
                assertThat(client.ask(9, at("gone"), 8, 1, sign).status()).isGreaterThan(OK);
                assertThat(client.ask(9, at("../outside/secret"), 8, 1, sign).status())
                        .isGreaterThan(OK);
                // Together with anything else it is a time like any other.
                if (!writable) {
                    assertThat(client.ask(9, at("file"), 12, 0777, 1, sign).status())
                            .isEqualTo(DENIED);
                    assertThat(client.ask(9, at("file"), 8, 1, sign - 1).status())
                            .isEqualTo(DENIED);
                }
            }
        }
        assertThat(snapshot()).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(root.resolve("file"))).isEqualTo(time);
    }

    @Test
    void aReadOnlyDirectoryStaysAsItIs() throws IOException {
        Files.createDirectory(root.resolve("empty"));
        String before = snapshot();
        try (RawClient client = client(false, false)) {
            for (int flags : new int[] {
                WRITE, WRITE | TRUNCATE, WRITE | CREATE, READ | WRITE, READ | CREATE, READ | TRUNCATE, 4, 1 << 10
            }) {
                RawClient.Answer answer = client.ask(3, at("file"), flags, 0);
                assertThat(answer.status()).as("open with " + flags).isEqualTo(DENIED);
            }
            byte[] handle = client.opened(at("file"), READ);
            assertThat(client.ask(6, handle, 0L, "x").status()).as("write").isEqualTo(DENIED);
            assertThat(client.ask(10, handle, 1, 0L).status()).as("fsetstat").isEqualTo(DENIED);
            assertThat(client.ask(9, at("file"), 4, 0777).status())
                    .as("setstat")
                    .isEqualTo(DENIED);
            assertThat(client.ask(13, at("file")).status()).as("remove").isEqualTo(DENIED);
            assertThat(client.ask(14, at("new"), 0).status()).as("mkdir").isEqualTo(DENIED);
            assertThat(client.ask(15, at("empty")).status()).as("rmdir").isEqualTo(DENIED);
            assertThat(client.ask(18, at("file"), at("other")).status())
                    .as("rename")
                    .isEqualTo(DENIED);
            assertThat(client.ask(20, "x", at("link")).status()).as("symlink").isEqualTo(DENIED);
            assertThat(client.ask(200, "posix-rename@openssh.com", at("file"), at("other"))
                            .status())
                    .isEqualTo(DENIED);
            assertThat(client.ask(200, "hardlink@openssh.com", at("file"), at("other"))
                            .status())
                    .isEqualTo(DENIED);
            for (int type = 21; type < 256; type++) {
                assertThat(client.ask(type, at("file"), at("other")).status())
                        .as("packet of type " + type)
                        .isGreaterThan(OK);
            }
        }
        assertThat(snapshot()).isEqualTo(before);
    }

    /** OpenSSH's server knows more extensions than this one, some of which write, or tell of the host. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsNotKnownDoesNothing(boolean writable) throws IOException {
        Files.writeString(root.resolve("other"), "other");
        Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
        String before = snapshot();
        try (RawClient client = client(writable, false)) {
            byte[] from = client.opened(at("file"), READ);
            byte[] to = client.opened(at("other"), writable ? READ | WRITE : READ);
            Object[][] requests = {
                {"lsetstat@openssh.com", at("link"), 4, 0777},
                {"lsetstat@openssh.com", at("file"), 1, 0L},
                {"lsetstat@openssh.com", at("file"), 8, 1, 1},
                {"copy-data", from, 0L, 0L, to, 0L},
                {"expand-path@openssh.com", "~"},
                {"limits@openssh.com"},
                {"users-groups-by-id@openssh.com", new byte[4], new byte[4]},
                {"home-directory", "root"},
                {"posix-rename", at("file"), at("third")},
                {"hardlink", at("file"), at("third")},
                {"POSIX-RENAME@OPENSSH.COM", at("file"), at("third")},
                {"posix-rename@openssh.com\0", at("file"), at("third")},
                {"", at("file"), at("third")},
                {"x".repeat(10_000), at("file"), at("third")},
            };
            for (Object[] request : requests) {
                assertThat(client.ask(200, request).status())
                        .as("%.40s", request[0])
                        .isEqualTo(UNSUPPORTED);
            }
            assertThat(client.ask(5, from, 0L, 100).string())
                    .as("the session goes on")
                    .isEqualTo("content".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(snapshot()).isEqualTo(before);
        assertThat(root.resolve("other")).hasContent("other");
    }

    /** More may be asked for at once than there is room for. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4096, 65_536, 131_072, 131_073, 262_144, 262_145, 1 << 20, Integer.MAX_VALUE, -1})
    void aReadGetsAtMostWhatThereIsRoomFor(int length) throws IOException {
        byte[] content = new byte[(3 << 20) + 17];
        new Random(1).nextBytes(content);
        Files.write(root.resolve("large"), content);
        try (RawClient client = client(false, false)) {
            byte[] handle = client.opened(at("large"), READ);
            for (int at : new int[] {0, 1, 65_535, 1 << 20, content.length - 5000}) {
                byte[] got = client.ask(5, handle, (long) at, length).string();
                assertThat(got).hasSizeBetween(1, 256 * 1024);
                assertThat(Integer.toUnsignedLong(length)).isGreaterThanOrEqualTo(got.length);
                assertThat(got.length == length || at + got.length == content.length || got.length >= 64 * 1024)
                        .as("%d of %d bytes at %d", got.length, length, at)
                        .isTrue();
                assertThat(got).isEqualTo(Arrays.copyOfRange(content, at, at + got.length));
            }
            // A count without a sign, like an offset, or neither: nothing is read, and the next question is answered.
            assertThat(client.ask(5, handle, -1L, length).status()).isGreaterThan(OK);
            assertThat(client.ask(5, handle, (long) content.length, length).status())
                    .isEqualTo(END_OF_FILE);
            assertThat(client.ask(5, handle, 7L, 1).string()).containsExactly(content[7]);
        }
    }

    @Test
    void whatIsWrittenInLargePiecesIsWhole() throws IOException {
        byte[] content = new byte[(1 << 20) + 17];
        new Random(2).nextBytes(content);
        try (RawClient client = client(true, false)) {
            byte[] handle = client.opened(at("large"), WRITE | CREATE | EXCLUSIVE);
            for (int at = 0, size = 1; at < content.length; at += size, size = Math.min(size * 3, 250_000)) {
                byte[] part = Arrays.copyOfRange(content, at, Math.min(at + size, content.length));
                assertThat(client.ask(6, handle, (long) at, part).status()).isEqualTo(OK);
            }
        }
        assertThat(Files.readAllBytes(root.resolve("large"))).isEqualTo(content);
    }

    /** As the system call itself has it, but before it is made. */
    @Test
    void onlyAHandleForWritingWrites() throws IOException {
        Files.createDirectory(root.resolve("empty"));
        String before = snapshot();
        try (RawClient client = client(true, false)) {
            byte[] file = client.opened(at("file"), READ);
            byte[] directory = client.ask(11, at("empty")).string();
            for (byte[] handle : List.of(file, directory)) {
                assertThat(client.ask(10, handle, 1, 3L).status()).as("size").isEqualTo(NO_SUCH_FILE);
                assertThat(client.ask(6, handle, 0L, "x").status()).as("write").isEqualTo(NO_SUCH_FILE);
            }
            assertThat(client.ask(12, (Object) file).status())
                    .as("read entries")
                    .isEqualTo(NO_SUCH_FILE);
            assertThat(client.ask(5, directory, 0L, 10).status()).as("read").isEqualTo(NO_SUCH_FILE);
            byte[] writer = client.opened(at("file"), WRITE);
            assertThat(client.ask(5, writer, 0L, 10).status()).as("read").isEqualTo(NO_SUCH_FILE);
            assertThat(snapshot()).isEqualTo(before);
            assertThat(client.ask(10, writer, 1, 3L).status()).isEqualTo(OK);
        }
        assertThat(root.resolve("file")).hasContent("con");
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

    private String snapshot() throws IOException {
        StringBuilder text = new StringBuilder();
        try (var files = Files.walk(root)) {
            for (Path file : files.sorted().toList()) {
                text.append(file)
                        .append(Files.readAttributes(file, "unix:mode,size,lastModifiedTime,nlink"))
                        .append('\n');
            }
        }
        return text.toString();
    }

    @Test
    void namesAreBytes() throws IOException {
        byte[] prefix = (root + "/").getBytes(StandardCharsets.UTF_8);
        byte[][] names = {
            {'c', 'a', 'f', (byte) 0xe9}, {(byte) 0xff, (byte) 0xfe}, {'a', '\n', 'b'}, new byte[255], {' '}
        };
        java.util.Arrays.fill(names[3], (byte) 'n');
        try (RawClient client = client(true, false)) {
            for (byte[] name : names) {
                byte[] path = java.util.Arrays.copyOf(prefix, prefix.length + name.length);
                System.arraycopy(name, 0, path, prefix.length, name.length);
                byte[] handle = client.opened(path, WRITE | CREATE | EXCLUSIVE);
                client.ask(4, (Object) handle);
                assertThat(client.list(root.toString())).contains(new String(name, StandardCharsets.ISO_8859_1));
                assertThat(client.ask(13, (Object) path).status()).isEqualTo(OK);
            }
            assertThat(client.ask(14, at("n".repeat(256)), 0).status()).isEqualTo(5);
            assertThat(client.ask(14, at("x/".repeat(3000)), 0).status()).isEqualTo(5);
        }
    }

    @Test
    void aGuestMakesNoFileThatRunsAsTheHostsUser() throws IOException {
        try (RawClient client = client(true, false)) {
            assertThat(client.ask(9, at("file"), 4, 0106755).status()).isEqualTo(OK);
            assertThat(client.ask(3, at("born"), WRITE | CREATE | EXCLUSIVE, 4, 0106755)
                            .type())
                    .isEqualTo(102);
        }
        for (String name : List.of("file", "born")) {
            int mode = (int) Files.getAttribute(root.resolve(name), "unix:mode");
            assertThat(mode & 07777).as(name).isEqualTo(0755);
        }
    }

    @Test
    void ownersAreNotTheGuestsToChoose() throws IOException {
        int uid = (int) Files.getAttribute(root.resolve("file"), "unix:uid");
        try (RawClient client = client(true, false)) {
            RawClient.Answer facts = client.ask(7, at("file"));
            facts.body().skipNBytes(12);
            assertThat(facts.body().readInt())
                    .as("the guest's user in place of ours")
                    .isEqualTo(4321);
            assertThat(client.ask(9, at("file"), 2, 4321, 4321).status()).isEqualTo(OK);
            assertThat(client.ask(9, at("file"), 2, 5, 5).status()).isEqualTo(DENIED);
        }
        assertThat(Files.getAttribute(root.resolve("file"), "unix:uid")).isEqualTo(uid);
    }

    @Test
    void attributesOfALinkAreItsOwn() throws IOException {
        Files.createSymbolicLink(root.resolve("link"), outside.resolve("secret"));
        FileTime before = Files.getLastModifiedTime(outside.resolve("secret"));
        try (RawClient client = client(true, false)) {
            assertThat(client.ask(9, at("link"), 8, 1000, 1000).status()).isEqualTo(OK);
            assertThat(client.ask(9, at("link"), 4, 0).status()).as("chmod").isGreaterThan(OK);
        }
        assertThat(Files.getLastModifiedTime(outside.resolve("secret"))).isEqualTo(before);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(outside.resolve("secret"))))
                .isNotEqualTo("---------");
    }

    @Test
    void aDirectoryThatWasMadeAgainIsServedAgain() throws IOException {
        try (RawClient client = client(true, false)) {
            Files.delete(root.resolve("file"));
            Files.delete(root);
            assertThat(client.open(at("file"), READ)).isNull();
            Files.createDirectory(root);
            Files.writeString(root.resolve("file"), "again");
            client.ask(7, at("file"));
            byte[] handle = client.opened(at("file"), READ);
            assertThat(client.ask(5, handle, 0L, 10).string()).isEqualTo("again".getBytes(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ffffffff",
                "00000000",
                "00000001",
                "0000000101",
                "7fffffff03",
                "00100000ff",
                "0000000503000000",
                "0000000901000000010000ffff"
            })
    void nonsenseEndsTheSessionAndNothingElse(String hex) throws Exception {
        try (RawClient client = client(true, false)) {
            client.raw(java.util.HexFormat.of().parseHex(hex));
            client.finish();
            assertThat(client.end().get(60, TimeUnit.SECONDS)).isNotNull();
        }
        try (RawClient client = client(true, false)) {
            assertThat(client.open(at("file"), READ)).isNotNull();
        }
    }

    @Test
    void handlesAreBoundedAndGivenBack() throws IOException {
        try (RawClient client = client(true, false)) {
            int before = descriptors();
            for (int i = 0; i < 10_000; i++) {
                byte[] handle = client.opened(at("file"), READ);
                client.ask(4, (Object) handle);
            }
            // Whatever else this process does meanwhile, it does not open hundreds of files.
            assertThat(descriptors()).isLessThan(before + 100);
            for (int i = 0; i < OpenFiles.MOST; i++) {
                assertThat(client.open(at("file"), READ)).isNotNull();
            }
            assertThat(client.open(at("file"), READ)).isNull();
        }
    }

    private static int descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return (int) open.count();
        }
    }
}
