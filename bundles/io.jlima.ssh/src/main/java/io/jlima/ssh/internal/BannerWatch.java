// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for an sshd to greet on a port, in overlapping tries.
 *
 * <p>QEMU's user-mode network takes a connection at once and asks the guest at 0, 6.5, 19.7 s… after that, so a try from
 * before the guest was ready hears of it very late. Therefore a new try begins every {@link #SPACING} and most give up
 * after {@link #PATIENCE}. A guest that is slow to fork would never be heard that way, so every
 * {@link #STEADY_EVERY}th try stays for {@link #STEADY_PATIENCE}. Together that is at most eight connections, below the
 * ten at which sshd begins to refuse some (MaxStartups in sshd_config(5)), and few enough in any 15 s for the
 * penalties of OpenSSH 9.8 and later (PerSourcePenalties, one second per connection that does not log in) as long as
 * the first of them is answered within three seconds.
 */
final class BannerWatch {
    private static final Duration SPACING = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration STEADY_PATIENCE = Duration.ofSeconds(3);
    private static final int STEADY_EVERY = 5;

    private final String host;
    private final int port;
    private final BlockingQueue<Greeting.Outcome> outcomes = new LinkedBlockingQueue<>();
    private final Set<Greeting> open = ConcurrentHashMap.newKeySet();

    BannerWatch(String host, int port) {
        this.host = host;
        this.port = port;
    }

    /**
     * Returns when an sshd has greeted. Used once.
     *
     * @throws LimaException when the time is over, with what was seen last
     */
    void await(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.after(timeout);
        Greeting.Outcome last = new Greeting.Silent();
        try {
            for (int number = 1; !deadline.isOver(); number++) {
                boolean steady = number % STEADY_EVERY == 0;
                begin(shorter(steady ? STEADY_PATIENCE : PATIENCE, deadline.remaining()));
                Deadline next = Deadline.after(shorter(SPACING, deadline.remaining()));
                for (Greeting.Outcome outcome; (outcome = next(next.remaining())) != null; ) {
                    if (outcome instanceof Greeting.Greeted) {
                        return;
                    }
                    last = outcome;
                }
            }
            // Tries that are cut off now may have heard more than those that came to their own end.
            List<Greeting.Outcome> late = new ArrayList<>();
            open.forEach(greeting -> greeting.strangeSoFar().ifPresent(late::add));
            outcomes.drainTo(late);
            if (late.stream().anyMatch(Greeting.Greeted.class::isInstance)) {
                return;
            }
            throw failure(
                    timeout,
                    late.stream()
                            .filter(Greeting.Foreign.class::isInstance)
                            .findFirst()
                            .orElse(last));
        } finally {
            open.forEach(Greeting::close);
        }
    }

    private Greeting.@Nullable Outcome next(Duration wait) throws InterruptedException {
        return outcomes.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void begin(Duration patience) {
        Greeting greeting = new Greeting();
        open.add(greeting);
        Thread.ofVirtual().name("ssh-banner-" + port).start(() -> {
            try (greeting) {
                outcomes.add(greeting.hear(host, port, patience));
            } finally {
                open.remove(greeting);
            }
        });
    }

    private LimaException failure(Duration timeout, Greeting.Outcome last) {
        String seen = switch (last) {
            case Greeting.Refused refused -> "The last connection was refused: nothing listens there.";
            case Greeting.Silent silent ->
                "The last connection was taken, but nothing was said on it: the guest is not up,"
                        + " or its sshd does not run.";
            case Greeting.HungUp hungUp ->
                "The last connection was ended by the other side before it said anything:"
                        + " the guest has no sshd yet.";
            case Greeting.Foreign foreign -> "Something else than an sshd answered: \"" + foreign.words() + "\"";
            case Greeting.Unreachable unreachable -> "The last connection failed: " + unreachable.reason();
            case Greeting.Greeted greeted -> greeted.banner();
        };
        String remedy = last instanceof Greeting.Foreign
                ? "See which program listens on port " + port + ", and end it or give the instance another port"
                        + " (ssh.localPort)."
                : "See the serial log of the instance for what keeps the guest from starting its sshd.";
        return new LimaException(
                "No sshd greeted on " + host + ":" + port + " within " + Words.of(timeout), seen, remedy, null);
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
