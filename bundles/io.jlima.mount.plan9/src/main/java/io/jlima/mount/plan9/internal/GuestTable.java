// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guest says of its mounts.
 *
 * @param points mount points, as lima.yaml names them, where something is mounted by 9p
 * @param kernelCan whether the kernel has 9p, or a module for it
 */
record GuestTable(Set<String> points, boolean kernelCan) {
    private static final String YES = "kernel can";
    private static final String POINT = "point ";

    private static final String SCRIPT = """
            cat /proc/self/mountinfo
            if grep -qw 9p /proc/filesystems || PATH=$PATH:/sbin:/usr/sbin modprobe -n -q 9p; then
                echo kernel can
            fi
            """;

    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    /** @throws IOException when the guest gives no answer, or none within the limit */
    static GuestTable of(SshConnection connection, List<Mount> mounts, Duration limit)
            throws IOException, InterruptedException {
        StringBuilder script = new StringBuilder(SCRIPT);
        for (Mount mount : mounts) {
            // The kernel knows a mount by its real place: /var/run is a link in most guests.
            script.append("printf '" + POINT + "%s\\n' \"$(readlink -f -- '")
                    .append(mount.mountPoint().replace("'", "'\\''"))
                    .append("')\"\n");
        }
        SshConnection.Result result = connection.run("exec /bin/sh", script.toString(), limit);
        if (result.exitCode() != 0) {
            throw new IOException("its shell ended with " + result.exitCode() + ": "
                    + result.stderr().strip());
        }
        return of(result.stdout(), mounts);
    }

    /** @param text lines of proc_pid_mountinfo(5), and of the script's own */
    static GuestTable of(String text, List<Mount> mounts) {
        // What was mounted later at the same place hides what was there.
        Map<String, String> types = new HashMap<>();
        Set<String> points = new HashSet<>();
        int point = 0;
        for (String line : text.lines().toList()) {
            int dash = line.indexOf(" - ");
            if (line.startsWith(POINT)) {
                if (point < mounts.size() && "9p".equals(types.get(line.substring(POINT.length())))) {
                    points.add(mounts.get(point).mountPoint());
                }
                point++;
            } else if (dash > 0) {
                String[] fields = line.substring(0, dash).split(" ");
                if (fields.length > 4) {
                    types.put(unescaped(fields[4]), line.substring(dash + 3).split(" ")[0]);
                }
            }
        }
        return new GuestTable(Set.copyOf(points), text.lines().anyMatch(YES::equals));
    }

    private static String unescaped(String field) {
        return OCTAL.matcher(field)
                .replaceAll(
                        found -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(found.group(1), 8))));
    }

    boolean has(Mount mount) {
        return points.contains(mount.mountPoint());
    }
}
