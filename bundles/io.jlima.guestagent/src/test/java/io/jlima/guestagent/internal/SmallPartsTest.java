// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.GuestAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmallPartsTest {
    @ParameterizedTest
    @CsvSource({
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1:0:0:0:0:0:0:0, 1::",
        "fe80:0:0:0:abcd:0:0:1, fe80::abcd:0:0:1",
        "2001:db8:0:1:0:0:0:1, 2001:db8:0:1::1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    })
    void addressesOfIpv6InTheirShortestForm(String full, String shortest) {
        assertThat(Wire.text(InetAddress.ofLiteral(full).getAddress())).isEqualTo(shortest);
        assertThat(InetAddress.ofLiteral(shortest)).isEqualTo(InetAddress.ofLiteral(full));
    }

    @Test
    void addressesOnTheWire() throws IOException {
        assertThat(Wire.address(GuestAddress.tcp("127.0.0.1", 80))).containsExactly(1, 4, 0, 80, 127, 0, 0, 1);
        assertThat(Wire.address(GuestAddress.udp("::1", 53))).hasSize(20).startsWith(2, 6, 0, 53);
        assertThat(Wire.address(GuestAddress.unix("/a"))).containsExactly(3, 0, 0, 0, '/', 'a');
        assertThatThrownBy(() -> Wire.address(GuestAddress.unix("a"))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Wire.address(GuestAddress.unix("/" + "a".repeat(107))))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Wire.address(GuestAddress.tcp("localhost", 80)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void bytesComeOutAsTheyWentIn() {
        Random random = new Random(9);
        ByteQueue queue = new ByteQueue();
        int in = 0;
        int out = 0;
        byte[] target = new byte[10_000];
        for (int i = 0; i < 2000; i++) {
            byte[] piece = new byte[random.nextInt(5000)];
            for (int at = 0; at < piece.length; at++) {
                piece[at] = (byte) (in++ % 251);
            }
            queue.add(piece);
            int taken = queue.take(target, 0, random.nextInt(target.length));
            for (int at = 0; at < taken; at++) {
                assertThat(target[at]).isEqualTo((byte) (out++ % 251));
            }
            assertThat(queue.size()).isEqualTo(in - out);
        }
        queue.clear();
        assertThat(queue.take(target, 0, 10)).isZero();
    }

    @Test
    void aRateIsAStoreThatFills() {
        AtomicLong now = new AtomicLong();
        Rate rate = new Rate(now::get);
        assertThat(rate.spend((int) Rate.STORE)).isTrue();
        assertThat(rate.spend(1)).isFalse();
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(rate.spend((int) Rate.EACH_SECOND / 2)).isTrue();
        assertThat(rate.spend((int) Rate.EACH_SECOND)).isFalse();
    }

    @Test
    void aJumpOfTheClockIsNoticed() {
        AtomicLong nanos = new AtomicLong();
        AtomicLong slept = new AtomicLong();
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        ClockWatch watch = new ClockWatch(() -> start.plusNanos(nanos.get()).plusSeconds(slept.get()), nanos::get);
        nanos.addAndGet(ClockWatch.TICK.toNanos());
        assertThat(watch.isDue()).isFalse();
        slept.addAndGet(600);
        nanos.addAndGet(ClockWatch.TICK.toNanos());
        assertThat(watch.isDue()).as("after a sleep").isTrue();
        nanos.addAndGet(ClockWatch.TICK.toNanos());
        assertThat(watch.isDue()).isFalse();
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(watch.isDue()).as("now and then").isTrue();
    }
}
