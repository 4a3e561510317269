// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.command.Invocation.Streams;
import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A call from a client: the far ends of its streams, its terminal and its signals. */
final class Call implements Caller {
    private static final Logger LOG = LoggerFactory.getLogger(Call.class);

    /** Input that may be on its way before the command has taken any; one read of a pipe is at most this on Linux. */
    private static final int WINDOW = 65536;

    private final Request request;
    private final Frames frames;
    private final CreditedInput sent;
    private final @Nullable PipeInput pipe;
    private final @Nullable CallerOutput output;
    private final PrintStream out;
    private final PrintStream err;
    private final List<Consumer<Terminal>> resizeListeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable Consumer<String> signalListener;
    private volatile @Nullable Terminal size;
    private volatile boolean interrupted;
    private volatile boolean gone;
    private volatile boolean catchingSignals;

    Call(Request request, Frames frames) {
        this.request = request;
        this.frames = frames;
        this.sent = new CreditedInput(WINDOW, bytes -> frames.write(Frames.STDIN_CREDIT, bytes));
        this.pipe = request.pipe(0).map(p -> new PipeInput(p, sent)).orElse(null);
        boolean passed = request.pipe(1).or(() -> request.pipe(2)).isPresent();
        this.output = passed ? new CallerOutput(request.pipes(), frames, CallerOutput.THROUGH_CLIENT) : null;
        this.out = print(output != null ? output.stream(1) : copied(Frames.STDOUT));
        this.err = print(output != null ? output.stream(2) : copied(Frames.STDERR));
    }

    private static PrintStream print(OutputStream to) {
        return new PrintStream(to, false, StandardCharsets.UTF_8);
    }

    /** Through the client. */
    private OutputStream copied(int type) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                // The client bounds a frame at 1 MiB.
                for (int done = 0; done < length; done += WINDOW) {
                    frames.write(type, bytes, offset + done, Math.min(WINDOW, length - done));
                }
            }
        };
    }

    @Override
    public List<String> words() {
        return request.words();
    }

    @Override
    public HostEnvironment environment() {
        return request.caller();
    }

    @Override
    public Streams streams() {
        return request.streams();
    }

    @Override
    public InputStream in() {
        catchSignals();
        return pipe != null ? pipe : sent;
    }

    @Override
    public PrintStream out() {
        return out;
    }

    @Override
    public PrintStream err() {
        return err;
    }

    @Override
    public AutoCloseable rawTerminal() {
        rawTerminal(true);
        return () -> rawTerminal(false);
    }

    private void rawTerminal(boolean raw) {
        try {
            frames.write(Frames.RAW_TERMINAL, new byte[] {(byte) (raw ? 1 : 0)}, 0, 1);
        } catch (IOException e) {
            LOG.debug("Client is gone", e);
        }
    }

    @Override
    public void onResize(Consumer<Terminal> listener) {
        resizeListeners.add(listener);
        // It may have become another one since the request.
        Terminal now = size;
        if (now != null) {
            listener.accept(now);
        }
    }

    @Override
    public void onSignal(Consumer<String> listener) {
        signalListener = listener;
        catchSignals();
    }

    @Override
    public void catchSignals() {
        if (!catchingSignals) {
            catchingSignals = true;
            try {
                frames.write(Frames.CATCH_SIGNALS);
            } catch (IOException e) {
                LOG.debug("Client is gone", e);
            }
        }
    }

    @Override
    public boolean interrupted() {
        return interrupted || gone;
    }

    void input(byte[] bytes) throws IOException {
        if (bytes.length == 0) {
            sent.end();
        } else {
            sent.add(bytes);
        }
    }

    void outputLeft() {
        if (output != null) {
            output.left();
        }
    }

    void resized(int columns, int rows) {
        Terminal now = new Terminal("", columns, rows);
        size = now;
        resizeListeners.forEach(listener -> listener.accept(now));
    }

    /** Whether the command takes the signal itself. */
    boolean signalled(String name) {
        if (name.equals("INT") && request.streams().errTerminal()) {
            // The terminal has shown ^C, and left the cursor behind it.
            err.println();
            err.flush();
        }
        Consumer<String> listener = signalListener;
        if (listener == null) {
            interrupted = true;
            return false;
        }
        listener.accept(name);
        return true;
    }

    void gone() {
        gone = true;
        endInput();
        if (output != null) {
            output.abandon();
        }
    }

    private void endInput() {
        sent.end();
        if (pipe != null) {
            pipe.end();
        }
    }

    /**
     * @param ending whether the daemon is about to end, so that the client should wait for that
     */
    void exit(int code, boolean ending) {
        out.flush();
        err.flush();
        // The caller's pipes are nobody's but the caller's again before the client ends.
        if (output != null) {
            output.finish(this::interrupted);
        }
        endInput();
        try {
            frames.write(ending ? Frames.ENDING : Frames.EXIT, code);
        } catch (IOException e) {
            LOG.debug("Client did not wait for its exit code", e);
        }
    }
}
