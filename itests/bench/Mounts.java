// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Takes those figures of mounts that are about time lost and memory, in the guest that {@code mounts.sh} has made: how
 * long one and eight mounts by reverse-sshfs take to attach, how long a mount is away when something dies, and whether
 * the daemon grows. Run it with {@code java itests/bench/Mounts.java LIMACTL INSTANCE SHARE [PART...]}; the parts are
 * attach, recovery and memory, and LIMA_HOME is in the environment.
 */
public final class Mounts {
    private static final int ROUNDS = Integer.parseInt(System.getenv().getOrDefault("ROUNDS", "5"));

    /** Mounts that {@code mounts.sh} has made for this, at /mnt/a1 and so on; and one that is not of them, at /mnt/one. */
    private static final int MANY = 8;

    private static final int CYCLES = Integer.parseInt(System.getenv().getOrDefault("CYCLES", "10000"));

    /** Of the file that is read while the daemon's memory is looked at. */
    private static final int MEBIBYTES = Integer.parseInt(System.getenv().getOrDefault("BIG", "4096"));

    /** So many good answers after one another, 20 ms apart, mean that the guest is done with what went before. */
    private static final int SETTLED = 150;

    /** A probe that takes longer than this has waited for something, in milliseconds. */
    private static final long SLOW = 150;

    /** In the guest: unmounts some and waits until they are mounted again, and used. */
    private static final String ATTACH = """
            import os, select, subprocess, sys, time
            points = sys.argv[1:]
            news = select.poll()
            file = open("/proc/self/mountinfo")
            news.register(file, select.POLLPRI | select.POLLERR)
            subprocess.run(["umount"] + points, check=True)
            begun = time.monotonic()
            while points:
                try:
                    open(points[-1] + "/note").close()
                    points.pop()
                except OSError:
                    news.poll(50)
                    file.seek(0)
                    file.read()
            print(round((time.monotonic() - begun) * 1000))
            """;

    /** In the guest: says every 20 ms whether a file can be opened, and how long that took. */
    private static final String PROBE = """
            import sys, time
            while True:
                begun = time.monotonic()
                try:
                    open(sys.argv[1]).close()
                    word = "good"
                except OSError:
                    word = "bad"
                print(word, round((time.monotonic() - begun) * 1000), flush=True)
                time.sleep(0.02)
            """;

    /** In the guest: writes files whatever happens to the mount, until it is told that it is enough; says how many. */
    private static final String LOAD = """
            import os, sys, time
            i = 0
            while not os.path.exists("/tmp/enough"):
                data = b"%d\\n" % i * 3000
                try:
                    with open("%s/%d" % (sys.argv[1], i), "wb") as f:
                        f.write(data)
                        f.flush()
                        os.fsync(f.fileno())
                    i += 1
                except OSError:
                    time.sleep(0.05)
            print(i)
            """;

    private static final String CYCLE = """
            import os, sys
            for i in range(int(sys.argv[2])):
                fd = os.open("%s/f%d" % (sys.argv[1], i % 200), os.O_RDWR | os.O_CREAT)
                os.write(fd, b"x")
                os.close(fd)
            """;

    private final String limactl;
    private final String instance;
    private final Path share;
    private final Path home = Path.of(System.getenv("LIMA_HOME"));

    private Mounts(String limactl, String instance, Path share) {
        this.limactl = limactl;
        this.instance = instance;
        this.share = share;
    }

    public static void main(String[] words) throws Exception {
        Set<String> parts = words.length > 3
                ? Set.copyOf(Arrays.asList(words).subList(3, words.length))
                : Set.of("attach", "recovery", "memory");
        Mounts bench = new Mounts(words[0], words[1], Path.of(words[2]));
        if (parts.contains("attach")) {
            bench.attach();
        }
        if (parts.contains("recovery")) {
            bench.recovery();
        }
        if (parts.contains("memory")) {
            bench.memory();
        }
    }

    private static void line(String what, String figure, String aim) {
        System.out.printf("%-58s %-30s %s%n", what, figure, aim);
    }

