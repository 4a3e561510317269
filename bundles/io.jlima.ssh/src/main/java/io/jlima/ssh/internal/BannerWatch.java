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
 * before the guest was ready hears of it very late, and a new one must begin now and then. But QEMU also keeps every try
 * that was given up, for 82 s, and hands them all to the guest's sshd when it comes up: many of them keep a slow guest
 * so busy that it never answers in time. So the tries become sparser and more patient the longer it takes, each by a
 * fixed share of the time that has passed, until somebody who knows says that the guest is up.
 */
final class BannerWatch {
    private static final long SHORTEST_SPACING_MILLIS = 200;
    private static final long LONGEST_SPACING_MILLIS = 4_000;

    /** Of the time passed, as the time between two tries: what waiting for the next one may add to the whole. */
    private static final double SPACING_SHARE = 0.05;

    private static final long SHORTEST_PATIENCE_MILLIS = 1_000;

    /** Below the 10 s after which somebody who watches gives up hope; a guest at its limit forks in 5 s or so. */
    private static final long LONGEST_PATIENCE_MILLIS = 10_000;

    /** Twice that of the spacing and more: a few tries are open at once, below the ten of sshd's MaxStartups. */
    private static final double PATIENCE_SHARE = 0.15;

    private final String host;
    private final int port;
    private final BlockingQueue<Greeting.Outcome> outcomes = new LinkedBlockingQueue<>();
    private final Set<Greeting> open = ConcurrentHashMap.newKeySet();

    /** Beginning of the time that counts for {@link #SPACING_SHARE} and {@link #PATIENCE_SHARE}. */
    private volatile long base = System.nanoTime();

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
            while (!deadline.isOver()) {
                double passed = (System.nanoTime() - base) / 1e6;
                begin(shorter(
                        between(SHORTEST_PATIENCE_MILLIS, passed * PATIENCE_SHARE, LONGEST_PATIENCE_MILLIS),
                        deadline.remaining()));
                Deadline next = Deadline.after(shorter(
                        between(SHORTEST_SPACING_MILLIS, passed * SPACING_SHARE, LONGEST_SPACING_MILLIS),
                        deadline.remaining()));
                for (Greeting.Outcome outcome; (outcome = next(next.remaining())) != null; ) {
                    if (outcome instanceof Greeting.Greeted) {
                        return;
                    }
                    if (outcome instanceof Greeting.Encouraged) {
                        break;
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

    /** The guest is likely to be up: the next try begins at once, and the following ones soon. */
    void encourage() {
        base = System.nanoTime();
        outcomes.add(new Greeting.Encouraged());
    }

    private static Duration between(long least, double millis, long most) {
        return Duration.ofMillis(Math.max(least, Math.min(most, Math.round(millis))));
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
            case Greeting.Encouraged encouraged -> "Nothing was said yet.";
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
