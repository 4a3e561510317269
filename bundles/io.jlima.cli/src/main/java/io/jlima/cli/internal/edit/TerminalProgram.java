// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.HostEnvironment;
import io.jlima.api.command.Invocation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program on the caller's terminal, such as an editor. The daemon has no terminal to give away: script(1) makes one for
 * the program, and its keys and screen are passed between that and the caller's.
 */
public final class TerminalProgram {
    private static final Logger LOG = LoggerFactory.getLogger(TerminalProgram.class);

    private final Invocation invocation;
    private final Path script;

    private TerminalProgram(Invocation invocation, Path script) {
        this.invocation = invocation;
        this.script = script;
    }

    /** Whether the caller has a terminal in both directions. */
    public static boolean hasTerminal(Invocation invocation) {
        return invocation.streams().inTerminal() && invocation.streams().outTerminal();
    }

    /** Empty where script(1) is missing; it is in Debian's package bsdutils. */
    public static Optional<TerminalProgram> on(Invocation invocation) {
        return invocation.caller().findProgram("script").map(script -> new TerminalProgram(invocation, script));
    }

    /**
     * Runs a line of sh to its end.
     *
     * @return its exit code
     */
    public int run(String line) throws IOException, InterruptedException {
        HostEnvironment caller = invocation.caller();
        var streams = invocation.streams();
        String sized = "stty rows " + streams.rows() + " columns " + streams.columns() + " 2>/dev/null; " + line;
        boolean bsd = System.getProperty("os.name", "").startsWith("Mac");
        ProcessBuilder builder = caller.apply(
                bsd
                        ? new ProcessBuilder(script.toString(), "-q", "/dev/null", "/bin/sh", "-c", sized)
                        : new ProcessBuilder(script.toString(), "-qefc", sized, "/dev/null"));
        builder.redirectErrorStream(true);
        // script runs its command by SHELL, and sh understands the line for sure.
        builder.environment().put("SHELL", "/bin/sh");
        Process process = builder.start();
        try (AutoCloseable raw = invocation.rawTerminal()) {
            LOG.debug("Program {} on a raw terminal {}", process.pid(), raw);
            Thread keys = Thread.ofVirtual().name("program-keys").start(() -> pass(process.getOutputStream()));
            copy(process.getInputStream(), invocation.out());
            int code = process.waitFor();
            keys.interrupt();
            return code;
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            process.destroy();
        }
    }

    private void pass(OutputStream keys) {
        try (keys) {
            copy(invocation.in(), keys);
        } catch (IOException e) {
            LOG.debug("Keys for a program end", e);
        }
    }

    /** Flushes after each piece: somebody is waiting for it. */
    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[8192];
        int count;
        while ((count = from.read(buffer)) >= 0) {
            to.write(buffer, 0, count);
            to.flush();
        }
    }
}
