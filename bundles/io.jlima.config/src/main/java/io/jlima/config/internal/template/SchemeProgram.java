// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Programs called {@code limactl-url-SCHEME}, which know what a locator of their scheme means. */
final class SchemeProgram {
    private static final int LONGEST_ANSWER = 64 * 1024;
    private static final int SECONDS = 60;

    private SchemeProgram() {}

    /**
     * What the program prints for what stands behind the colon.
     *
     * @throws LimaException when there is no such program, or it fails
     */
    static String rewrite(String locator, String scheme, HostEnvironment caller) {
        String name = "limactl-url-" + scheme;
        Optional<Path> program = caller.findProgram(name);
        if (program.isEmpty()) {
            throw new LimaException(
                    "there is no way to find a template by \"" + scheme + ":\" in " + locator,
                    "use template:NAME, github:ORG/REPO, a URL or the path of a local file; or put a program " + name
                            + " on your PATH that prints one of these");
        }
        String rest = locator.substring(scheme.length() + 1);
        Process process = null;
        try {
            process = caller.apply(new ProcessBuilder(List.of(program.get().toString(), rest)))
                    .redirectErrorStream(false)
                    .start();
            process.getOutputStream().close();
            Process running = process;
            CompletableFuture<String> errors =
                    CompletableFuture.supplyAsync(() -> read(running.getErrorStream()), Thread::startVirtualThread);
            CompletableFuture<String> output =
                    CompletableFuture.supplyAsync(() -> read(running.getInputStream()), Thread::startVirtualThread);
            String answer = output.get(SECONDS, TimeUnit.SECONDS).strip();
            String words = errors.get(SECONDS, TimeUnit.SECONDS).strip();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new LimaException(
                        name + " failed for " + locator,
                        words,
                        "run " + program.get() + " '" + rest + "' to see why",
                        null);
            }
            if (answer.isEmpty() || answer.contains("\n")) {
                throw new LimaException(
                        name + " did not print one locator for " + locator,
                        answer.isEmpty() ? words : answer,
                        "it must print a URL or a path, and nothing else",
                        null);
            }
            return answer;
        } catch (IOException | ExecutionException e) {
            throw new LimaException(program.get() + " cannot be run", e);
        } catch (TimeoutException e) {
            throw new LimaException(name + " gave no answer within " + SECONDS + " s for " + locator);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("interrupted while " + name + " was running");
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    private static String read(java.io.InputStream stream) {
        try (stream) {
            return new String(stream.readNBytes(LONGEST_ANSWER), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }
}
