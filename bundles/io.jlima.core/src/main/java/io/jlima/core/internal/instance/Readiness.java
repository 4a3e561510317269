// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.GuestWords;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What must be true in the guest before an instance is ready, asked over its kept connection. */
final class Readiness {
    private static final Pattern PLAIN_ID = Pattern.compile("[A-Za-z0-9-]+");

    /** How a guest asks itself: it looks every 200 ms, so that the host need not. */
    private static final String WAIT_FOR_ID = """
            until [ "$(cat %1$s 2>/dev/null)" = "%2$s" ]; do sleep 0.2; done""";

    /** A probe that fails is tried again by Lima too, 200 times in all; it waits 3 s in between, we a quarter of one. */
    private static final Duration PROBE_LIMIT = Duration.ofMinutes(10);

    private final InstanceConfig config;
    private final String instanceId;

    private static final String NO_FILE_SYSTEM = "no file system ";

    /** Lists the boot scripts that failed, and the types of mounts that the kernel does not know. */
    private static final String FAILURES = "cat /run/lima-boot-failed 2>/dev/null; sort -u /run/lima-no-filesystem"
            + " 2>/dev/null | sed 's/^/" + NO_FILE_SYSTEM + "/'; true";

    /**
     * @param instanceId as in the guest's meta-data; the guest's own marks carry it
     */
    Readiness(InstanceConfig config, String instanceId) {
        if (!PLAIN_ID.matcher(instanceId).matches()) {
            throw new IllegalArgumentException("instance id " + instanceId);
        }
        this.config = config;
        this.instanceId = instanceId;
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

    /** What a line of {@link #FAILURES} says, for people. */
    private static Optional<String> failure(String line) {
        if (line.startsWith(NO_FILE_SYSTEM)) {
            return Optional.of("the guest's kernel has no " + GuestWords.plain(line.substring(NO_FILE_SYSTEM.length()))
                    + ", so nothing is mounted by it; mountType reverse-sshfs in lima.yaml needs no such kernel");
        }
        return line.isBlank()
                ? Optional.empty()
                : Optional.of("the guest's boot script " + GuestWords.plain(line.strip())
                        + " failed; see /var/log/lima-boot.log in the guest");
    }

    private static void check(SshConnection.Result result) throws IOException {
        if (result.exitCode() != 0) {
            throw new IOException("the guest's shell ended with " + result.exitCode() + ": "
                    + GuestWords.plain(result.stderr().strip()));
        }
    }

    /** What went wrong in the guest's boot scripts and probes, one line each; empty when all is well. */
    List<String> troubles(SshConnection connection) throws IOException, InterruptedException {
        List<String> troubles = new ArrayList<>();
        if (!config.plain()) {
            connection
                    .run(FAILURES, "", Duration.ofSeconds(30))
                    .stdout()
                    .lines()
                    .forEach(line -> failure(line).ifPresent(troubles::add));
        }
        for (InstanceConfig.Probe probe : config.probes()) {
            String words = firstFailure(connection, probe);
            if (!words.isEmpty()) {
                troubles.add(words);
            }
        }
        return troubles;
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
                GuestWords.plain(String.valueOf(cause.getMessage())),
                "The machine goes on running. Its console is in " + folder.file("serial.log") + "; end it with"
                        + " `limactl stop -f " + name + "`",
                cause);
    }
}
