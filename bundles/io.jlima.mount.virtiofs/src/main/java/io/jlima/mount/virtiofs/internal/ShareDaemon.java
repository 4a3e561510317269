// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The virtiofsd of one mount. It outlives the daemon, and ends by itself when QEMU hangs up. Its files are in the
 * instance's directory: the socket, the log, and a mark by which a later daemon finds the very process, and the directory
 * that it was given.
 */
final class ShareDaemon {
    /** Longer than any start takes on a loaded machine. */
    private static final int LISTEN_SECONDS = 60;

    private static final int TRY_EVERY_MS = 5;

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /** "lima-" and what tells a mount from others, of which this much does. */
    private static final int NAME_BEGIN = 5;

    private static final int NAME_END = 13;

    private final Path directory;
    private final Path location;
    private final String name;

    /**
     * @param directory of the instance
     * @param mount may have another place in the configuration when a later daemon looks, so it is known by its tag
     */
    ShareDaemon(Path directory, Mount mount) {
        this.directory = directory;
        this.location = Path.of(mount.location());
        this.name = "virtiofsd-" + mount.tag().substring(NAME_BEGIN, NAME_END);
    }

    Path socket() {
        return directory.resolve(name + ".sock");
    }

    Path log() {
        return directory.resolve(name + ".log");
    }

    /** The one in Rust makes it and has no option for that. */
    private Path pidFile() {
        return directory.resolve(name + ".sock.pid");
    }

    private Path mark() {
        return directory.resolve(name + ".mark");
    }

    /**
     * Starts it, and returns when it listens. One that was left by an earlier machine is ended first.
     *
     * @throws LimaException with its own words when it does not
     */
    void start(List<String> command, HostEnvironment caller) throws InterruptedException {
        end();
        Process process;
        try {
            Files.deleteIfExists(log());
            Files.createFile(log());
            List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", "umask 0077; exec setsid \"$@\"", "sh"));
            words.addAll(command);
            process = caller.apply(new ProcessBuilder(words))
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(log().toFile())
                    .start();
            write(identity(process.pid()).orElse("gone") + "\n" + fileKey());
        } catch (IOException e) {
            throw new LimaException("virtiofsd cannot be started in " + directory, e);
        }
        try {
            awaitSocket(process);
        } catch (InterruptedException | LimaException e) {
            end();
            throw e;
        }
    }

    /** To connect is no way to try: the first who does is taken for the machine. */
    private void awaitSocket(Process process) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LISTEN_SECONDS);
        while (!isListening()) {
            // The wait between two looks is one for the end of the process, so that a failure shows at once.
            if (process.waitFor(TRY_EVERY_MS, TimeUnit.MILLISECONDS)) {
                throw new LimaException(
                        "virtiofsd has ended at once, with exit code " + process.exitValue(), lastWords(), null, null);
            }
            if (System.nanoTime() > deadline) {
                throw new LimaException(
                        "virtiofsd does not listen within " + LISTEN_SECONDS + " s", lastWords(), null, null);
            }
        }
    }

    /** The fourth column has the flag {@code SO_ACCEPTCON}, the last the path; see unix(7) and proc(5). */
    private boolean isListening() {
        String end = " " + socket();
        try (Stream<String> lines = Files.lines(Path.of("/proc/net/unix"), StandardCharsets.ISO_8859_1)) {
            String wanted = new String(end.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            return lines.anyMatch(line -> line.endsWith(wanted) && line.contains(" 00010000 "));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /** What it said last, in one line. */
    String lastWords() {
        try {
            List<String> lines = new String(Files.readAllBytes(log()), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            return String.join("; ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }

    /** The process, if it still is the one that was started. */
    Optional<ProcessHandle> running() {
        String marked = marked(0);
        String pid = marked.split(" ", 2)[0];
        if (!pid.matches("[0-9]{1,18}")) {
            return Optional.empty();
        }
        long number = Long.parseLong(pid);
        return identity(number).filter(marked::equals).flatMap(same -> ProcessHandle.of(number));
    }

    /** Whether what it was given is still at its place. It goes on with that, wherever it has gone. */
    boolean isInPlace() {
        return marked(1).equals(fileKey());
    }

    /** Device and inode of what is at the place now. Those of a directory that somebody holds open are not used again. */
    private String fileKey() {
        try {
            return new TreeMap<>(Files.readAttributes(location, "unix:dev,ino")).toString();
        } catch (IOException e) {
            return "nothing";
        }
    }

    /** A line of the mark, empty when there is none. */
    private String marked(int line) {
        try {
            return Files.readString(mark()).lines().skip(line).findFirst().orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    /** Ends it, if it runs, and removes its socket and what tells of a process. */
    void end() throws InterruptedException {
        Optional<ProcessHandle> process = running();
        if (process.isPresent()) {
            // A second process of it, in the namespaces, may outlive the first for a moment.
            List<ProcessHandle> all =
                    Stream.concat(process.get().descendants(), process.stream()).toList();
            all.forEach(ProcessHandle::destroyForcibly);
            awaitEnd(process.get());
        }
        try {
            Files.deleteIfExists(socket());
            Files.deleteIfExists(pidFile());
            Files.deleteIfExists(mark());
        } catch (IOException e) {
            throw new LimaException("cannot remove " + socket(), e);
        }
    }

    /** Ends it and leaves nothing of it. */
    void discard() throws InterruptedException {
        end();
        try {
            Files.deleteIfExists(log());
        } catch (IOException e) {
            throw new LimaException("cannot remove " + log(), e);
        }
    }

    private static void awaitEnd(ProcessHandle process) throws InterruptedException {
        try {
            process.onExit().get(LISTEN_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new LimaException("process " + process.pid() + ", a virtiofsd, does not end", e);
        }
    }

    private void write(String text) throws IOException {
        Path fresh = directory.resolve(name + ".mark.new");
        Files.writeString(fresh, text + "\n");
        Files.move(fresh, mark(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Pid, start in clock ticks (field 22 of proc_pid_stat(5)) and the host's boot; empty when no such process lives.
     * The second field, in parentheses, may hold anything, so the fields are counted from the last of those.
     */
    private static Optional<String> identity(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            boolean dead = fields[0].equals("Z") || fields[0].equals("X");
            return dead
                    ? Optional.empty()
                    : Optional.of(pid + " " + fields[19] + " "
                            + Files.readString(BOOT_ID).strip());
        } catch (IOException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }
}
