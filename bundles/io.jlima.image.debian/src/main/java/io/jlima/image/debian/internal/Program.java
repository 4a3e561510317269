// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One run of a program of the host, with the caller's environment. Interrupting the running thread ends the program and
 * everything it has started.
 */
final class Program {
    private static final int KEPT_LINES = 400;
    /** mmdebstrap takes its tree away when it is told to end: some 50 000 files. */
    private static final long GRACE_SECONDS = 20;

    private final HostEnvironment caller;
    private final Map<String, String> variables;
    private final Started started;
    private final Deque<String> lines = new ArrayDeque<>();

    /** Is told of the process as soon as there is one. */
    @FunctionalInterface
    interface Started {
        void accept(ProcessHandle process) throws IOException;
    }

    /** @param variables set beside, or instead of, those of the caller */
    Program(HostEnvironment caller, Map<String, String> variables) {
        this(caller, variables, process -> {});
    }

    Program(HostEnvironment caller, Map<String, String> variables, Started started) {
        this.caller = caller;
        this.variables = variables;
        this.started = started;
    }

    /**
     * Runs it to its end.
     *
     * @param command program, as the caller's shell would find it, and arguments
     * @param input what it reads; null for nothing
     * @param output is told each line of what it prints, on either stream
     * @return exit code
     * @throws IOException when it cannot be noted that it runs
     */
    int run(List<String> command, @Nullable Path input, Consumer<String> output)
            throws InterruptedException, IOException {
        String name = command.getFirst();
        List<String> words = new ArrayList<>(command);
        words.set(
                0,
                caller.findProgram(name)
                        .orElseThrow(() -> new LimaException("The program " + name + " is not installed"))
                        .toString());
        ProcessBuilder builder = caller.apply(new ProcessBuilder(words));
        // Its processes may be those of another user to the kernel, to whom the caller's directory can be closed.
        builder.directory(Path.of("/").toFile());
        builder.redirectErrorStream(true);
        builder.redirectInput(ProcessBuilder.Redirect.from(
                input == null ? Path.of("/dev/null").toFile() : input.toFile()));
        builder.environment().putAll(variables);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().remove("APT_CONFIG");
        // Where Debian keeps mke2fs and chroot.
        builder.environment()
                .merge(
                        "PATH",
                        "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
                        (own, system) -> own.isEmpty() ? system : own + ":" + system);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new LimaException("The program " + name + " cannot be started", e);
        }
        Thread pump = Thread.ofVirtual().name("output of " + name).start(() -> read(process, output));
        try {
            started.accept(process.toHandle());
            int code = process.waitFor();
            // A process that outlives its parent may hold the pipe open; what it says then is of no interest.
            pump.join(TimeUnit.SECONDS.toMillis(2));
            return code;
        } catch (InterruptedException | IOException e) {
            end(process.toHandle());
            throw e;
        }
    }

    /** The last lines it printed, oldest first. */
    List<String> lastLines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    private void read(Process process, Consumer<String> output) {
        StringBuilder line = new StringBuilder();
        try (Reader reader = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)) {
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                if (c == '\n' || c == '\r') {
                    keep(line, output);
                } else {
                    line.append((char) c);
                }
            }
        } catch (IOException e) {
            // The process was killed; how it ended is what counts.
        }
        keep(line, output);
    }

    private void keep(StringBuilder line, Consumer<String> output) {
        String text = line.toString().strip();
        line.setLength(0);
        if (text.isEmpty()) {
            return;
        }
        synchronized (lines) {
            lines.addLast(text);
            if (lines.size() > KEPT_LINES) {
                lines.removeFirst();
            }
        }
        output.accept(text);
    }

    /**
     * Ends the process and its descendants: first with a request, so that mmdebstrap removes its tree (an ordinary user
     * cannot, the files belong to other ids), then by force.
     */
    static void end(ProcessHandle process) {
        List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
        family.forEach(ProcessHandle::destroy);
        process.destroy();
        if (!waitFor(process)) {
            family.addAll(process.descendants().toList());
            process.destroyForcibly();
        }
        // Those that took no notice, or were given away to another parent.
        family.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroyForcibly);
        waitFor(process);
    }

    /** Waits although the thread may be told to hurry: nothing may be left behind. */
    private static boolean waitFor(ProcessHandle process) {
        boolean interrupted = false;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
        try {
            while (true) {
                try {
                    process.onExit().get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException | TimeoutException e) {
                    return false;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
