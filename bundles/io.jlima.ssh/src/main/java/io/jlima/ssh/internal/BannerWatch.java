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
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Waits for an sshd to greet on a port, in overlapping tries.
 *
 * <p>QEMU's user-mode network takes a connection at once and asks the guest at 0, 6.5, 19.7 s… after that, so a try from
 * before the guest was ready hears of it very late, and a new one must begin now and then. But QEMU also keeps every try
 * that was given up, for 82 s, and hands them all to the guest's sshd when it comes up: many of them keep a slow guest
 * so busy that it never answers in time. So a try is given up late, and they become sparser the longer it takes, until
 * somebody who knows says that the guest comes up. A guest whose network works but has no sshd yet ends a connection at
 * once, which costs nobody anything, so that is tried again soon.
 */
final class BannerWatch {
    /** After a try that has come to its end: less than people notice. */
    private static final long SPACING_AFTER_END_MILLIS = 150;

    /** A network is set up in that time, and a guest at its limit forks once or twice. */
    private static final long SHORTEST_SPACING_MILLIS = 500;

    /** Also the time between tries as long as somebody is there who will tell. */
    private static final long LONGEST_SPACING_MILLIS = 5_000;

    /** Of the time passed, as the time between two tries: what waiting for the next one may add to the whole. */
    private static final double SPACING_SHARE = 0.4;

    /** After that somebody who watches gives up hope; a guest at its limit forks in 5 s or so. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String host;
    private final int port;
    private final BlockingQueue<News> news = new LinkedBlockingQueue<>();
    private final Set<Greeting> open = ConcurrentHashMap.newKeySet();

    /** Beginning of the time that counts for {@link #SPACING_SHARE}. */
    private volatile long base = System.nanoTime();

    private final AtomicBoolean untold = new AtomicBoolean();

    /** @param of the try that has come to its end; null when somebody else says that a new one is worth its while */
    private record News(@Nullable Greeting of, Greeting.Outcome outcome) {}

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
                Greeting latest = begin(shorter(PATIENCE, deadline.remaining()));
                Deadline next = Deadline.after(shorter(spacing(), deadline.remaining()));
                for (News heard; (heard = news.poll(next.remaining().toNanos(), TimeUnit.NANOSECONDS)) != null; ) {
                    if (heard.outcome() instanceof Greeting.Greeted) {
                        return;
                    }
                    if (heard.of() == null) {
                        break;
                    }
                    last = heard.outcome();
                    // Those from before may end in any way as long as this one is under way.
                    if (heard.of() == latest) {
                        next = Deadline.after(shorter(Duration.ofMillis(SPACING_AFTER_END_MILLIS), next.remaining()));
                    }
                }
            }
            // Tries that are cut off now may have heard more than those that came to their own end.
            List<Greeting.Outcome> late = new ArrayList<>();
            open.forEach(greeting -> greeting.strangeSoFar().ifPresent(late::add));
            news.forEach(heard -> late.add(heard.outcome()));
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

    /** Somebody will call {@link #encourage}, so that tries before that need not be many. */
    void expectWord() {
        untold.set(true);
    }

    /** The guest is likely to be up soon: the next try begins at once, and the following ones soon after the first word. */
    void encourage() {
        if (untold.compareAndSet(true, false)) {
            base = System.nanoTime();
        }
        news.add(new News(null, new Greeting.Silent()));
    }

    private Duration spacing() {
        double passed = (System.nanoTime() - base) / 1e6;
        return Duration.ofMillis(
                untold.get()
                        ? LONGEST_SPACING_MILLIS
                        : Math.clamp(
                                Math.round(passed * SPACING_SHARE), SHORTEST_SPACING_MILLIS, LONGEST_SPACING_MILLIS));
    }

    private Greeting begin(Duration patience) {
        Greeting greeting = new Greeting();
        open.add(greeting);
        Thread.ofVirtual().name("ssh-banner-" + port).start(() -> {
            try (greeting) {
                news.add(new News(greeting, greeting.hear(host, port, patience)));
            } finally {
                open.remove(greeting);
            }
        });
        return greeting;
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
