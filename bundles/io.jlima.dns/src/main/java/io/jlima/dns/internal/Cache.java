// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Answers for as long as their records live. Holds so many and drops the one that was not asked for longest. */
final class Cache {
    /** With some hundred bytes each, less than a megabyte. */
    private static final int MOST = 2048;

    /** Longer ones are rare, and a cache full of them could cost much. */
    private static final int LONGEST = 4096;

    private static final long MOST_SECONDS = 3600;

    /** That there is no such name or record may soon be otherwise; RFC 2308 section 5 recommends hours at most. */
    private static final long MOST_NEGATIVE_SECONDS = 60;

    private final LongSupplier nanos;
    private final Map<Key, Kept> kept;

    /** What an answer depends on. */
    record Key(String name, int type, int questionClass, boolean options, boolean signatures, boolean unchecked) {
        static Key of(Message query) {
            return new Key(
                    query.name(),
                    query.type(),
                    query.questionClass(),
                    query.hasOptions(),
                    query.wantsSignatures(),
                    query.isCheckingDisabled());
        }
    }

    private record Kept(Message answer, long at, long until) {}

    /** @param nanos a clock as {@link System#nanoTime} */
    Cache(LongSupplier nanos) {
        this.nanos = nanos;
        this.kept = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
                return size() > MOST;
            }
        };
    }

    /** An answer, with the lifetimes that are left, and with the query's id. */
    Optional<Message> find(Message query) {
        Kept found;
        long now = nanos.getAsLong();
        Key key = Key.of(query);
        synchronized (kept) {
            found = kept.get(key);
            if (found != null && now - found.until() >= 0) {
                kept.remove(key);
                found = null;
            }
        }
        if (found == null) {
            return Optional.empty();
        }
        byte[] copy = found.answer().withId(query.id());
        long seconds = (now - found.at()) / 1_000_000_000;
        for (Message.Section record : found.answer().records()) {
            if (record.type() != Message.OPT) {
                Message.put32(copy, record.ttlAt(), Math.max(0, Message.u32(copy, record.ttlAt()) - seconds));
            }
        }
        Message m = found.answer();
        return Optional.of(new Message(copy, m.name(), m.type(), m.questionClass(), m.questionEnd(), m.records()));
    }

    void keep(Message query, Message answer) {
        long seconds = lifetime(answer);
        if (seconds <= 0 || answer.bytes().length > LONGEST || answer.isTruncated()) {
            return;
        }
        long now = nanos.getAsLong();
        synchronized (kept) {
            kept.put(Key.of(query), new Kept(answer, now, now + seconds * 1_000_000_000));
        }
    }

    private static long lifetime(Message answer) {
        long least = Long.MAX_VALUE;
        boolean positive = false;
        for (Message.Section record : answer.records()) {
            if (record.type() != Message.OPT) {
                least = Math.min(least, Message.u32(answer.bytes(), record.ttlAt()));
                positive |= record.place() == Message.Place.ANSWER;
            }
        }
        if (least == Long.MAX_VALUE || answer.code() != Message.NO_ERROR && answer.code() != Message.NO_SUCH_NAME) {
            return 0;
        }
        return Math.min(least, positive && answer.code() == Message.NO_ERROR ? MOST_SECONDS : MOST_NEGATIVE_SECONDS);
    }

    void clear() {
        synchronized (kept) {
            kept.clear();
        }
    }

    int size() {
        synchronized (kept) {
            return kept.size();
        }
    }
}
