// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.Progress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;

/**
 * Work that is done once for all who ask for it at the same time. The first asker does it on its own thread; the
 * others wait, see its progress, and get the same result or the same failure. When the one who works is interrupted,
 * one of those who wait takes over.
 */
final class Flights<K, V> {
    private final ConcurrentMap<K, Flight<V>> flights = new ConcurrentHashMap<>();

    V join(K key, Progress progress, Work<V> work) throws InterruptedException {
        while (true) {
            Flight<V> mine = new Flight<>(new SharedProgress(), new CompletableFuture<>());
            Flight<V> other = flights.putIfAbsent(key, mine);
            if (other == null) {
                return fly(key, mine, progress, work);
            }
            other.progress.join(progress);
            try {
                return other.landing.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                // The one who worked was interrupted: try to be the next.
            } finally {
                other.progress.leave(progress);
            }
        }
    }

    private V fly(K key, Flight<V> flight, Progress progress, Work<V> work) throws InterruptedException {
        flight.progress.join(progress);
        try {
            V result = work.run(flight.progress);
            flights.remove(key, flight);
            flight.landing.complete(result);
            return result;
        } catch (InterruptedException e) {
            flights.remove(key, flight);
            flight.landing.completeExceptionally(new Abandoned());
            throw e;
        } catch (RuntimeException | Error e) {
            flights.remove(key, flight);
            flight.landing.completeExceptionally(e);
            throw e;
        } finally {
            flight.progress.leave(progress);
        }
    }

    interface Work<V> {
        V run(Progress progress) throws InterruptedException;
    }

    private record Flight<V>(SharedProgress progress, CompletableFuture<V> landing) {}

    private static final class Abandoned extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
