// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A LIMA_HOME of a test's own with the built {@code bin/limactl}. Closing it ends every process that belongs to it, by
 * pid, and removes it.
 */
final class Home implements AutoCloseable {
    static final Path DISTRIBUTION =
            Path.of(System.getProperty("jlima.distribution")).normalize();

    /** No command of a test takes longer unless it boots a guest, which has its own limit. */
    static final long LIMIT_SECONDS = 120;

    final Path path;
    private Path distribution = DISTRIBUTION;
    private String client = "bin/limactl";
    private @Nullable Path workingDirectory;
    private final Map<String, String> environment = new TreeMap<>();

    private Home(Path path) {
        this.path = path;
        environment.putAll(System.getenv());
        environment
                .keySet()
                .removeIf(name -> name.startsWith("LIMA") || name.startsWith("_JLIMA") || name.startsWith("QEMU"));
        environment.put("LIMA_HOME", path.toString());
        environment.put("JLIMA_JAVA_HOME", System.getProperty("java.home"));
        environment.put("PATH", environment.getOrDefault("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin");
    }

    /** A short path, because sockets live in it. */
    static Home create() {
        try {
            return new Home(Files.createTempDirectory(Path.of("/tmp"), "jl"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Home with(String name, @Nullable String value) {
        if (value == null) {
            environment.remove(name);
        } else {
            environment.put(name, value);
        }
        return this;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** Uses another installation from now on. */
    Home using(Path prefix) {
        distribution = prefix;
        return this;
    }

    /** Uses this program of the installation as limactl from now on. */
    Home through(String program) {
        client = program;
        return this;
    }

    /** Runs programs in this directory from now on. */
    Home workingIn(Path directory) {
        workingDirectory = directory;
        return this;
    }

    /** The program that {@link #limactl} runs, for scripts. */
    Path program() {
        return distribution.resolve(client);
    }

    /** What a program left behind. */
    record Result(int code, String out, String err) {
        String all() {
            return "exit code " + code + "\nstdout:\n" + out + "\nstderr:\n" + err;
        }
    }

    Result limactl(String... words) {
        return await(start(words), "", LIMIT_SECONDS);
    }

    Result lima(String... words) {
        return await(start(DISTRIBUTION.resolve("bin/lima"), words), "", LIMIT_SECONDS);
    }

    Result limactlWithin(long seconds, String... words) {
        return await(start(words), "", seconds);
    }

    Result limactlFed(String input, String... words) {
        return await(start(words), input, LIMIT_SECONDS);
    }

    /** Fails unless the command succeeds. */
    Result good(String... words) {
        return checked(limactl(words), words);
    }

    Result goodWithin(long seconds, String... words) {
        return checked(limactlWithin(seconds, words), words);
    }

    private Result checked(Result result, String... words) {
        if (result.code() != 0) {
            throw new AssertionError("limactl " + String.join(" ", words) + ": " + result.all() + "\n" + console());
        }
        return result;
    }

    /** The ends of logs and consoles, which tell most when a guest does not come up. */
    private String console() {
        StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.walk(path, 2)) {
            for (Path file : files.filter(f -> f.getFileName().toString().matches("serial.log|qemu.log|log"))
                    .toList()) {
                List<String> lines = Files.readString(file, StandardCharsets.ISO_8859_1)
                        .lines()
                        .toList();
                text.append("== ").append(file).append('\n');
                lines.subList(Math.max(0, lines.size() - 25), lines.size())
                        .forEach(line -> text.append(line).append('\n'));
            }
        } catch (IOException | UncheckedIOException e) {
            text.append(e);
        }
        return text.toString();
    }

    Process start(String... words) {
        return start(program(), words);
    }

    /** A command that the test watches and may interrupt; it takes SIGINT even where the tests' own parent ignores it. */
    Running running(String... words) {
        List<String> command = new ArrayList<>(
                List.of("/usr/bin/env", "--default-signal=INT", program().toString()));
        command.addAll(List.of(words));
        return new Running(process(command));
    }

    private Process start(Path program, String... words) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(words));
        return process(command);
    }

    /** Any program with this home's environment. */
    Process process(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(environment);
        if (workingDirectory != null) {
            builder.directory(workingDirectory.toFile());
        }
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Result shell(String script) {
        return shellWithin(LIMIT_SECONDS, script);
    }

    Result shellWithin(long seconds, String script) {
        return await(process(List.of("/bin/sh", "-c", script)), "", seconds);
    }

    static Result await(Process process, String input, long seconds) {
        CompletableFuture<String> out = read(process.getInputStream());
        CompletableFuture<String> err = read(process.getErrorStream());
        try {
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // The program may have ended without reading its input, which is its right.
                input.length();
            }
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("did not end within " + seconds + " s; stdout: " + out.get(5, TimeUnit.SECONDS)
                        + " stderr: " + err.get(5, TimeUnit.SECONDS));
            }
            return new Result(process.exitValue(), out.get(10, TimeUnit.SECONDS), err.get(10, TimeUnit.SECONDS));
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("the program ended, but somebody keeps its output open", e);
        }
    }

    private static CompletableFuture<String> read(java.io.InputStream stream) {
        CompletableFuture<String> text = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                text.complete(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                text.complete("(" + e + ")");
            }
        });
        return text;
    }

