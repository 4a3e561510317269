// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest may change, and what it may not: by packets that no sshfs would send. */
@EnabledOnOs(OS.LINUX)
class BuiltinServerRightsTest extends ServedDirectory {
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
}
