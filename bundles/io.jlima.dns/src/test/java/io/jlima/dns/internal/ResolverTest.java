// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class ResolverTest {
    private static final ResolvConf ONE_SERVER =
            new ResolvConf(List.of(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9)), List.of(), 1);

    private final AtomicLong nanos = new AtomicLong(1_000_000_000L);
    private final AtomicReference<ResolvConf> configuration = new AtomicReference<>(ONE_SERVER);
    private final AtomicReference<Hosts> file = new AtomicReference<>(Hosts.ofFile(""));
    private final Cache cache = new Cache(nanos::get);

    /** What the name server was asked, as name and type. */
    private final List<String> asked = new CopyOnWriteArrayList<>();

    private boolean down;

    private Resolver resolver(boolean ipv6, String... namesAndValues) {
        Map<String, String> map = new java.util.LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new Resolver(
                Hosts.ofMap(map), ipv6, file::get, configuration::get, (query, servers) -> upstream(query), cache);
    }

    private Optional<Message> upstream(Message query) {
        asked.add(query.name() + " " + query.type());
        if (down) {
            return Optional.empty();
        }
        if (query.name().startsWith("none")) {
            return Optional.of(Wire.parse(Wire.answer(query, Message.NO_SUCH_NAME, 0, 0, new byte[0])));
        }
        int count = query.name().startsWith("large") ? 100 : 1;
        byte[] data = query.type() == Message.A ? new byte[] {10, 0, 0, 1} : new byte[] {1, 2, 3, 4, 5, 6, 7};
        return Optional.of(Wire.parse(Wire.answer(query, 0, 300, count, data)));
    }

    private static Message ask(Resolver resolver, String name, int type) {
        return Wire.parse(Objects.requireNonNull(resolver.answer(Wire.query(7, name, type), true)));
    }

    @Test
    void namesOfTheConfiguration() {
        Resolver resolver = resolver(
                true,
                "host.lima.internal",
                "192.168.5.2",
                "db.example",
                "host.lima.internal",
                "six.example",
                "fd00::1",
                "out.example",
                "www.example",
                "x.example",
                "y.example",
                "y.example",
                "x.example");

        assertThat(Wire.data(ask(resolver, "host.lima.internal", Message.A), Message.A))
                .containsExactly("192.168.5.2");
        assertThat(Wire.data(ask(resolver, "HOST.lima.Internal", Message.A), Message.A))
                .containsExactly("192.168.5.2");
        assertThat(Wire.data(ask(resolver, "db.example", Message.A), Message.A)).containsExactly("192.168.5.2");
        Message none = ask(resolver, "host.lima.internal", Message.AAAA);
        assertThat(none.code()).isZero();
        assertThat(none.records()).isEmpty();
        assertThat(Wire.data(ask(resolver, "six.example", Message.AAAA), Message.AAAA))
                .containsExactly("fd000000000000000000000000000001");
        assertThat(asked).isEmpty();

        assertThat(Wire.data(ask(resolver, "out.example", Message.A), Message.A))
                .containsExactly("10.0.0.1");
        assertThat(asked).containsExactly("www.example 1");
        assertThat(ask(resolver, "x.example", Message.A).id()).isEqualTo(7);

        Message reverse = ask(resolver, "2.5.168.192.in-addr.arpa", Message.PTR);
        assertThat(Wire.data(reverse, Message.PTR))
                .containsExactly(java.util.HexFormat.of().formatHex(Reply.name("host.lima.internal")));
    }

    @Test
    void theHostsOwnFileAndItsChange() {
        Resolver resolver = resolver(false);
        file.set(Hosts.ofFile("127.0.0.1 localhost\n10.1.2.3 build.example build # comment\nnonsense here\n"));

        assertThat(Wire.data(ask(resolver, "build", Message.A), Message.A)).containsExactly("10.1.2.3");
        assertThat(Wire.data(ask(resolver, "build.example", Message.A), Message.A))
                .containsExactly("10.1.2.3");
        assertThat(asked).isEmpty();
        file.set(Hosts.ofFile(""));
        assertThat(Wire.data(ask(resolver, "build.example", Message.A), Message.A))
                .containsExactly("10.0.0.1");
    }

    /** A, NS, CNAME, PTR, MX, TXT, SRV, and types that nobody here has heard of. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 6, 12, 15, 16, 33, 64, 65, 99, 257, 65280})
    void otherTypesArePassedOnAsTheyAre(int type) {
        Message answer = ask(resolver(true), "www.example", type);

        assertThat(answer.id()).isEqualTo(7);
        assertThat(answer.code()).isZero();
        assertThat(Wire.data(answer, type)).hasSize(1);
        assertThat(asked).containsExactly("www.example " + type);
    }

    @Test
    void withoutIpv6ThereAreNoAddressesOfIt() {
        Message answer = ask(resolver(false), "www.example", Message.AAAA);

        assertThat(answer.code()).isZero();
        assertThat(answer.records()).isEmpty();
        assertThat(asked).isEmpty();
        assertThat(Wire.data(ask(resolver(true), "www.example", Message.AAAA), Message.AAAA))
                .hasSize(1);
    }

    @Test
    void noSuchName() {
        assertThat(ask(resolver(true), "none.example", Message.A).code()).isEqualTo(Message.NO_SUCH_NAME);
    }

    @Test
    void shortNamesAreTriedInTheHostsDomains() {
        configuration.set(new ResolvConf(ONE_SERVER.servers(), List.of("none.a.example", "b.example"), 1));
        Resolver resolver = resolver(true);

        Message answer = ask(resolver, "intranet", Message.A);
        assertThat(answer.name()).isEqualTo("intranet");
        assertThat(Wire.data(answer, Message.A)).containsExactly("10.0.0.1");
        assertThat(asked).first().isEqualTo("intranet.none.a.example 1");
    }

    @Test
    void answersAreRememberedForTheirTime() {
        Resolver resolver = resolver(true);
        ask(resolver, "www.example", Message.A);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(100));
        Message again = ask(resolver, "WWW.example", Message.A);
        assertThat(asked).hasSize(1);
        assertThat(Message.u32(again.bytes(), again.records().getFirst().ttlAt()))
                .isEqualTo(200);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(200));
        ask(resolver, "www.example", Message.A);
        assertThat(asked).hasSize(2);
    }

    @Test
    void otherServersMakeForgetWhatWasRemembered() {
        Resolver resolver = resolver(true);
        ask(resolver, "www.example", Message.A);
        configuration.set(ResolvConf.parse("nameserver 10.9.9.9\n"));
        ask(resolver, "www.example", Message.A);
        assertThat(asked).hasSize(2);
    }

    @Test
    void theCacheHasAnEnd() {
        Resolver resolver = resolver(true);
        for (int i = 0; i < 5000; i++) {
            ask(resolver, "host" + i + ".example", Message.A);
        }
        assertThat(cache.size()).isBetween(1000, 2048);
    }

    @Test
    void longAnswersAreCutToWhatTheGuestTakes() {
        Resolver resolver = resolver(true);

        Message cut = ask(resolver, "large.example", Message.A);
        assertThat(cut.isTruncated()).isTrue();
        assertThat(cut.records()).isEmpty();
        Message whole =
                Wire.parse(Objects.requireNonNull(resolver.answer(Wire.query(8, "large.example", 1, 4096), true)));
        assertThat(whole.isTruncated()).isFalse();
        assertThat(Wire.data(whole, Message.A)).hasSize(100);
        Message byStream =
                Wire.parse(Objects.requireNonNull(resolver.answer(Wire.query(9, "large.example", 1), false)));
        assertThat(Wire.data(byStream, Message.A)).hasSize(100);
    }

    @Test
    void noServerAnswers() {
        down = true;
        Resolver resolver = resolver(true);
        assertThat(ask(resolver, "www.example", Message.A).code()).isEqualTo(Message.SERVER_FAILURE);
        down = false;
        assertThat(ask(resolver, "www.example", Message.A).code()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "2, 4", "4, 4", "5, 4"})
    void onlyQuestionsAreAnswered(int opcode, int code) {
        byte[] query = Wire.query(7, "www.example", 1);
        query[2] |= (byte) (opcode << 3);
        Message answer = Wire.parse(Objects.requireNonNull(resolver(true).answer(query, true)));
        assertThat(answer.code()).isEqualTo(code);
        byte[] response = Wire.query(7, "www.example", 1);
        response[2] |= (byte) 0x80;
        assertThat(resolver(true).answer(response, true)).isNull();
    }

    @Test
    void manyWhoAskTheSameWaitForOneAnswer() throws Exception {
        CountDownLatch answering = new CountDownLatch(1);
        AtomicLong questions = new AtomicLong();
        Resolver resolver = new Resolver(
                Hosts.ofMap(Map.of()),
                true,
                file::get,
                configuration::get,
                (query, servers) -> {
                    questions.incrementAndGet();
                    try {
                        answering.await();
                    } catch (InterruptedException e) {
                        return Optional.empty();
                    }
                    return upstream(query);
                },
                cache);
        List<CompletableFuture<Message>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            CompletableFuture<Message> answer = new CompletableFuture<>();
            answers.add(answer);
            Thread.ofVirtual().start(() -> answer.complete(ask(resolver, "www.example", Message.A)));
        }
        assertThat(answers).noneMatch(CompletableFuture::isDone);
        answering.countDown();
        for (CompletableFuture<Message> answer : answers) {
            assertThat(Wire.data(answer.get(20, TimeUnit.SECONDS), Message.A)).containsExactly("10.0.0.1");
        }
        // Whoever came after the answer found it in the cache.
        assertThat(questions).hasValue(1);
    }

    /** Bytes of all kinds: noise, and questions with some bytes changed. */
    @Test
    void nothingThatAGuestSendsDoesHarm() {
        Resolver resolver = resolver(true, "a.example", "10.0.0.9");
        Random random = new Random(20261125);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] bytes;
            if (i % 2 == 0) {
                bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
            } else {
                bytes = Wire.query(i, "some.name.example", 1 + random.nextInt(60), 1232);
                for (int j = 0; j < 4; j++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
            }
            byte[] reply = resolver.answer(bytes, true);
            if (reply == null || reply.length == Message.HEADER) {
                refused++;
            } else {
                assertThat(Wire.parse(reply).isResponse()).isTrue();
            }
        }
        assertThat(refused).isBetween(300, 1000);
        assertThat(ask(resolver, "a.example", Message.A).code()).isZero();
    }

    @Test
    void pointersInACircleHaveAnEnd() {
        byte[] query = Wire.query(7, "www.example", 1);
        query[Message.HEADER] = (byte) 0xc0;
        query[Message.HEADER + 1] = Message.HEADER;
        byte[] reply = Objects.requireNonNull(resolver(true).answer(query, true));
        assertThat(reply).hasSize(Message.HEADER);
        assertThat(reply[3]).isEqualTo((byte) Message.FORMAT_ERROR);
    }
}
