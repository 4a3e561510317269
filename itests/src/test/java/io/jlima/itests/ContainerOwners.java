// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Who owns what in a mount, as a container of the guest's user, one of its root, the guest and the host see it. */
final class ContainerOwners {
    private ContainerOwners() {}

    private static final String SCRIPT = """
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
    static void areShown(MountedGuest guest, String point, Path directory, boolean real) throws IOException {
        String self = guest.run("echo $(id -u):$(id -g)").out().strip();
        Home.Result seen = guest.home.limactlFed(SCRIPT, "shell", "--workdir", "/", "m", "sh", "-s", point);
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
        assertThat(guest.works("cd '" + point + "' && sudo rm u r i s w")).isTrue();
    }
}
