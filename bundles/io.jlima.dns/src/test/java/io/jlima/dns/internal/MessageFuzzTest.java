// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whatever bytes a guest sends or a name server answers, there is an answer that can be read, or none. */
class MessageFuzzTest {
    private static final ResolvConf NOBODY = new ResolvConf(List.of(), List.of("search.example"), 1);

    @FuzzTest(maxDuration = "10m")
    void question(byte[] input) throws MalformedMessage {
        Resolver resolver = new Resolver(
                Hosts.ofMap(Map.of("host.lima.internal", "192.168.5.2", "alias.example", "other.example")),
                true,
                () -> Hosts.ofFile("10.0.0.1 build"),
                () -> NOBODY,
                (query, servers) -> {
                    try {
                        // The worst name server gives the question back as its answer.
                        byte[] echo = query.bytes().clone();
                        echo[2] |= (byte) 0x80;
                        return Optional.of(Message.parse(echo));
                    } catch (MalformedMessage e) {
                        return Optional.empty();
                    }
                },
                new Cache(() -> 0));
        byte[] reply = resolver.answer(input, true);
        if (reply != null && reply.length > Message.HEADER) {
            assertThat(Message.parse(reply).isResponse()).isTrue();
        }
    }

    @FuzzTest(maxDuration = "10m")
    void message(byte[] input) {
        Message message;
        try {
            message = Message.parse(input);
        } catch (MalformedMessage e) {
            assertThat(e).hasMessageNotContaining("null");
            return;
        }
        Cache cache = new Cache(() -> 0);
        cache.keep(message, message);
        cache.find(message).ifPresent(found -> assertThat(found.bytes()).hasSameSizeAs(input));
        assertThat(message.truncated(1)).hasSizeLessThanOrEqualTo(input.length + 11);
    }
}
