// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A program of the host, run for a caller in the caller's environment. It is killed when the calling thread is
 * interrupted. Stateless but for its words; thread-safe.
 *
 * @param file the program
 * @param caller whose environment it gets
 */
public record HostProgram(Path file, HostEnvironment caller) {
    private static final int ERROR_OUTPUT_KEPT = 8192;

    /**
     * Finds a program.
     *
     * @param debianPackage what to install when it is missing
     * @throws LimaException when the caller's PATH has no such program
     */
    public static HostProgram find(String name, String debianPackage, HostEnvironment caller) {
        Path file = caller.findProgram(name)
                .orElseThrow(() -> new LimaException(
                        "The program " + name + " is needed, and is not on PATH",
                        caller.variable("PATH").map(p -> "PATH=" + p).orElse(null),
                        "Install it: on Debian and its like it is in the package " + debianPackage + ".",
                        null));
        return new HostProgram(file, caller);
    }

    /**
     * Runs it to its end. The two streams are served on threads of their own, at the same time.
     *
     * @param directory working directory
     * @param input writes what the program reads; a program that does not read on is no error here
     * @param output reads what the program writes
     * @throws IOException when the program cannot be started, or from {@code output}
     */
    public Outcome run(List<String> arguments, Path directory, Input input, Output output)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(file.toString());
        command.addAll(arguments);
        Process process = caller.apply(new ProcessBuilder(command))
                .directory(directory.toFile())
                .start();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                Future<String> errors = threads.submit(() -> beginning(process.getErrorStream()));
                threads.submit(() -> {
                    try (OutputStream stdin = process.getOutputStream()) {
                        input.write(stdin);
                    }
                    return null;
                });
                Future<?> reading = threads.submit(() -> {
                    try (InputStream stdout = process.getInputStream()) {
                        output.read(stdout);
                    }
                    return null;
                });
                reading.get();
                return new Outcome(process.waitFor(), errors.get().strip());
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof InterruptedException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof RuntimeException failure) {
                    throw failure;
                }
                throw new IllegalStateException(e);
            } finally {
                // Only a program that has not ended on its own is still there.
                process.destroyForcibly();
            }
        }
    }

    /**
     * Runs it without input.
     *
     * @return what it wrote
     * @throws LimaException with the program's own words when it does not end well
     */
    public String run(List<String> arguments, Path directory, String purpose) throws InterruptedException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            Outcome outcome = run(arguments, directory, stdin -> {}, in -> in.transferTo(text));
            if (outcome.exitCode() != 0) {
                throw new LimaException(
                        purpose + " failed: " + file.getFileName() + " ended with exit code " + outcome.exitCode(),
                        outcome.errorOutput(),
                        null,
                        null);
            }
            return text.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new LimaException(purpose + " failed: cannot run " + file, e);
        }
    }

    private static String beginning(InputStream stream) throws IOException {
        byte[] kept = stream.readNBytes(ERROR_OUTPUT_KEPT);
        stream.transferTo(OutputStream.nullOutputStream());
        return new String(kept, StandardCharsets.UTF_8);
    }

    /**
     * @param errorOutput the beginning of what the program wrote to standard error
     */
    public record Outcome(int exitCode, String errorOutput) {}

    /** Writes a program's standard input; the stream is closed afterwards. */
    public interface Input {
        void write(OutputStream stdin) throws IOException;
    }

    /** Reads a program's standard output; the stream is closed afterwards. */
    public interface Output {
        void read(InputStream stdout) throws IOException, InterruptedException;
    }
}
