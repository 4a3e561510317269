// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.GuestWords;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is attached to one guest, each under a key: a service, or a word. Services come and go on threads of their own
 * while the guest does too, so each is attached once and closed once, whatever comes first. Thread-safe.
 */
final class Attachments implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Attachments.class);

    private final String guest;
    private final Map<Object, Part> parts = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param guest its name, for the log */
    Attachments(String guest) {
        this.guest = guest;
    }

    /** Something attached, or just being attached, under the name that people know it by. */
    private static final class Part {
        final String title;
        private @Nullable Attachment attachment;
        private boolean over;

        Part(String title) {
            this.title = title;
        }

        /** Says what it is, once that is made; false when nobody wants it any more. */
        synchronized boolean is(Attachment made) {
            attachment = made;
            return !over;
        }

        synchronized Optional<Attachment> attachment() {
            return Optional.ofNullable(attachment);
        }

        /** Hands over what is to be closed; what is made later is its maker's to close. */
        synchronized Optional<Attachment> end() {
            over = true;
            return Optional.ofNullable(attachment);
        }
    }

    /** Attaches what the maker makes, unless there is something of that key already. */
    void attach(Object key, String title, Supplier<Attachment> maker) {
        Part part = new Part(title);
        if (parts.putIfAbsent(key, part) != null) {
            return;
        }
        boolean made = false;
        try {
            Attachment attachment = maker.get();
            made = true;
            if (!part.is(attachment)) {
                close(title, attachment);
            } else if (closed) {
                detach(key);
            }
        } finally {
            if (!made) {
                parts.remove(key, part);
            }
        }
    }

    /**
     * Closes what is attached under that key.
     *
     * @return its title; empty when there is none
     */
    Optional<String> detach(Object key) {
        Optional<Part> part = Optional.ofNullable(parts.remove(key));
        part.ifPresent(p -> p.end().ifPresent(attachment -> close(p.title, attachment)));
        return part.map(p -> p.title);
    }

    private void close(String title, Attachment attachment) {
        try {
            attachment.close();
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{}: {} cannot be closed", guest, title, e);
        }
    }

    boolean isClosed() {
        return closed;
    }

    /** The first one that is of this kind. */
    <T extends Attachment> Optional<T> first(Class<T> kind) {
        return parts.values().stream()
                .flatMap(part -> part.attachment().stream())
                .filter(kind::isInstance)
                .map(kind::cast)
                .findFirst();
    }

    /** Does it with all that is attached now; one that throws keeps none of the others from it. */
    void forEach(Consumer<Attachment> action) {
        parts.values()
                .forEach(part -> part.attachment().ifPresent(attachment -> {
                    try {
                        action.accept(attachment);
                    } catch (RuntimeException | LinkageError e) {
                        LOG.error("{}: {} fails", guest, part.title, e);
                    }
                }));
    }

    /**
     * Waits until all that is attached now is as it should be.
     *
     * @return what is not, one line each
     */
    List<String> awaitReady(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        List<String> wrong = new ArrayList<>();
        for (Part part : parts.values()) {
            Attachment attachment = part.attachment().orElse(Attachment.NONE);
            try {
                attachment
                        .ready()
                        .toCompletableFuture()
                        .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException | CompletionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                wrong.add(GuestWords.plain(part.title + ": " + cause.getMessage()));
            } catch (TimeoutException e) {
                wrong.add(part.title + ": not ready after " + limit.toSeconds() + " s");
            }
        }
        return wrong;
    }

    /** Closes all; what comes later is closed at once. */
    @Override
    public void close() {
        closed = true;
        List.copyOf(parts.keySet()).forEach(this::detach);
    }
}
