// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A program of the host that does a command's work: in the caller's environment, directory and umask. */
final class HostTool {
    private static final Logger LOG = LoggerFactory.getLogger(HostTool.class);

    private HostTool() {}

    /** The program as the caller's shell would find it. */
    static Path find(Invocation invocation, String name, String debianPackage) {
        return invocation
                .caller()
                .findProgram(name)
                .orElseThrow(() -> new LimaException(
                        "the program " + name + " is needed, and is not on PATH",
                        "Install it: on Debian and its like it is in the package " + debianPackage));
    }

    /** The words that begin an ssh command: what the variable SSH says, which may be several words for a shell. */
    static List<String> ssh(Invocation invocation) {
        return invocation
                .caller()
                .variable("SSH")
                .map(own -> List.of("/bin/sh", "-c", "exec " + own + " \"$@\"", "ssh"))
                .orElseGet(
                        () -> List.of(find(invocation, "ssh", "openssh-client").toString()));
    }

    /**
     * Runs a program to its end; it is ended when the caller goes away.
     *
     * @param variables set beside the caller's own
     * @param reads whether the program gets the caller's input; else it finds an empty one
     * @param out where its standard output goes
     * @return its exit code, 255 if a signal ended it
     */
    static int run(
            Invocation invocation, List<String> words, Map<String, String> variables, boolean reads, OutputStream out)
            throws InterruptedException {
        Process process = start(invocation, words, variables, reads);
        try {
            if (reads) {
                Thread.ofVirtual().name("tool-in").start(() -> feed(invocation, process));
            }
            Thread errors = Thread.ofVirtual()
                    .name("tool-err")
                    .start(() -> Streams.pump(process.getErrorStream(), invocation.err()));
            Thread output =
                    Thread.ofVirtual().name("tool-out").start(() -> Streams.pump(process.getInputStream(), out));
            int code = process.waitFor();
            // What it has started and left behind may keep the pipes open: its own words are there by now.
            output.join(LAST_WORDS);
            errors.join(LAST_WORDS);
            return code > 128 ? 255 : code;
        } finally {
            process.destroy();
        }
    }

    private static final java.time.Duration LAST_WORDS = java.time.Duration.ofSeconds(1);

    private static Process start(
            Invocation invocation, List<String> words, Map<String, String> variables, boolean reads) {
        List<String> command = new ArrayList<>(List.of(
                "/bin/sh",
                "-c",
                "umask " + Integer.toOctalString(invocation.caller().umask()) + " && exec \"$@\"",
                "sh"));
        command.addAll(words);
        ProcessBuilder builder = invocation.caller().apply(new ProcessBuilder(command));
        builder.environment().putAll(variables);
        if (!reads) {
            builder.redirectInput(new java.io.File("/dev/null"));
        }
        try {
            return builder.start();
        } catch (IOException e) {
            throw new LimaException("cannot run " + words.getFirst(), e);
        }
    }

    private static void feed(Invocation invocation, Process process) {
        try (OutputStream stdin = process.getOutputStream();
                InputStream in = invocation.in()) {
            Streams.copy(in, stdin);
        } catch (IOException e) {
            LOG.debug("A program did not read all of its input", e);
        }
    }
}
