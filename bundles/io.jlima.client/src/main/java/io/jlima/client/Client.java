// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * limactl: sends words, environment and directory of its caller to the daemon, and the daemon's answer to its caller.
 *
 * <p>Knows nothing but the protocol. Written for start-up time: no lambda, no string concatenation that needs a bootstrap method on the way of a
 * short command, no logging, no second thread unless the command reads its input.
 */
public final class Client implements Signals.Listener {
    // Client to daemon.
    private static final int REQUEST = 0;
    static final int STDIN = 1;
    private static final int RESIZE = 2;
    private static final int SIGNAL = 3;
    // Daemon to client.
    private static final int ACCEPTED = 10;
    private static final int OTHER_VERSION = 11;
    private static final int STDOUT = 12;
    private static final int STDERR = 13;
    private static final int EXIT = 14;
    private static final int STDIN_CREDIT = 15;
    private static final int RAW_TERMINAL = 16;
    private static final int CATCH_SIGNALS = 17;
    private static final int ENDING = 18;

    /** Conventional exit code of a program that was interrupted: 128 + SIGINT. */
    private static final int INTERRUPTED = 130;

    /** Conventional exit code of a program whose reader has gone away: 128 + SIGPIPE. */
    private static final int UNHEARD = 141;

    private final Path home;
    private final Daemon daemon;
    private final byte[] request;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final FileOutputStream err = new FileOutputStream(FileDescriptor.err);

    private @Nullable Connection connection;
    private volatile @Nullable Terminal terminal;
    private volatile boolean suspended;
    private volatile int interrupts;
    private boolean accepted;

    private Client(Path home, Daemon daemon, byte[] request) {
        this.home = home;
        this.daemon = daemon;
        this.request = request;
    }

    public static void main(String[] args) {
        int code;
        try {
            Map<String, String> environment = System.getenv();
            Path home = Path.of(Request.setting(environment, "_JLIMA_HOME"));
            Daemon daemon = new Daemon(home, Path.of(Request.setting(environment, "_JLIMA_PREFIX")));
            code = new Client(home, daemon, Request.encode(args, environment)).run();
        } catch (Failure e) {
            System.err.println("limactl: ".concat(String.valueOf(e.getMessage())));
            code = 1;
        } catch (IOException e) {
            System.err.println("limactl: ".concat(e.toString()));
            code = 1;
        } catch (InterruptedException e) {
            code = INTERRUPTED;
        }
        if (System.getenv("_JLIMA_TRAINING") != null) {
            // The JVM writes its AOT cache in an orderly exit only.
            System.exit(code);
        }
        Runtime.getRuntime().halt(code);
    }

    /** What went wrong before the daemon could say so itself. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        Failure(String message) {
            super(message);
        }
    }

    private int run() throws IOException, Failure, InterruptedException {
        // Three tries: a daemon of another version that hands over, one that was just about to end, and a fresh one.
        for (int attempt = 0; attempt < 3; attempt++) {
            try (Connection connected = daemon.connect()) {
                connection = connected;
                accepted = false;
                connected.send(REQUEST, request, request.length);
                int code = serve(connected);
                if (code >= 0) {
                    return code;
                }
            } catch (IOException e) {
                if (accepted) {
                    throw e;
                }
            } finally {
                restoreTerminal();
            }
        }
        throw new Failure("the daemon of " + home + " ends each time it is asked; see its log _daemon/log");
    }

    /** Carries frames until the command has ended; a negative result means that another daemon must be asked. */
    private int serve(Connection connected) throws IOException, Failure {
        Input input = new Input(connected);
        while (true) {
            int type = connected.next();
            if (type < 0) {
                if (!accepted) {
                    return -1;
                }
                throw new Failure("the daemon ended before the command was done; virtual machines are not affected."
                        + " Give the command again; the daemon's last words are shown by: limactl daemon log");
            }
            byte[] body = connected.body();
            int length = connected.length();
            checkLength(type, length);
            switch (type) {
                case ACCEPTED -> accepted = true;
                case OTHER_VERSION -> {
                    // It ends now; wait for that, so that its lock is free for a daemon of our version.
                    connected.awaitEnd();
                    return -1;
                }
                case STDOUT -> write(out, "standard output", body, length);
                case STDERR -> write(err, "standard error", body, length);
                case EXIT -> {
                    return connected.number();
                }
                case STDIN_CREDIT -> input.grant(connected.number());
                case ENDING -> {
                    int code = connected.number();
                    // The command was to end the daemon: it is done when the daemon is gone, and the connection with
                    // it.
                    connected.awaitEnd();
                    return code;
                }
                case CATCH_SIGNALS -> catchSignals();
                case RAW_TERMINAL -> rawTerminal(body[0] != 0);
                default -> throw Connection.nonsense();
            }
        }
    }

