// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import io.jlima.itests.Home.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A program that still runs, whose words are read as they come. Closing it kills it. */
final class Running implements AutoCloseable {
    private final Process process;
    private final StringBuffer out = new StringBuffer();
    private final StringBuffer err = new StringBuffer();
    private final Thread outReader;
    private final Thread errReader;

    Running(Process process) {
        this.process = process;
        outReader = reader(process.inputReader(StandardCharsets.UTF_8), out);
        errReader = reader(
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)), err);
    }

    private static Thread reader(BufferedReader from, StringBuffer to) {
        return Thread.ofVirtual().start(() -> {
            try (from) {
                int c;
                while ((c = from.read()) >= 0) {
                    to.append((char) c);
                }
            } catch (IOException e) {
                to.append("(").append(e).append(")");
            }
        });
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has said so far on standard error. */
    String err() {
        return err.toString();
    }

    /** Waits until it says these words; fails when it ends without. */
    Running says(String words) {
        Home.eventually(
                "`" + words + "` is said by " + process.info().commandLine().orElse("it"), () -> {
                    boolean ended = !process.isAlive() && !errReader.isAlive();
                    if (ended && err.indexOf(words) < 0) {
                        throw new AssertionError(
                                "ended with " + process.exitValue() + " and never said `" + words + "`: " + err);
                    }
                    return err.indexOf(words) >= 0;
                });
        return this;
    }

    /** What Ctrl-C does. */
    Running interrupt() {
        return signal("INT");
    }

    Running signal(String name) {
        try {
            int code = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new AssertionError("kill -" + name + " ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return this;
    }

    /** Waits for its end. */
    Result end() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("did not end within a minute; stdout: " + out + " stderr: " + err);
            }
            outReader.join(10_000);
            errReader.join(10_000);
            if (outReader.isAlive() || errReader.isAlive()) {
                throw new AssertionError("the program ended, but somebody keeps its output open");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return new Result(process.exitValue(), out.toString(), err.toString());
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
