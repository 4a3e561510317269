// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end, for tests. */
final class Program {
    private Program() {}

    /** Exit status, and standard output and error together. */
    record Result(int status, String output) {}

    /** Unpacks a volume with another program than the one that wrote it. */
    static Path extract(Path image, Path target) throws IOException, InterruptedException {
        Result result = run(
                Map.of(),
                "xorriso",
                "-osirrox",
                "on:auto_chmod_on",
                "-indev",
                image.toString(),
                "-extract",
                "/",
                target.toString());
        if (result.status() != 0) {
            throw new IOException(result.output());
        }
        return target;
    }

    static Result run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // File names are UTF-8 in every volume; xorriso converts them to the locale's character set.
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().putAll(environment);
        Process process = builder.start();
        // A program that hangs is killed, which ends its output and so the reading below.
        process.onExit().orTimeout(60, TimeUnit.SECONDS).whenComplete((p, failure) -> {
            if (failure != null) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        });
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Result(process.waitFor(), output);
    }
}