    private static void checkLength(int type, int length) throws Failure {
        switch (type) {
            case STDOUT, STDERR -> {}
            case EXIT, ENDING, STDIN_CREDIT -> expect(4, length);
            case RAW_TERMINAL -> expect(1, length);
            case ACCEPTED, OTHER_VERSION, CATCH_SIGNALS -> expect(0, length);
            default -> throw new Failure("the daemon sent a frame of unknown type ".concat(Integer.toString(type)));
        }
    }

    private static void expect(int right, int length) throws Failure {
        if (length != right) {
            throw Connection.nonsense();
        }
    }

    /** A reader that has had enough is no error; a JVM ignores the signal that would end other programs then. */
    private void write(FileOutputStream to, String name, byte[] bytes, int length) throws Failure {
        try {
            to.write(bytes, 0, length);
        } catch (IOException e) {
            if ("Broken pipe".equals(e.getMessage())) {
                restoreTerminal();
                Runtime.getRuntime().halt(UNHEARD);
            }
            throw new Failure("cannot write to " + name + ": " + e.getMessage());
        }
    }

    private void send(int type, byte[] body) throws IOException {
        Connection current = connection;
        if (current != null) {
            current.send(type, body, body.length);
        }
    }

    private void catchSignals() {
        Signals.handle("INT", this);
        Signals.handle("TERM", this);
        Signals.handle("HUP", this);
    }

    @Override
    public void caught(String signal) {
        switch (signal) {
            case "INT" -> interrupted();
            case "WINCH" -> resized();
            case "TSTP" -> suspend();
            case "CONT" -> resume();
            default -> forward(signal);
        }
    }

    /** The first Ctrl-C is the daemon's to answer, the second ends this program at once. */
    private void interrupted() {
        if (interrupts++ > 0) {
            restoreTerminal();
            Runtime.getRuntime().halt(INTERRUPTED);
        }
        forward("INT");
    }

    private void forward(String signal) {
        try {
            send(SIGNAL, signal.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
    }

    private void rawTerminal(boolean raw) {
        if (!raw) {
            restoreTerminal();
        } else if (terminal == null) {
            terminal = Terminal.raw();
            Signals.handle("WINCH", this);
            Signals.handle("TSTP", this);
            Signals.handle("CONT", this);
        }
    }

    /** Whoever stops this program gets the terminal as it was. */
    private void suspend() {
        suspended = terminal != null;
        restoreTerminal();
        Terminal.stopThisProcess();
    }

    private void resume() {
        if (suspended) {
            suspended = false;
            terminal = Terminal.raw();
            resized();
        }
    }

    private void resized() {
        Terminal current = terminal;
        if (current != null) {
            int[] size = current.size();
            try {
                send(
                        RESIZE,
                        ByteBuffer.allocate(8).putInt(size[0]).putInt(size[1]).array());
            } catch (IOException e) {
                // The reader of frames meets the same trouble and reports it.
                return;
            }
        }
    }

    private void restoreTerminal() {
        Terminal current = terminal;
        if (current != null) {
            terminal = null;
            current.restore();
        }
    }
}