    private static String run(List<String> command, String input) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + " ended with " + process.exitValue());
        }
        return out.strip();
    }

    private String guest(String input, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(limactl, "shell", "--workdir", "/", instance));
        command.addAll(List.of(words));
        return run(command, input);
    }

    /** A command in the guest by a connection that the daemon has nothing to do with. */
    private List<String> ssh(String command) {
        return List.of(
                "ssh",
                "-F",
                home.resolve(instance + "/ssh.config").toString(),
                "-o",
                "ControlPath=none",
                "-o",
                "ControlMaster=no",
                "lima-" + instance,
                command);
    }

    private void attach() throws Exception {
        List<Long> one = new ArrayList<>();
        List<Long> many = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            one.add(attach(List.of("/mnt/one")));
            many.add(attach(IntStream.rangeClosed(1, MANY)
                    .mapToObj(i -> "/mnt/a" + i)
                    .toList()));
        }
        line("one mount attaches, from its being unmounted on", median(one) + " ms", "");
        line(
                MANY + " mounts attach at once (" + median(many) + " ms), of the time of one",
                "x %.2f".formatted((double) median(many) / median(one)),
                "x 1.5");
    }

    private long attach(List<String> points) throws Exception {
        List<String> command = new ArrayList<>(List.of("sudo", "python3", "-"));
        command.addAll(points);
        return Long.parseLong(guest(ATTACH, command.toArray(String[]::new)));
    }

    private static long median(List<Long> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** Listens to a probe in the guest by ssh of its own, which outlives the daemon. */
    private final class Probe implements AutoCloseable {
        private record Answer(boolean good, long took, long at) {}

        private final Process process;
        private final LinkedBlockingQueue<Answer> answers = new LinkedBlockingQueue<>();

        Probe(String file) throws Exception {
            guest(PROBE, "tee", "/tmp/probe.py");
            process = new ProcessBuilder(ssh("python3 /tmp/probe.py " + file))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Thread.ofVirtual().start(() -> {
                try (BufferedReader lines = new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                        String[] words = line.split(" ");
                        answers.add(new Answer(words[0].equals("good"), Long.parseLong(words[1]), System.nanoTime()));
                    }
                } catch (IOException e) {
                    // Its end is this side's own doing; whoever still waits for an answer says so.
                    answers.clear();
                }
            });
        }

        private Answer next() throws Exception {
            Answer answer = answers.poll(120, TimeUnit.SECONDS);
            if (answer == null) {
                throw new IOException("the probe in the guest is silent");
            }
            return answer;
        }

        void awaitGood() throws Exception {
            for (int good = 0; good < SETTLED; ) {
                Answer answer = next();
                good = answer.good() && answer.took() < SLOW ? good + 1 : 0;
            }
        }

        /**
         * Milliseconds from the moment that the cause has gone, or that the first program notices it if that is later,
         * until programs get what they ask for.
         *
         * @param since {@link System#nanoTime()} when the cause went
         */
        long back(long since) throws Exception {
            long noticed = 0;
            while (true) {
                Answer answer = next();
                long begun = answer.at() - TimeUnit.MILLISECONDS.toNanos(answer.took());
                if (!answer.good() || answer.took() > SLOW) {
                    noticed = noticed == 0 ? begun : noticed;
                }
                if (answer.good() && noticed != 0 && answer.at() > since) {
                    return TimeUnit.NANOSECONDS.toMillis(answer.at() - Math.max(since, noticed));
                }
                if (noticed == 0 && answer.at() - since > TimeUnit.SECONDS.toNanos(4)) {
                    return 0;
                }
            }
        }

        @Override
        public void close() {
            process.destroy();
        }
    }

    @FunctionalInterface
    private interface Cause {
        /** Returns when it has gone again. */
        void happen() throws Exception;
    }

    private void recovery() throws Exception {
        for (String way : List.of("direct", "ssh")) {
            String openssh = "openssh-" + way;
            String builtin = "builtin-" + way;
            away("sftp-server killed, " + way, openssh, () -> killServers());
            away("sshfs in the guest killed, " + way, builtin, () -> guest("", "pkill", "-KILL", "-f", "^sshfs .*/" + builtin));
            away("daemon killed and started, " + way, builtin, this::replaceDaemon);
            underLoad("daemon killed under load and started, " + way, builtin);
        }
        away(
                "ssh connection lost, ssh",
                "builtin-ssh",
                // By a connection of its own: the mount may be on the one that commands go by.
                () -> run(
                        ssh("sudo kill -9 $(ps -o ppid= -p $(pgrep -f '^sshfs .*/builtin-ssh'))"), ""));
        away("directory of the host removed and made again", "a1", this::replaceDirectory);
    }

    private void away(String what, String word, Cause cause) throws Exception {
        List<Long> times = new ArrayList<>();
        try (Probe probe = new Probe("/mnt/" + word + "/note")) {
            for (int round = 0; round < ROUNDS; round++) {
                probe.awaitGood();
                // What happens in the guest is over before this side knows.
                long begun = System.nanoTime();
                cause.happen();
                times.add(probe.back(what.contains("daemon") || what.contains("directory") ? System.nanoTime() : begun));
            }
        }
        line("back after: " + what, median(times) + " ms, at most " + times.stream().max(Long::compare).get(), "2000 ms");
    }

    /** Beside that, files are written; each must be whole on the host. */
    private void underLoad(String what, String word) throws Exception {
        Path directory = share.resolve("load-" + word);
        guest("", "mkdir", "/mnt/" + word + "/load-" + word);
        guest(LOAD, "tee", "/tmp/load.py");
        Process load = new ProcessBuilder(ssh("python3 /tmp/load.py /mnt/" + word + "/load-" + word))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        away(what, word, this::replaceDaemon);
        run(ssh("touch /tmp/enough"), "");
        int files = Integer.parseInt(new String(load.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        int whole = 0;
        for (int i = 0; i < files; i++) {
            whole += Files.readString(directory.resolve(Integer.toString(i))).equals((i + "\n").repeat(3000)) ? 1 : 0;
        }
        line("  files written meanwhile, and those that are whole", files + ", " + whole, "all");
        run(ssh("rm /tmp/enough; rm -r /mnt/" + word + "/load-" + word), "");
    }

    private void killServers() {
        // Those of this daemon: others of this host have nothing to do with it.
        ProcessHandle.of(daemon()).orElseThrow().children()
                .filter(p -> p.info().command().orElse("").endsWith("sftp-server"))
                .forEach(ProcessHandle::destroyForcibly);
    }

    private long daemon() {
        try {
            return Long.parseLong(Files.readString(home.resolve("_daemon/lock")).strip());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void replaceDaemon() throws Exception {
        ProcessHandle old = ProcessHandle.of(daemon()).orElseThrow();
        old.destroyForcibly();
        old.onExit().get();
        run(List.of(limactl, "list", "-q"), "");
    }

    private void replaceDirectory() throws Exception {
        Path directory = share.resolveSibling("a1");
        Files.delete(directory.resolve("note"));
        Files.delete(directory);
        // A removed directory makes no event: it is what the keepers find in these moments that is measured from here on.
        Thread.sleep(500);
        Files.createDirectory(directory);
        Files.writeString(directory.resolve("note"), "note\n");
    }

    private record Held(long heap, long resident) {}

    private Held held() throws Exception {
        String jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd").toString();
        run(List.of(jcmd, Long.toString(daemon()), "GC.run"), "");
        String text = run(List.of(jcmd, Long.toString(daemon()), "GC.heap_info"), "");
        long heap = Pattern.compile("(?:Tenured|tenured generation) +total \\d+K, used (\\d+)K")
                .matcher(text)
                .results()
                .mapToLong(r -> Long.parseLong(r.group(1)))
                .sum();
        long resident = Files.readAllLines(Path.of("/proc/" + daemon() + "/status")).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("[^0-9]", "")))
                .sum();
        return new Held(heap, resident);
    }

    private void memory() throws Exception {
        Path big = share.resolve("big");
        try (var file = Files.newByteChannel(
                big, Set.of(java.nio.file.StandardOpenOption.CREATE_NEW, java.nio.file.StandardOpenOption.WRITE))) {
            file.position((long) MEBIBYTES * 1024 * 1024 - 1).write(java.nio.ByteBuffer.wrap(new byte[1]));
        }
        for (String word : List.of("builtin-direct", "openssh-direct")) {
            String directory = "/mnt/" + word + "/cycles";
            guest("", "mkdir", directory);
            // What is made once has been made by then.
            guest(CYCLE, "python3", "-", directory, "500");
            Held before = held();
            guest(CYCLE, "python3", "-", directory, Integer.toString(CYCLES));
            Held cycled = held();
            guest("", "dd", "if=/mnt/" + word + "/big", "of=/dev/null", "bs=1M", "status=none");
            Held after = held();
            guest("", "rm", "-r", directory);
            line(
                    word + ": daemon's heap before, after " + CYCLES + " cycles, after " + MEBIBYTES + " MiB",
                    "%d, %d, %d KiB".formatted(before.heap(), cycled.heap(), after.heap()),
                    "no growth");
            line(
                    "  its resident memory",
                    "%d, %d, %d MiB".formatted(before.resident() >> 10, cycled.resident() >> 10, after.resident() >> 10),
                    "");
        }
        Files.delete(big);
    }
}
