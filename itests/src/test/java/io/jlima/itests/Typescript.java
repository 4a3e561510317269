// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A command line in a terminal of its own, which script(1) makes; the test is the one who types and reads. */
final class Typescript implements AutoCloseable {
    private final Path terminal;
    private final Process script;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final Thread reader;

    /**
     * @param line for a shell, with the distribution's programs on its PATH
     */
    Typescript(Home home, String line, int rows, int columns) throws IOException {
        terminal = Files.createTempFile("tty", "");
        String full = "PATH=" + Home.DISTRIBUTION + "/bin:$PATH; tty >" + terminal + "; stty rows " + rows + " cols "
                + columns + "; " + line;
        script = home.process(List.of("script", "-q", "-e", "-c", full, "/dev/null"));
        reader = Thread.ofVirtual().start(this::read);
    }

    private void read() {
        try {
            byte[] buffer = new byte[4096];
            int count;
            while ((count = script.getInputStream().read(buffer)) >= 0) {
                synchronized (output) {
                    output.write(buffer, 0, count);
                    output.notifyAll();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text() {
        synchronized (output) {
            return output.toString(StandardCharsets.UTF_8);
        }
    }

    /** Waits until the terminal has shown the text. */
    void await(String text) throws InterruptedException {
        await(text, 1);
    }

    /** Waits until the terminal has shown the text so often. */
    void await(String text, int times) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        synchronized (output) {
            while (text().split(Pattern.quote(text), -1).length <= times) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw new AssertionError("the terminal never showed " + text + " but: " + text());
                }
                output.wait(left);
            }
        }
    }

    void type(String keys) throws IOException {
        script.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
        script.getOutputStream().flush();
    }

    /** As if a window was resized: the kernel tells the foreground program. */
    void resize(int rows, int columns) throws IOException, InterruptedException {
        String device = Files.readString(terminal).strip();
        Process stty = new ProcessBuilder("stty", "-F", device, "rows", "" + rows, "cols", "" + columns)
                .inheritIO()
                .start();
        if (stty.waitFor() != 0) {
            throw new AssertionError("stty " + device + " ended with " + stty.exitValue());
        }
    }

    /** Waits for the end; what the command ended with. */
    int end() throws InterruptedException {
        if (!script.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still running; the terminal shows: " + text());
        }
        reader.join();
        return script.exitValue();
    }

    @Override
    public void close() throws IOException {
        script.destroyForcibly();
        Files.delete(terminal);
    }
}
