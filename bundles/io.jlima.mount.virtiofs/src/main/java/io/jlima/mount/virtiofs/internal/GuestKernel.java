// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Has the kernel of a guest mount and unmount while it runs. */
final class GuestKernel {
    /** Far longer than a guest under load takes, which does not look for a device for more than a part of it. */
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /**
     * $1 tag, $2 mount point, $3 options. The kernel finds a device some moments after the machine has it; when it has
     * been asked to mount it has loaded its module, if there is one.
     */
    private static final String MOUNT = """
            made=
            if [ ! -d "$2" ]; then
                mkdir -p -- "$2" 2>/dev/null || {
                    sudo -n mkdir -p -- "$2" && sudo -n chown "$(id -u):$(id -g)" -- "$2"
                } || exit 1
                made=1
            fi
            tries=0
            until words=$(sudo -n mount -t virtiofs -o "$3" -- "$1" "$2" 2>&1); do
                tries=$((tries + 1))
                if [ "$tries" -ge 100 ] || ! grep -qw virtiofs /proc/filesystems; then
                    printf '%s\\n' "$words" >&2
                    [ -z "$made" ] || sudo -n rmdir -- "$2"
                    exit 1
                fi
                sleep 0.1
            done
            """;

    /**
     * The same arguments. Whoever has it in a mount table of his own, as containers do, would be left with a device that
     * is gone.
     */
    private static final String UNMOUNT = """
            grep -q -- " - virtiofs $1 " /proc/self/mountinfo || exit 0
            sudo -n umount -- "$2" || exit 1
            holder=$(sudo -n sh -c 'grep -ls -- " - virtiofs $1 " /proc/[0-9]*/mountinfo' sh "$1" | head -n 1)
            [ -n "$holder" ] || exit 0
            pid=${holder#/proc/}
            pid=${pid%%/*}
            echo "process $pid ($(cat "/proc/$pid/comm")) has it in a mount table of its own" >&2
            sudo -n mount -t virtiofs -o "$3" -- "$1" "$2"
            exit 1
            """;

    private final SshConnection connection;

    GuestKernel(SshConnection connection) {
        this.connection = connection;
    }

    /** @throws LimaException with the guest's own words; nothing is left of it then */
    void mount(Mount mount) throws IOException, InterruptedException {
        run(MOUNT, mount, "the guest cannot mount " + mount.location() + " at " + mount.mountPoint(), null);
    }

    /** @throws LimaException with the guest's own words when somebody uses it; it is as it was then */
    void unmount(Mount mount) throws IOException, InterruptedException {
        run(
                UNMOUNT,
                mount,
                "the guest does not unmount " + mount.mountPoint(),
                "End what uses it in the guest; `sudo fuser -vm " + mount.mountPoint() + "` there names it");
    }

    private void run(String script, Mount mount, String failure, @org.jspecify.annotations.Nullable String remedy)
            throws IOException, InterruptedException {
        String words = List.of(mount.tag(), mount.mountPoint(), mount.writable() ? "rw" : "ro").stream()
                .map(word -> " '" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining());
        SshConnection.Result result =
                connection.run("exec /bin/sh", "LC_ALL=C\nexport LC_ALL\nset --" + words + "\n" + script, LIMIT);
        if (result.exitCode() != 0) {
            throw new LimaException(
                    failure, String.join("; ", result.stderr().lines().toList()), remedy, null);
        }
    }
}
