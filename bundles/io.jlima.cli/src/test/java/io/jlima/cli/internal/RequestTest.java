// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.command.Invocation.Streams;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {
    static byte[] bytes(
            String version,
            String directory,
            String umask,
            String terminals,
            String size,
            List<String> words,
            Map<String, String> variables) {
        return bytes(List.of(version, directory, umask, terminals, size, ""), words, variables);
    }

    /** @param strings version, directory, umask, terminals, size, what is passed on */
    static byte[] bytes(List<String> strings, List<String> words, Map<String, String> variables) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            for (String text : strings) {
                string(out, text);
            }
            out.writeInt(words.size());
            for (String word : words) {
                string(out, word);
            }
            out.writeInt(variables.size());
            for (Map.Entry<String, String> variable : variables.entrySet()) {
                string(out, variable.getKey());
                string(out, variable.getValue());
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] good() {
        return bytes("1", "/tmp", "0077", "101", "24 80", List.of("list", "ä b"), Map.of("A", "ä=b", "_JLIMA_X", "y"));
    }

    @Test
    void saysWhoAsksForWhat() throws Exception {
        Request request = Request.parse(good());
        assertThat(request.version()).isEqualTo("1");
        assertThat(request.words()).containsExactly("list", "ä b");
        assertThat(request.caller().workingDirectory()).isEqualTo(Path.of("/tmp"));
        assertThat(request.caller().umask()).isEqualTo(077);
        assertThat(request.caller().variables()).isEqualTo(Map.of("A", "ä=b"));
        assertThat(request.streams()).isEqualTo(new Streams(true, false, true, 80, 24));
    }

    @ParameterizedTest
    @CsvSource({"'', 0, 0", "' ', 0, 0", "24, 0, 24", "'x y', 0, 0", "'24 80 9', 80, 24"})
    void sizesThatMakeNoSenseAreNone(String size, int columns, int rows) throws Exception {
        Streams streams = Request.parse(bytes("1", "/", "", "", size, List.of(), Map.of()))
                .streams();
        assertThat(streams).isEqualTo(new Streams(false, false, false, columns, rows));
    }

    @ParameterizedTest
    @CsvSource({"022, 18", "0, 0", "777, 511", "x, 18", "'', 18", "17777, 511"})
    void umasksStayWithinTheirBits(String text, int umask) throws Exception {
        assertThat(Request.parse(bytes("1", "/", text, "", "", List.of(), Map.of()))
                        .caller()
                        .umask())
                .isEqualTo(umask);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 0",
        "4711, 0",
        "4711 1:14:12345, 1",
        "4711 0:14:1 1:14:2 2:14:3, 3",
        "4711 3:14:1, 0",
        "-1 1:14:1, 0",
        "4711  1:14:1, 0",
        "4711 1:14, 0",
        "99999999999 1:14:1, 0",
        "4711 1:14:9999999999999999999, 0"
    })
    void streamsThatMakeNoSenseAreCopied(String text, int streams) throws Exception {
        byte[] body = bytes(List.of("1", "/", "", "", "", text), List.of(), Map.of());
        assertThat(Request.parse(body).pipes()).hasSize(streams);
    }

    @Test
    void aStreamThatCanBePassedOnIsKnownByItsNumber() throws Exception {
        Request request = Request.parse(bytes(List.of("1", "/", "", "", "", "4711 1:14:12"), List.of(), Map.of()));
        assertThat(request.pipe(1)).contains(new CallerPipe(4711, 1, 14, 12));
        assertThat(request.pipe(0)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "tmp", "~", "/a\u0000b"})
    void aDirectoryMustBeAbsolute(String directory) {
        assertThatThrownBy(() -> Request.parse(bytes("1", directory, "", "", "", List.of(), Map.of())))
                .isInstanceOf(IOException.class);
    }

    @Test
    void everyCutIsRefusedAndNothingElseHappens() {
        byte[] whole = good();
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Request.parse(part)).as("%s bytes", length).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 20})
    void lengthsAreNotBelieved(int length) {
        assertThatThrownBy(() ->
                        Request.parse(ByteBuffer.allocate(8).putInt(length).array()))
                .isInstanceOf(IOException.class)
                .hasMessage("a string of " + length + " bytes");
        byte[] start = bytes("1", "/", "", "", "", List.of(), Map.of());
        ByteBuffer.wrap(start).putInt(start.length - 8, length);
        assertThatThrownBy(() -> Request.parse(start)).isInstanceOf(IOException.class);
    }
}
