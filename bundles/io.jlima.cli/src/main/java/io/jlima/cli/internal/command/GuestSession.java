// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnection.Terminal;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command in a guest whose streams and terminal are the caller's. */
final class GuestSession {
    private static final Logger LOG = LoggerFactory.getLogger(GuestSession.class);

    private GuestSession() {}

    /** @return the command's exit code */
    static int run(Invocation invocation, SshConnection connection, String script) throws Exception {
        var streams = invocation.streams();
        boolean terminal = streams.inTerminal() && streams.outTerminal();
        Terminal size = terminal
                ? new Terminal(invocation.caller().variable("TERM").orElse("dumb"), streams.columns(), streams.rows())
                : null;
        Map<String, String> variables = invocation
                .caller()
                .variable("COLORTERM")
                .map(c -> Map.of("COLORTERM", c))
                .orElse(Map.of());
        try (SshProcess process = start(connection, script, size, variables);
                AutoCloseable raw = terminal ? invocation.rawTerminal() : () -> {}) {
            invocation.onResize(t -> resize(process, t));
            Thread input = Thread.ofVirtual().name("shell-in").start(() -> pumpInput(invocation, process));
            Thread errors =
                    Thread.ofVirtual().name("shell-err").start(() -> Streams.pump(process.stderr(), invocation.err()));
            Streams.pump(process.stdout(), invocation.out());
            errors.join();
            int code = process.waitFor();
            input.interrupt();
            LOG.debug("Shell ended with {}, terminal {}", code, raw);
            return code;
        }
    }

    private static SshProcess start(
            SshConnection connection, String script, @Nullable Terminal size, Map<String, String> variables) {
        try {
            return connection.start(script, size, variables);
        } catch (IOException e) {
            throw new LimaException(
                    "the guest does not take the command",
                    e.getMessage(),
                    "Is it still up? `limactl shell --reconnect` makes the connection anew",
                    e);
        }
    }

    private static void pumpInput(Invocation invocation, SshProcess process) {
        try (OutputStream stdin = process.stdin()) {
            Streams.copy(invocation.in(), stdin);
        } catch (IOException e) {
            LOG.debug("Input of a shell ends", e);
        }
    }

    private static void resize(SshProcess process, Terminal size) {
        try {
            process.resize(size.columns(), size.rows());
        } catch (IOException e) {
            LOG.debug("A shell's terminal was not resized", e);
        }
    }
}
