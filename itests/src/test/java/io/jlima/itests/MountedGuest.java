// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

    private static final String SECRET = "host's secret\n";

    final Home home = Home.create();

    /** Holds all directories that are shown; nothing else in it is. */
    final Path shared;

    private MountedGuest(Path shared) {
        this.shared = shared;
    }

    static MountedGuest create() {
        try {
            Path directory = Files.createTempDirectory(Path.of("/tmp"), "jlmounts");
            return new MountedGuest(
                    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        Path directory = Files.createDirectory(shared.resolve(name));
        Files.createDirectories(directory.resolve("deep/er"));
        Files.createDirectory(directory.resolve("many"));
        for (int i = 0; i < 10_000; i++) {
            Files.createFile(directory.resolve("many/entry-%05d".formatted(i)));
        }
        Files.writeString(directory.resolve("note"), "from the host\n");
        Files.writeString(directory.resolve("deep/er/file"), "deep\n");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("note"));
        Files.createDirectory(directory.resolve("links"));
        Files.createSymbolicLink(directory.resolve("links/dangling"), Path.of("nowhere/at all"));
        Files.createSymbolicLink(directory.resolve("links/absolute"), Path.of("/etc/hostname"));
        Files.createSymbolicLink(directory.resolve("links/up"), Path.of("../note"));
        Files.createSymbolicLink(directory.resolve("links/directory"), Path.of("../deep"));
        byte[] data = new byte[3 * 1024 * 1024 + 17];
        new Random(name.hashCode()).nextBytes(data);
        Files.write(directory.resolve("data"), data);
        try (FileChannel far =
                FileChannel.open(directory.resolve("far"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            far.write(ByteBuffer.wrap("far out".getBytes(StandardCharsets.UTF_8)), (1L << 32) + 12345);
        }
        Home.Result made = home.shell(HOST_FILES.formatted(directory.toString().replace("'", "'\\''"), repository()));
        assertThat(made.code()).as(made.all()).isZero();
        return directory;
    }

    /** Names that are no text, and what else a shell says in fewer words. */
    private static final String HOST_FILES = """
            set -e
            umask 022
            cd '%s'
            mkdir names facts facts/directory
            long=$(printf %%0255d 0 | tr 0 n)
            for name in 'two words' ' edges ' 'new\\nline' 'tab\\t' ' gr\\303\\274\\303\\237e \\342\\234\\223 \\360\\235\\204\\236 ' \
                    'caf\\351 \\377\\376' '\\047quoted\\042' '-n' 'back\\134slash' Case case "$long"; do
                printf -- "$name" >"names/$(printf -- "$name")"
            done
            for mode in 600 640 755 444; do
                head -c "$((0$mode))" /dev/zero >facts/$mode
                chmod $mode facts/$mode
                touch -d @1234567890 facts/$mode
            done
            chmod 751 facts/directory
            touch -d @1234567890 facts/directory
            cp -r '%s' repository
            """;

    /** A repository of two commits, which the directories get copies of. */
    private Path repository() {
        Path repository = home.path.resolve("repository");
        if (!Files.exists(repository)) {
            Home.Result made = home.shell("""
                    set -e
                    umask 022
                    git init -q '%1$s'
                    cd '%1$s'
                    git config user.name u
                    git config user.email u@example.com
                    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                        head -c 3000 /dev/urandom >$i
                    done
                    git add .
                    git commit -q -m one
                    echo more >1
                    git commit -q -a -m two
                    """.formatted(repository));
            assertThat(made.code()).as(made.all()).isZero();
        }
        return repository;
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
    Path smallDisk() throws IOException {
        Path small = Files.createDirectory(shared.resolve("small"));
        Home.Result mounted = home.shell("mount -t tmpfs -o size=8m,mode=1777 tmpfs " + small);
        assertThat(mounted.code()).as(mounted.all()).isZero();
        return small;
    }

    /** Fills the small disk, finds it full, and finds nothing broken; leaves it empty. */
    void fillsUp(String point, Path small, String words) throws IOException {
        Files.writeString(small.resolve("before"), "before");
        Home.Result full = run("cd " + point + "; LC_ALL=C; export LC_ALL; head -c 20000000 /dev/zero >zeros;"
                + " df --output=avail . | tail -n 1");
        assertThat(full.err()).contains(words);
        assertThat(full.out().strip()).isEqualTo("0");
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

    /** Who owns what, as a container of the guest's user, one of its root, and the guest itself see it. */
    private static final String OWNERS = """
            set -e
            cd "$1"
            touch u
            sudo touch r
            unshare --user --map-root-user sh -ec 'touch i; stat -c "%n %u:%g" u r i
                chown 0:0 i; for to in 1:1 0:1; do if chown $to i 2>/dev/null; then echo i to $to; fi; done
                if chown 0:0 r 2>/dev/null; then echo r taken; fi'
            echo --
            sudo unshare --mount --propagation private sh -ec 'mount --bind "$PWD" /opt; cd /opt; touch s
                chown 33:34 s; chown 1234:1235 u; stat -c "%n %u:%g" u r i s
                setpriv --reuid 33 --regid 34 --clear-groups sh -ec "echo x >s; touch w
                    if chown 1:1 w 2>/dev/null; then echo w given; fi"'
            echo --
            stat -c "%n %u:%g" u r i s w
            """;

    /**
     * A rootless container sees what is its user's as its root's and all else as nobody's, and gives nothing away; one
     * with the guest's own root sees the guest's numbers, and what it gives away is away.
     *
     * @param directory what is shown at the point, which anybody may write into
     * @param real whether the host's files have those owners; else all are this user's
     */
    void showsOwnersToContainers(String point, Path directory, boolean real) throws IOException {
        String self = run("echo $(id -u):$(id -g)").out().strip();
        Home.Result seen = home.limactlFed(OWNERS, "shell", "--workdir", "/", "m", "sh", "-s", point);
        assertThat(seen.out()).as(point + ": " + seen.all()).isEqualTo("""
                u 0:0
                r 65534:65534
                i 0:0
                --
                u 1234:1235
                r 0:0
                i %1$s
                s 33:34
                --
                u 1234:1235
                r 0:0
                i %1$s
                s 33:34
                w 33:34
                """.formatted(self));
        assertThat(seen.code()).as(seen.all()).isZero();
        Map<String, String> owners = new TreeMap<>();
        for (String name : List.of("u", "r", "i", "s", "w")) {
            Map<String, Object> facts = Files.readAttributes(directory.resolve(name), "unix:uid,gid");
            owners.put(name, facts.get("uid") + ":" + facts.get("gid"));
        }
        Map<String, Object> own = Files.readAttributes(Path.of("/proc/self"), "unix:uid,gid");
        String ours = own.get("uid") + ":" + own.get("gid");
        assertThat(owners)
                .as(point)
                .isEqualTo(
                        real
                                ? Map.of("u", "1234:1235", "r", "0:0", "i", self, "s", "33:34", "w", "33:34")
                                : Map.of("u", ours, "r", ours, "i", ours, "s", ours, "w", ours));
        assertThat(works("cd '" + point + "' && sudo rm u r i s w")).isTrue();
    }

    private List<String> passes(String name, boolean asRoot, List<String> arguments) {
        List<String> words = new ArrayList<>(List.of("shell", "--workdir", "/", "m"));
        words.addAll(asRoot ? List.of("sudo", "python3", "-") : List.of("python3", "-"));
        words.addAll(arguments);
        Home.Result result = Home.await(home.start(words.toArray(String[]::new)), script(name), SCRIPT);
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
        home.shell("! mountpoint -q " + shared + "/small || umount -l " + shared + "/small");
        try (Stream<Path> files = Files.walk(shared)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
