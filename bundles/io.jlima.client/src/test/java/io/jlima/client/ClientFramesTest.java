// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static io.jlima.client.ScriptedDaemon.accepting;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.client.ScriptedDaemon.Connection;
import io.jlima.client.ScriptedDaemon.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Daemons that do not keep to the protocol. */
@ParameterizedClass
@MethodSource("io.jlima.client.TestedClient#all")
class ClientFramesTest extends ClientCase {
    ClientFramesTest(TestedClient client) {
        super(client);
    }

    private static Script framed(int type, int length, int... body) {
        ByteBuffer frame = ByteBuffer.allocate(5 + body.length).put((byte) type).putInt(length);
        for (int b : body) {
            frame.put((byte) b);
        }
        return accepting(c -> c.raw(frame.flip()));
    }

    @Test
    void framesThatMakeNoSenseAreRefused() throws Exception {
        String nonsense = "a frame that makes no sense";
        Map<Script, String> cases = new LinkedHashMap<>();
        cases.put(framed(12, (1 << 20) + 1), nonsense);
        cases.put(framed(13, -1), nonsense);
        cases.put(framed(99, 0), "unknown type 99");
        cases.put(framed(0, 4, 1, 2, 3, 4), "unknown type 0");
        cases.put(framed(12, 10), "answer was cut off");
        cases.put(framed(12, 10, 'x'), "answer was cut off");
        cases.put(framed(14, 3, 0, 0, 0), nonsense);
        cases.put(framed(14, 5, 0, 0, 0, 0, 0), nonsense);
        cases.put(framed(14, 1 << 30), nonsense);
        cases.put(framed(14, 4, 0), "answer was cut off");
        cases.put(framed(15, 0), nonsense);
        cases.put(framed(15, 4, 0xff, 0xff, 0xff, 0xff), nonsense);
        cases.put(framed(16, 0), nonsense);
        cases.put(framed(17, 4, 0, 0, 0, 0), nonsense);
        cases.put(framed(10, 1, 0), nonsense);
        daemon.plays(cases.keySet().toArray(Script[]::new));
        for (String words : cases.values()) {
            Outcome outcome = run(client("x"), "");
            assertThat(outcome.code()).isOne();
            assertThat(outcome.err()).startsWith("limactl: ").contains(words);
        }
    }

    @Test
    void creditThatOverflowsIsRefused() throws Exception {
        daemon.plays(accepting(c -> {
            c.number(15, Integer.MAX_VALUE);
            c.number(15, Integer.MAX_VALUE);
            // It may send input before it has seen that.
            while (c.read() != null) {}
        }));
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("makes no sense");
    }

    /** Random bytes, the same in every run: whatever a daemon says, the client ends by itself and in order. */
    @Test
    void noiseEndsTheClientInOrder() throws Exception {
        daemon.playsAlways(seed -> {
            Random random = new Random(seed);
            Script noise = accepting(c -> makeNoise(c, random));
            return c -> {
                try {
                    noise.play(c);
                } catch (IOException e) {
                    // The client has heard enough.
                    assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*");
                }
            };
        });
        Path err = home.resolve("err");
        for (int rounds = client.isQuick() ? 200 : 10; rounds > 0; rounds--) {
            Process process = start(
                    client("x").redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(err.toFile()));
            process.getOutputStream().close();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(err, StandardCharsets.ISO_8859_1))
                    .doesNotContain("Sanitizer")
                    .doesNotContain("runtime error")
                    .doesNotContain("Exception in thread");
        }
    }

    /** Frames mostly of known types and true lengths, else nothing of it would be looked at. */
    private static void makeNoise(Connection c, Random random) throws IOException {
        for (int frames = random.nextInt(8); frames >= 0; frames--) {
            byte[] body = new byte[random.nextInt(9)];
            random.nextBytes(body);
            int type = random.nextInt(8) == 0 ? random.nextInt() : 10 + random.nextInt(9);
            int length = random.nextInt(8) == 0 ? random.nextInt() : body.length;
            c.raw(ByteBuffer.allocate(5 + body.length)
                    .put((byte) type)
                    .putInt(length)
                    .put(body)
                    .flip());
        }
    }
}
