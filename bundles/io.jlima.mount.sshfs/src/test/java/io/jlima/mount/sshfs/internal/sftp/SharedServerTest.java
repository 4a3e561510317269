// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedServerTest {
    private static final int OK = 0;
    private static final int NO_SUCH_FILE = 2;
    private static final int DENIED = 3;

    private static final int OPEN = 3;
    private static final int READ = 5;
    private static final int WRITE = 6;
    private static final int LSTAT = 7;
    private static final int FSETSTAT = 10;
    private static final int OPENDIR = 11;
    private static final int REMOVE = 13;
    private static final int MKDIR = 14;
    private static final int REALPATH = 16;
    private static final int STAT = 17;
    private static final int RENAME = 18;
    private static final int SYMLINK = 20;
    private static final int HANDLE = 102;
    private static final int NAME = 104;
    private static final int ATTRS = 105;
    private static final int EXTENDED = 200;

    @TempDir
    private Path directory = Path.of("");

    private final SharedServer server = new SharedServer();
    private Path rw = Path.of("");
    private Path ro = Path.of("");
    private BuiltinServer writable = new BuiltinServer("/", Path.of("/"), true, false, 1);

    @BeforeEach
    void makeDirectories() throws IOException {
        rw = Files.createDirectories(directory.resolve("a/rw"));
        ro = Files.createDirectories(directory.resolve("b/ro"));
        Files.writeString(rw.resolve("file"), "writable");
        Files.writeString(ro.resolve("file"), "fixed");
        Files.writeString(directory.resolve("b/secret"), "secret");
        writable = served(rw, true);
        assertThat(server.add(writable)).isTrue();
        assertThat(server.add(served(ro, false))).isTrue();
    }

    private static BuiltinServer served(Path path, boolean writable) throws IOException {
        return new BuiltinServer(path.toString(), path.toRealPath(), writable, false, 4321);
    }

    private RawClient client() throws IOException {
        return new RawClient(server).hello();
    }

    private static byte[] open(RawClient client, Path path, int flags) throws IOException {
        RawClient.Answer answer = client.ask(OPEN, path.toString(), flags, 0);
        assertThat(answer.type()).isEqualTo(HANDLE);
        return answer.string();
    }

    @Test
    void eachIsItself() throws IOException {
        RawClient client = client();
        assertThat(client.ask(READ, open(client, rw.resolve("file"), 1), 0L, 100)
                        .string())
                .asString()
                .isEqualTo("writable");
        assertThat(client.ask(READ, open(client, ro.resolve("file"), 1), 0L, 100)
                        .string())
                .asString()
                .isEqualTo("fixed");
        assertThat(client.ask(MKDIR, rw + "/made", 0).status()).isEqualTo(OK);
        assertThat(rw.resolve("made")).isDirectory();
    }

    @Test
    void theReadOnlyOneIsThatBesideAWritableOne() throws IOException {
        RawClient client = client();
        byte[] handle = open(client, ro.resolve("file"), 1);
        assertThat(client.ask(FSETSTAT, handle, 4, 0600).status()).isEqualTo(DENIED);
        assertThat(client.ask(WRITE, handle, 0L, "x").status()).isEqualTo(DENIED);
        assertThat(client.ask(OPEN, ro + "/file", 2, 0).status()).isEqualTo(DENIED);
        assertThat(client.ask(OPEN, ro + "/new", 2 | 8, 0).status()).isEqualTo(DENIED);
        assertThat(client.ask(REMOVE, ro + "/file").status()).isEqualTo(DENIED);
        assertThat(client.ask(MKDIR, ro + "/new", 0).status()).isEqualTo(DENIED);
        assertThat(client.ask(SYMLINK, "/etc", ro + "/new").status()).isEqualTo(DENIED);
        assertThat(client.ask(RENAME, ro + "/file", ro + "/new").status()).isEqualTo(DENIED);
        assertThat(ro).isDirectoryContaining("glob:**/file").isDirectoryNotContaining("glob:**/new");
        assertThat(ro.resolve("file")).hasContent("fixed");
    }

    @Test
    void nothingGoesFromOneToTheOther() throws IOException {
        RawClient client = client();
        BuiltinServer second = served(Files.createDirectory(directory.resolve("second")), true);
        assertThat(server.add(second)).isTrue();
        String target = second.location() + "/file";
        for (Path source : new Path[] {rw, ro}) {
            assertThat(client.ask(RENAME, source + "/file", target).status()).isEqualTo(DENIED);
            for (String extension : new String[] {"posix-rename@openssh.com", "hardlink@openssh.com"}) {
                assertThat(client.ask(EXTENDED, extension, source + "/file", target)
                                .status())
                        .isEqualTo(DENIED);
            }
            assertThat(client.ask(RENAME, source + "/file", source + "/../../second/file")
                            .status())
                    .isNotEqualTo(OK);
        }
        assertThat(Path.of(target)).doesNotExist();
    }

    @Test
    void whatIsAboveThemIsThereAndShowsNothing() throws IOException {
        RawClient client = client();
        for (String above : new String[] {"/", directory.toString(), directory + "/a", directory + "/b/"}) {
            assertThat(client.ask(STAT, above).type()).as(above).isEqualTo(ATTRS);
            assertThat(client.ask(LSTAT, above).type()).as(above).isEqualTo(ATTRS);
            assertThat(client.ask(OPENDIR, above).status()).as(above).isEqualTo(NO_SUCH_FILE);
            assertThat(client.ask(MKDIR, above + "/new", 0).status()).isEqualTo(NO_SUCH_FILE);
        }
        for (String beside : new String[] {directory + "/b/secret", directory + "/c", "/etc", "etc", rw + "x", ""}) {
            assertThat(client.ask(LSTAT, beside).status()).as(beside).isEqualTo(NO_SUCH_FILE);
        }
        assertThat(client.ask(LSTAT, ro + "/../secret").type()).isNotEqualTo(ATTRS);
        RawClient.Answer top = client.ask(REALPATH, ".");
        assertThat(top.type()).isEqualTo(NAME);
        assertThat(top.body().readInt()).isOne();
        assertThat(top.string()).asString().isEqualTo("/");
    }

    @Test
    void whatIsTakenAwayIsGoneForOpenSessions() throws IOException {
        RawClient client = client();
        byte[] handle = open(client, rw.resolve("file"), 1 | 2);
        byte[] other = open(client, ro.resolve("file"), 1);
        server.remove(writable);
        assertThat(client.ask(WRITE, handle, 0L, "late").status()).isNotEqualTo(OK);
        assertThat(client.ask(READ, handle, 0L, 10).status()).isEqualTo(NO_SUCH_FILE);
        assertThat(client.ask(LSTAT, rw + "/file").status()).isEqualTo(NO_SUCH_FILE);
        assertThat(client.ask(READ, other, 0L, 10).string()).asString().isEqualTo("fixed");
        assertThat(rw.resolve("file")).hasContent("writable");
    }

    @Test
    void theInnerOneIsMeantByAPathInBoth() throws IOException {
        BuiltinServer inner = served(Files.createDirectory(ro.resolve("inner")), true);
        assertThat(server.add(inner)).isTrue();
        RawClient client = client();
        assertThat(client.ask(MKDIR, ro + "/inner/made", 0).status()).isEqualTo(OK);
        assertThat(client.ask(MKDIR, ro + "/made", 0).status()).isEqualTo(DENIED);
        assertThat(client.ask(RENAME, ro + "/inner/made", ro + "/made").status())
                .isEqualTo(DENIED);
    }

    @Test
    void whatIsBetweenTwoIsWhatItIs() throws IOException {
        BuiltinServer inner = served(Files.createDirectories(ro.resolve("between/inner")), true);
        assertThat(server.add(inner)).isTrue();
        Files.setPosixFilePermissions(ro.resolve("between"), PosixFilePermissions.fromString("rwxr-x---"));
        RawClient client = client();
        assertThat(modeOf(client.ask(LSTAT, ro + "/between"))).isEqualTo(040750);
        assertThat(modeOf(client.ask(LSTAT, directory.toString()))).isEqualTo(040555);
        assertThat(client.ask(OPENDIR, ro + "/between").type()).isEqualTo(HANDLE);
        BuiltinServer all = new BuiltinServer("/", Path.of("/"), false, false, 4321);
        assertThat(modeOf(new RawClient(all).hello().ask(LSTAT, "/")))
                .isEqualTo(Files.getAttribute(Path.of("/"), "unix:mode"));
    }

    private static int modeOf(RawClient.Answer answer) throws IOException {
        assertThat(answer.type()).isEqualTo(ATTRS);
        // Flags, size, uid and gid come before.
        answer.body().skipNBytes(4 + 8 + 4 + 4);
        return answer.body().readInt();
    }

    @Test
    void whatCannotBeToldApartIsNotShared() throws IOException {
        assertThat(server.add(served(rw, false))).isFalse();
        Path link = Files.createSymbolicLink(directory.resolve("link"), rw);
        assertThat(server.add(served(link, true))).isFalse();
        Path later = directory.resolve("later");
        assertThat(server.add(new BuiltinServer(later.toString(), later, true, false, 4321)))
                .isFalse();
        assertThat(server.add(new BuiltinServer("/proc", Path.of("/proc"), false, false, 4321)))
                .isFalse();
    }

    @Test
    void aMissingOneDoesNotKeepTheOthersFromWorking() throws IOException {
        Files.delete(rw.resolve("file"));
        Files.delete(rw);
        RawClient client = client();
        assertThat(client.ask(LSTAT, rw.toString()).status()).isEqualTo(NO_SUCH_FILE);
        assertThat(client.ask(LSTAT, ro + "/file").type()).isEqualTo(ATTRS);
        Files.createDirectory(rw);
        assertThat(client.ask(LSTAT, rw.toString()).type()).isEqualTo(ATTRS);
    }

    @Test
    void aDirectoryThatBecameALinkIsNotFollowed() throws IOException {
        Files.delete(rw.resolve("file"));
        Files.delete(rw);
        Files.createSymbolicLink(rw, directory.resolve("b"));
        assertThat(client().ask(LSTAT, rw + "/secret").type()).isNotEqualTo(ATTRS);
    }
}
