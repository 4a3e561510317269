// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest reads and writes, and how a session goes on or ends. */
@EnabledOnOs(OS.LINUX)
class BuiltinServerTest extends ServedDirectory {
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
