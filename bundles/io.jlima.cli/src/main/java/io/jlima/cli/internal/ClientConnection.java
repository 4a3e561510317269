// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: its command runs on a thread of its own while this one reads what else the client sends. When the client
 * goes away, its command is interrupted, and nothing else is.
 */
final class ClientConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    private final SocketChannel channel;
    private final Frames frames;
    private final CommandSet commands;
    private final DaemonControl control;
    private final Consumer<ClientConnection> otherVersion;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean ending;

    ClientConnection(
            SocketChannel channel,
            CommandSet commands,
            DaemonControl control,
            Consumer<ClientConnection> otherVersion) {
        this.channel = channel;
        this.frames = new Frames(channel);
        this.commands = commands;
        this.control = control;
        this.otherVersion = otherVersion;
    }

    void serve() {
        try (channel) {
            Frames.Frame first = frames.read();
            if (first == null || first.type() != Frames.REQUEST) {
                return;
            }
            Request request = Request.parse(first.body());
            if (!request.version().equals(control.version())) {
                ending = true;
                frames.write(Frames.OTHER_VERSION);
                // Two clients of other versions must not wait for each other.
                ended.countDown();
                otherVersion.accept(this);
                // The client waits for the end of this connection, which comes with the end of the daemon.
                frames.read();
                return;
            }
            frames.write(Frames.ACCEPTED);
            run(request);
        } catch (IOException e) {
            LOG.debug("Connection to a client ends", e);
        } finally {
            ended.countDown();
        }
    }

    private void run(Request request) throws IOException {
        Call call = new Call(request, frames);
        Thread command = Thread.ofVirtual().name("command").unstarted(() -> {
            try {
                int code = commands.run(call);
                ending = control.isStopping();
                call.exit(code, ending);
            } finally {
                close();
            }
        });
        command.start();
        try {
            Frames.@Nullable Frame frame;
            while ((frame = frames.read()) != null) {
                switch (frame.type()) {
                    case Frames.STDIN -> call.input(frame.body());
                    case Frames.OUTPUT_LEFT -> call.outputLeft();
                    case Frames.RESIZE -> call.resized(frame.number(0), frame.number(1));
                    case Frames.SIGNAL -> {
                        if (!call.signalled(frame.text())) {
                            command.interrupt();
                        }
                    }
                    default -> throw new IOException("a frame of type " + frame.type());
                }
            }
        } finally {
            call.gone();
            command.interrupt();
            awaitEndOf(command);
        }
    }

    private static void awaitEndOf(Thread command) {
        try {
            command.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the client has been served, at most this long. */
    void awaitEnd(long nanos) {
        try {
            boolean done = ended.await(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            LOG.debug("A client was served in time: {}", done);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Closes the connection, unless its client waits for the end of the daemon, which closes it by itself. */
    void close() {
        if (ending) {
            return;
        }
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("Connection to a client does not close", e);
        }
    }
}
