// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The body of a response, piece by piece as it comes in. Unlike the client's own stream it notices that nothing comes
 * any more, and it can be interrupted. Read by one thread.
 */
final class BodyReader implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
    /** Pieces (of some 16 KiB) on their way at any time, so that reading and writing overlap. */
    private static final int AHEAD = 32;

    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final Duration silence;
    private volatile Flow.@Nullable Subscription subscription;

    /**
     * @param silence how long to wait for a next piece
     */
    BodyReader(Duration silence) {
        this.silence = silence;
    }

    /**
     * The next bytes; null at the end.
     *
     * @throws HttpTimeoutException when none come for too long
     * @throws IOException when the connection fails, or ends before the announced length
     */
    @Nullable
    List<ByteBuffer> next() throws IOException, InterruptedException {
        return switch (signals.poll(silence.toNanos(), TimeUnit.NANOSECONDS)) {
            case null -> throw new HttpTimeoutException("nothing came for " + silence.toSeconds() + " s");
            case Signal.Bytes piece -> {
                Flow.Subscription source = subscription;
                if (source != null) {
                    source.request(1);
                }
                yield piece.bytes();
            }
            case Signal.End end -> null;
            case Signal.Failure failure ->
                throw failure.cause() instanceof IOException e
                        ? e
                        : new IOException(failure.cause().toString(), failure.cause());
        };
    }

    @Override
    public void onSubscribe(Flow.Subscription source) {
        subscription = source;
        source.request(AHEAD);
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
        signals.add(new Signal.Bytes(bytes));
    }

    @Override
    public void onError(Throwable cause) {
        signals.add(new Signal.Failure(cause));
    }

    @Override
    public void onComplete() {
        signals.add(new Signal.End());
    }

    /** Breaks the transfer off if it has not ended. */
    @Override
    public void close() {
        Flow.Subscription source = subscription;
        if (source != null) {
            source.cancel();
        }
    }

    private sealed interface Signal {
        record Bytes(List<ByteBuffer> bytes) implements Signal {}

        record End() implements Signal {}

        record Failure(Throwable cause) implements Signal {}
    }
}
