// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The guest {@code m} of a home, directories of the host that are shown to it, and the scripts that try in it what a
 * mount must do ({@code mount-suite.py}), must not do ({@code mount-attacks.py}) and must survive
 * ({@code mount-load.py}).
 */
final class MountedGuest implements AutoCloseable {
    /** Seconds; see {@link GuestIT}. */
    static final long BOOT = 540;

    /** Seconds for one run of a script, on a machine that does other things beside. */
    private static final long SCRIPT = 300;

    private static final List<String> MODULES =
            List.of("mount_checks.py", "mount_files.py", "mount_model.py", "mount_reading.py", "mount_writing.py");

    private static final String SECRET = "host's secret\n";

    final Home home = Home.create();

    /** Holds all directories that are shown; nothing else in it is. */
    final Path shared;

    private MountedGuest(Path shared) {
        this.shared = shared;
    }

    static MountedGuest create() {
        return new MountedGuest(SharedDirectory.make("jlmounts"));
    }

    static boolean isRoot() {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes a directory to show, with what the suite wants to find. */
    Path directory(String name) throws IOException {
        return SuiteDirectory.make(home, Files.createDirectory(shared.resolve(name)));
    }

    Home.Result run(String script) {
        return home.limactl("shell", "--workdir", "/", "m", "sh", "-c", script);
    }

    boolean works(String script) {
        return run(script).code() == 0;
    }

    /** Restarts it from the inside, and returns when the next boot lets somebody in. */
    void reboot() {
        String before = run("cat /proc/sys/kernel/random/boot_id").out();
        run("sudo systemctl reboot");
        Home.eventually("another boot", Duration.ofSeconds(180), () -> {
            Home.Result now = run("cat /proc/sys/kernel/random/boot_id");
            return now.code() == 0 && !now.out().equals(before);
        });
    }

    /** A directory to show that has room for 8 MiB; as root only. */
    Path smallDisk(String name) throws IOException {
        Path small = Files.createDirectory(shared.resolve(name));
        Home.Result mounted = home.shell("mount -t tmpfs -o size=8m,mode=1777 tmpfs " + small);
        assertThat(mounted.code()).as(mounted.all()).isZero();
        return small;
    }

    /** Fills a small disk, finds it full, and finds nothing broken; leaves it empty. */
    void fillsUp(String point, Path small) throws IOException {
        Files.writeString(small.resolve("before"), "before");
        Home.Result full = run("cd " + point + "; LC_ALL=C; export LC_ALL; head -c 20000000 /dev/zero >zeros;"
                + " df --output=avail . | tail -n 1");
        assertThat(full.err()).contains("No space left on device");
        assertThat(full.out().strip()).isEqualTo("0");
        assertThat(home.good("mount", "list", "m").out().lines())
                .filteredOn(line -> line.endsWith(": the host's disk is full, nothing more can be written there"))
                .singleElement()
                .asString()
                .startsWith(small + " on " + point + " ");
        assertThat(run("cat " + point + "/before").out()).isEqualTo("before");
        long size = Files.size(small.resolve("zeros"));
        assertThat(size).isBetween(4_000_000L, 8_388_608L);
        // What a guest believes of a size lasts for a second.
        Home.eventually(
                "the guest sees what is there",
                () -> run("cat " + point + "/zeros | wc -c").out().equals(size + "\n"));
        assertThat(run("tr -d '\\000' <" + point + "/zeros | wc -c").out()).isEqualTo("0\n");
        assertThat(works("cd " + point + " && rm zeros && echo after >after")).isTrue();
        assertThat(small.resolve("after")).hasContent("after");
        Files.delete(small.resolve("after"));
        Files.delete(small.resolve("before"));
    }

    /**
     * Lets the suite run, and looks at what it has left on the host.
     *
     * @param skipped names of checks
     */
    void passesTheSuite(String point, boolean writable, List<String> skipped) throws IOException {
        Path directory = location(point);
        FileStore store = Files.getFileStore(directory);
        List<String> words = new ArrayList<>(List.of(
                point,
                writable ? "rw" : "ro",
                sha256(directory.resolve("data")),
                Long.toString(store.getTotalSpace()),
                Long.toString(store.getUsableSpace())));
        words.addAll(skipped);
        List<String> lines = passes("mount-suite.py", false, words);
        assertThat(lines).filteredOn(line -> line.startsWith("ok ")).hasSize((writable ? 36 : 12) - skipped.size());
        List<String> left =
                lines.stream().filter(line -> line.startsWith("left ")).toList();
        for (String line : left) {
            String[] parts = line.split(" ");
            Path file = directory.resolve(parts[1]);
            assertThat(sha256(file)).as("%s on the host", file).isEqualTo(parts[2]);
            Files.delete(file);
        }
        List<String> leavers = new ArrayList<>(List.of(
                "read_write", "concurrent_writers", "mmap_write", "random_operations", "random_operations_with_maps"));
        leavers.removeAll(skipped);
        assertThat(left).hasSize(writable ? leavers.size() : 0);
    }

    /** What is shown at a mount point. */
    private Path location(String point) {
        return home.good("mount", "list", "m")
                .out()
                .lines()
                .filter(line -> line.contains(" on " + point + " ("))
                .map(line -> Path.of(line.substring(0, line.indexOf(" on " + point + " ("))))
                .findFirst()
                .orElseThrow();
    }

    private static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The host puts one version of a file in the place of another all the time, and what the guest reads meanwhile is
     * a whole one each time, and not always the same.
     */
    void seesWholeVersions(String point) throws IOException, InterruptedException {
        Path directory = location(point);
        Path file = directory.resolve("version");
        Files.writeString(file, "0000\n".repeat(40_000));
        Process reader = home.start("shell", "--workdir", "/", "m", "python3", "-c", """
                import sys
                seen = set()
                while len(seen) < 10:
                    with open(sys.argv[1]) as file:
                        lines = file.read().split("\\n")
                    assert len(lines) == 40001 and lines.pop() == "", len(lines)
                    assert len(set(lines)) == 1, sorted(set(lines))
                    seen.add(lines[0])
                print("whole")
                """, point + "/version");
        for (int i = 1; !reader.waitFor(10, TimeUnit.MILLISECONDS); i++) {
            Path fresh = Files.writeString(
                    directory.resolve("version.new"),
                    "%04d\n".formatted(i % 10_000).repeat(40_000));
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        }
        Home.Result result = Home.await(reader, "", SCRIPT);
        assertThat(result.out()).as(result.all()).isEqualTo("whole\n");
        Files.delete(file);
    }

    /**
     * Lets the guest's root at it.
     *
     * @param directory what is shown at the point
     * @param skipped names of checks
     */
    void withstandsRoot(String point, boolean writable, Path directory, List<String> skipped) throws IOException {
        Path secret = Files.writeString(shared.resolve("secret"), SECRET);
        Map<String, String> above = facts(shared, 1);
        Map<String, String> before = writable ? Map.of() : facts(directory, Integer.MAX_VALUE);
        List<String> words = new ArrayList<>(List.of(point, writable ? "rw" : "ro", secret.toString()));
        words.addAll(skipped);
        List<String> lines = passes("mount-attacks.py", true, words);
        assertThat(lines).filteredOn(line -> line.startsWith("ok ")).hasSize((writable ? 7 : 1) - skipped.size());
        assertThat(facts(shared, 1)).as("what is beside it").isEqualTo(above);
        if (!writable) {
            assertThat(facts(directory, Integer.MAX_VALUE)).as("what is in it").isEqualTo(before);
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                int mode = (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                if (!skipped.contains("devices")) {
                    assertThat(mode & 0170000).as("%s", file).isIn(0100000, 0040000, 0120000);
                }
                if (!skipped.contains("set_uid") && (mode & 0170000) == 0100000) {
                    assertThat(mode & 06000).as("%s", file).isZero();
                }
            }
        }
    }

    /** Runs one of our scripts, with the modules that it may import beside it. */
    private List<String> passes(String name, boolean asRoot, List<String> arguments) {
        StringBuilder text = new StringBuilder("set -e\nfolder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n");
        for (String file : Stream.concat(MODULES.stream(), Stream.of(name)).toList()) {
            text.append("cat >\"$folder/%s\" <<'END OF FILE'\n%sEND OF FILE\n".formatted(file, script(file)));
        }
        text.append("python3 \"$folder/%s\" \"$@\" </dev/null\n".formatted(name));
        List<String> words = new ArrayList<>(List.of("shell", "--workdir", "/", "m"));
        words.addAll(asRoot ? List.of("sudo", "sh", "-s") : List.of("sh", "-s"));
        words.addAll(arguments);
        Home.Result result = Home.await(home.start(words.toArray(String[]::new)), text.toString(), SCRIPT);
        assertThat(result.code()).as(result.all()).isZero();
        return result.out().lines().toList();
    }

    /** Kinds, modes, owners, sizes, times and where links lead, of all that is at most so deep. */
    private static Map<String, String> facts(Path directory, int depth) throws IOException {
        Map<String, String> facts = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory, depth)) {
            for (Path file : files.skip(1).toList()) {
                // Sizes and links of a directory differ with what is in it, which is listed itself.
                String wanted = "unix:mode,uid,gid"
                        + (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) ? "" : ",size,nlink,lastModifiedTime");
                Map<String, Object> all = Files.readAttributes(file, wanted, LinkOption.NOFOLLOW_LINKS);
                String target = Files.isSymbolicLink(file) ? " to " + Files.readSymbolicLink(file) : "";
                facts.put(directory.relativize(file).toString(), new TreeMap<>(all) + target);
            }
        }
        return facts;
    }

    /** Begins to write files in the guest, which goes on whatever becomes of the daemon. */
    void beginLoad(String point, int files) {
        Home.Result begun = home.limactlFed(
                script("mount-load.py"),
                "shell",
                "--workdir",
                "/",
                "m",
                "sh",
                "-c",
                "cat >/tmp/load.py; rm -f \"$3.end\"; mkdir \"$1\";"
                        + " nohup sh -c 'python3 /tmp/load.py \"$1\" \"$2\" >\"$3.new\" 2>&1;"
                        + " mv \"$3.new\" \"$3.end\"' sh \"$@\" >/dev/null 2>&1 </dev/null &",
                "sh",
                point + "/load",
                Integer.toString(files),
                news(point));
        assertThat(begun.code()).as(begun.all()).isZero();
    }

    /** Where in the guest it is written how the load at a place has ended; without the ending of a file's name. */
    private static String news(String point) {
        return "/tmp/load" + point.replaceAll("[^a-z-]", ".");
    }

    /** Waits until it has written all, and looks at each file on the host. */
    void loadIsComplete(String point, Path directory, int files) throws IOException {
        String end = news(point) + ".end";
        Home.eventually("the end of the load", Duration.ofMinutes(3), () -> works("[ -e " + end + " ]"));
        assertThat(run("cat " + end).out()).isEqualTo("all " + files + "\n");
        loadIsSound(directory, files);
        try (Stream<Path> left = Files.list(directory.resolve("load"))) {
            assertThat(left).hasSize(files);
        }
    }

    /** Looks at the first files on the host. */
    static void loadIsSound(Path directory, int files) throws IOException {
        for (int i = 0; i < files; i++) {
            assertThat(Files.readString(directory.resolve("load/" + i)))
                    .as("file " + i)
                    .isEqualTo((i + "\n").repeat(3000));
        }
    }

    private static String script(String name) {
        try (var in = MountedGuest.class.getResourceAsStream(name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        home.close();
        home.shell("for disk in " + shared + "/small*; do ! mountpoint -q \"$disk\" || umount -l \"$disk\"; done");
        SharedDirectory.remove(shared);
    }
}