    long daemonPid() {
        try {
            return Long.parseLong(Files.readString(path.resolve("_daemon/lock")).strip());
        } catch (IOException | NumberFormatException e) {
            throw new AssertionError("no daemon", e);
        }
    }

    void killDaemon() {
        kill(daemonPid());
    }

    /** SIGKILL, and waits until the process is gone. */
    static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(process -> {
            process.destroyForcibly();
            eventually("process " + pid + " is gone", () -> !isAlive(pid));
        });
    }

    /** A zombie of another parent counts as gone. */
    static boolean isAlive(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return false;
        }
    }

    /** Pid of an instance's machine, from QEMU's own file. */
    long machinePid(String instance) {
        try {
            return Long.parseLong(
                    Files.readString(path.resolve(instance).resolve("qemu.pid")).strip());
        } catch (IOException e) {
            throw new AssertionError(instance + " has no qemu.pid", e);
        }
    }

    String status(String instance) {
        Result result = limactl("list", instance);
        return result.out()
                .lines()
                .filter(line -> line.startsWith(instance + " "))
                .map(line -> line.split(" +")[1])
                .findFirst()
                .orElse("none");
    }

    static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within a minute: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(20_000_000L);
        }
    }

    /** The daemon's pid, if one lives. */
    boolean hasDaemon() {
        return Files.exists(path.resolve("_daemon/lock")) && isAlive(daemonPid()) && belongsHere(daemonPid());
    }

    Path write(String name, String content) {
        try {
            return Files.writeString(path.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            List<Long> pids = new ArrayList<>();
            if (Files.exists(path.resolve("_daemon/lock"))) {
                String text = Files.readString(path.resolve("_daemon/lock")).strip();
                if (text.matches("\\d+") && belongsHere(Long.parseLong(text))) {
                    pids.add(Long.parseLong(text));
                }
            }
            // The daemon first: it writes files as long as it lives.
            pids.forEach(Home::kill);
            try (Stream<Path> files = Files.walk(path, 2)) {
                for (Path file : files.filter(f -> f.endsWith("qemu.pid")).toList()) {
                    String text = Files.readString(file).strip();
                    if (text.matches("\\d+") && belongsHere(Long.parseLong(text))) {
                        pids.add(Long.parseLong(text));
                    }
                }
            }
            pids.forEach(Home::kill);
            try (Stream<Path> files = Files.walk(path)) {
                files.sorted(Comparator.reverseOrder()).forEach(file -> {
                    try {
                        Files.deleteIfExists(file);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the process was started for this home: only such a one may be ended. */
    private boolean belongsHere(long pid) {
        try {
            return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .contains(path.toString());
        } catch (IOException e) {
            return false;
        }
    }
}
