// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a guest says of its mounts when its boot is over.
 *
 * @param points where something is mounted by virtiofs
 * @param kernelCan whether the kernel has virtiofs, or a module for it
 * @param isStopping whether the guest shuts down, and loses its mounts one by one
 */
record SeenMounts(Set<String> points, boolean kernelCan, boolean isStopping) {
    private static final String CAN = "kernel can";

    private static final String STOPPING = "is stopping";

    /** Boot scripts mount what the boot itself did not, so their end is waited for; it has no event. */
    private static final String AWAIT = "until [ -e /run/lima-boot-done ]; do sleep 0.2; done\n";

    private static final String SCRIPT = """
            cat /proc/self/mountinfo
            if grep -qw virtiofs /proc/filesystems || PATH=$PATH:/sbin:/usr/sbin modprobe -n -q virtiofs; then
                echo kernel can
            fi
            [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || echo is stopping
            """;

    /** For a guest under load. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    static void awaitBoot(SshConnection connection, Duration limit) throws IOException, InterruptedException {
        connection.run("exec /bin/sh", AWAIT, limit);
    }

    static SeenMounts in(SshConnection connection) throws IOException, InterruptedException {
        return of(connection.run("exec /bin/sh", SCRIPT, LIMIT).stdout());
    }

    /** @param text lines of proc_pid_mountinfo(5), and of the script's own */
    static SeenMounts of(String text) {
        Set<String> points = text.lines()
                .filter(line -> line.contains(" - virtiofs "))
                .map(line -> line.split(" "))
                .filter(fields -> fields.length > 4)
                .map(fields -> unescaped(fields[4]))
                .collect(Collectors.toSet());
        return new SeenMounts(
                points, text.lines().anyMatch(CAN::equals), text.lines().anyMatch(STOPPING::equals));
    }

    private static String unescaped(String field) {
        return OCTAL.matcher(field).replaceAll(found -> {
            String character = String.valueOf((char) Integer.parseInt(found.group(1), 8));
            return java.util.regex.Matcher.quoteReplacement(character);
        });
    }

    boolean has(String point) {
        return points.contains(point);
    }
}
