// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Runs a program that is expected to end soon, and collects what it says. */
final class ShortRun {
    /** More output than this is dropped. */
    private static final int MOST_BYTES = 64 * 1024;

    private ShortRun() {}

    /**
     * @param exitCode exit code, or {@link #TIME_OVER}
     * @param words what it wrote, both streams, at most 64 KiB
     */
    record Outcome(int exitCode, String words) {
        static final int TIME_OVER = Integer.MIN_VALUE;

        boolean timeOver() {
            return exitCode == TIME_OVER;
        }

        @Override
        public String toString() {
            String end = timeOver() ? "did not end in time" : "exit code " + exitCode;
            return words.isBlank() ? end : words.strip() + " (" + end + ")";
        }
    }

    /**
     * Runs it in the caller's environment. It is dead when this returns, whatever happens.
     *
     * @throws LimaException when it cannot be run, or the calling thread was interrupted (it stays so)
     */
    static Outcome of(List<String> command, HostEnvironment caller, Duration limit) {
        Process process;
        try {
            process = caller.apply(new ProcessBuilder(command).redirectErrorStream(true))
                    .start();
        } catch (IOException e) {
            throw new LimaException(command.getFirst() + " cannot be run", e);
        }
        try (InputStream out = process.getInputStream()) {
            process.getOutputStream().close();
            CompletableFuture<String> words = new CompletableFuture<>();
            Thread.ofVirtual().name("output of " + command.getFirst()).start(() -> collect(out, words));
            if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                destroy(process);
                return new Outcome(Outcome.TIME_OVER, soon(words));
            }
            return new Outcome(process.exitValue(), soon(words));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("Given up while running " + command.getFirst(), e);
        } catch (IOException e) {
            throw new LimaException(command.getFirst() + " cannot be run", e);
        } finally {
            destroy(process);
        }
    }

    private static void destroy(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static void collect(InputStream out, CompletableFuture<String> words) {
        try {
            byte[] bytes = out.readNBytes(MOST_BYTES);
            words.complete(new String(bytes, StandardCharsets.UTF_8));
            out.transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException e) {
            words.complete("");
        }
    }

    /** A grandchild may hold the pipe open; its words are not worth a long wait. */
    private static String soon(CompletableFuture<String> words) throws InterruptedException {
        try {
            return words.completeOnTimeout("", 500, TimeUnit.MILLISECONDS).get();
        } catch (java.util.concurrent.ExecutionException | CompletionException e) {
            return "";
        }
    }
}
