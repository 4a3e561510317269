// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.GuestWords;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What must be true in the guest before an instance is ready, asked over its kept connection. */
final class Readiness {
    /** File that keeps what the guest's marks carry, for whoever meets the guest later. */
    static final String INSTANCE_ID = "instance-id";

    private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9-]+");

    /** How a guest asks itself: it looks every 200 ms, so that the host need not. */
    private static final String WAIT_FOR_ID = """
            until [ "$(cat %1$s 2>/dev/null)" = "%2$s" ]; do sleep 0.2; done""";

    /** A probe that fails is tried again by Lima too, 200 times in all; it waits 3 s in between, we a quarter of one. */
    private static final Duration PROBE_LIMIT = Duration.ofMinutes(10);

    private final InstanceConfig config;
    private final String instanceId;
    private final Supplier<List<String>> otherMountTypes;

    private static final String NO_FILE_SYSTEM = "no file system ";

    /** The boot script that mounts what the kernel knows; it fails for that reason, which is told instead. */
    private static final String MOUNTING = "/05-lima-mounts.sh";

    /** Steps that units of our own images run before {@code boot.sh} begins its log; systemd has their words. */
    private static final Pattern UNIT_STEP = Pattern.compile("guest/|provision\\.boot/");

    private static final String UNIT_WORDS = "`sudo journalctl -b -u 'jlima-guest*'`";

    /** Lists the boot scripts that failed, and the types of mounts that the kernel does not know. */
    private static final String FAILURES = "cat /run/lima-boot-failed 2>/dev/null; sort -u /run/lima-no-filesystem"
            + " 2>/dev/null | sed 's/^/" + NO_FILE_SYSTEM + "/'; true";

    /**
     * @param instanceId as in the guest's meta-data; the guest's own marks carry it
     */
    Readiness(InstanceConfig config, String instanceId) {
        this(config, instanceId, List::of);
    }

    /**
     * @param instanceId as in the guest's meta-data; the guest's own marks carry it
     * @param otherMountTypes words of drivers by which the host could mount the same directories
     */
    Readiness(InstanceConfig config, String instanceId, Supplier<List<String>> otherMountTypes) {
        if (!PLAIN_ID.matcher(instanceId).matches()) {
            throw new IllegalArgumentException("instance id " + instanceId);
        }
        this.config = config;
        this.instanceId = instanceId;
        this.otherMountTypes = otherMountTypes;
    }

    static void keepInstanceId(InstanceFolder folder, String instanceId) {
        folder.write(INSTANCE_ID, instanceId + "\n", "rw-r--r--");
    }

    /** @throws IOException when it was not jlima that made the guest's marks */
    static String instanceId(InstanceFolder folder) throws IOException {
        return Files.readString(folder.file(INSTANCE_ID)).strip();
    }

    /** Waits until logins keep: before that, the guest's first boot may end all sessions once. */
    void awaitSession(SshConnection connection, Duration limit) throws IOException, InterruptedException {
        if (!config.plain()) {
            check(connection.run(WAIT_FOR_ID.formatted("/run/lima-ssh-ready", instanceId), "", limit));
        }
    }

    /** Waits until the guest's boot scripts have ended, well or not. */
    void awaitBoot(SshConnection connection, Duration limit) throws IOException, InterruptedException {
        if (!config.plain()) {
            check(connection.run(WAIT_FOR_ID.formatted("/run/lima-boot-done", instanceId), "", limit));
        }
    }

    /** What the lines of {@link #FAILURES} say, for people. */
    private List<String> failures(List<String> lines) {
        boolean explained = lines.stream().anyMatch(line -> line.startsWith(NO_FILE_SYSTEM));
        return lines.stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !(explained && line.endsWith(MOUNTING)))
                .map(this::failure)
                .toList();
    }

    private String failure(String line) {
        if (!line.startsWith(NO_FILE_SYSTEM)) {
            return "the guest's boot script " + GuestWords.plain(line) + " failed; see "
                    + (UNIT_STEP.matcher(line).lookingAt() ? UNIT_WORDS : "/var/log/lima-boot.log") + " in the guest";
        }
        List<String> others = otherMountTypes.get();
        return "the guest's kernel has no " + GuestWords.plain(line.substring(NO_FILE_SYSTEM.length()))
                + ", so nothing is mounted by it; "
                + (others.isEmpty()
                        ? "there is no other mountType for it on this host"
                        : "mountType " + String.join(" or ", others) + " in lima.yaml can do without");
    }

    private static void check(SshConnection.Result result) throws IOException {
        if (result.exitCode() != 0) {
            throw new IOException("the guest's shell ended with " + result.exitCode() + ": "
                    + GuestWords.plain(result.stderr().strip()));
        }
    }

    /** The boot scripts that failed, one line each; empty when all is well. */
    List<String> failedSteps(SshConnection connection) throws IOException, InterruptedException {
        return config.plain()
                ? List.of()
                : failures(connection
                        .run(FAILURES, "", Duration.ofSeconds(30))
                        .stdout()
                        .lines()
                        .toList());
    }

    /** The probes that never succeeded, one line each; empty when all is well. */
    List<String> failedProbes(SshConnection connection) throws IOException, InterruptedException {
        List<String> failed = new ArrayList<>();
        for (InstanceConfig.Probe probe : config.probes()) {
            String words = firstFailure(connection, probe);
            if (!words.isEmpty()) {
                failed.add(words);
            }
        }
        return failed;
    }

    /** Runs a probe until it succeeds; the words of its last failure when it never does, else nothing. */
    private static String firstFailure(SshConnection connection, InstanceConfig.Probe probe)
            throws IOException, InterruptedException {
        // The guest repeats the probe itself; its script arrives on standard input and may be of any language.
        String runner = """
                f=$(mktemp) && cat >"$f" && chmod 700 "$f" && end=$(( $(date +%%s) + %d ));
                until o=$("$f" 2>&1); do
                  [ "$(date +%%s)" -lt "$end" ] || { rm -f "$f"; printf '%%s' "$o"; exit 1; }
                  sleep 0.25
                done; rm -f "$f"
                """.formatted(PROBE_LIMIT.toSeconds());
        SshConnection.Result result = connection.run(runner, probe.script(), PROBE_LIMIT.plusSeconds(60));
        if (result.exitCode() == 0) {
            return "";
        }
        return "probe \"" + probe.description() + "\" failed: "
                + GuestWords.plain((result.stdout() + result.stderr()).strip())
                + (probe.hint().isBlank() ? "" : " (" + probe.hint().strip() + ")");
    }

    /** An error of a guest that does not get ready, with the end of its console. */
    static LimaException notReady(String name, String step, Throwable cause, InstanceFolder folder) {
        return new LimaException(
                "instance `" + name + "` does not get ready: " + step,
                Stream.concat(
                                Stream.of(GuestWords.plain(String.valueOf(cause.getMessage()))),
                                GuestConsole.failures(folder.file("serial.log")).stream())
                        .collect(Collectors.joining("\n")),
                "The machine goes on running. Its console is in " + folder.file("serial.log") + "; end it with"
                        + " `limactl stop -f " + name + "`",
                cause);
    }
}
