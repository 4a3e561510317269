// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Who owns what in the mounts of {@link MountIT}, as a container of the guest's user, one of its root, the guest and the
 * host see it. The server decides about both, since sshfs leaves it to that who may do what.
 */
interface SshfsOwners extends SshfsGuest {
    String OWNERS = """
            set -e
            cd "$1"
            touch u
            sudo touch r
            unshare --user --map-root-user sh -ec 'touch i; stat -c "%n %u:%g" u r i
                for to in 0:0 1:1 0:1; do if chown $to i 2>/dev/null; then echo i to $to; fi; done
                if chown 0:0 r 2>/dev/null; then echo r taken; fi
                echo x >r; chmod 640 u'
            echo --
            sudo unshare --mount --propagation private sh -ec 'mount --bind "$PWD" /opt; cd /opt; touch s
                if chown 33:34 s 2>/dev/null; then echo s given; fi
                if chown 1234:1235 u 2>/dev/null; then echo u given; fi
                stat -c "%n %u:%g" u r i s
                setpriv --reuid 33 --regid 34 --clear-groups sh -ec "echo x >s; cat u; echo y >u; touch w
                    if chown 1:1 w 2>/dev/null; then echo w given; fi"'
            echo --
            stat -c "%n %u:%g" u r i s w
            """;

    static List<SshfsWay> writable() {
        return SshfsWay.all().stream().filter(SshfsWay::writable).toList();
    }

    /**
     * By ours, all is the user's, so it is a rootless container's root's; nobody gives anything away, and what is said
     * of modes keeps nobody from anything. OpenSSH's server shows the host's numbers and does as root of the host what
     * anybody in the guest wants.
     */
    @ParameterizedTest
    @MethodSource("io.jlima.itests.SshfsOwners#writable")
    @Order(3)
    default void containersSeeOwnersAsTheServerDoes(SshfsWay way) throws IOException {
        boolean real = way.server().equals("openssh");
        assumeTrue(MountedGuest.isRoot() || !real, "only root on the host gives files away there");
        String self = guest("echo $(id -u):$(id -g)").out().strip();
        Home.Result seen = home().limactlFed(OWNERS, "shell", "--workdir", "/", "m", "sh", "-s", way.point());
        assertThat(seen.out()).as(way.word() + ": " + seen.all()).isEqualTo((real ? """
                u 65534:65534
                r 65534:65534
                i 65534:65534
                i to 0:0
                r taken
                --
                s given
                u given
                u 1234:1235
                r %1$s
                i %1$s
                s 33:34
                w given
                --
                u 1234:1235
                r %1$s
                i %1$s
                s 33:34
                w 1:1
                """ : """
                u 0:0
                r 0:0
                i 0:0
                i to 0:0
                r taken
                --
                u %1$s
                r %1$s
                i %1$s
                s %1$s
                --
                u %1$s
                r %1$s
                i %1$s
                s %1$s
                w %1$s
                """).formatted(self));
        assertThat(seen.code()).as(seen.all()).isZero();
        Map<String, String> owners = new TreeMap<>();
        for (String name : List.of("u", "r", "i", "s", "w")) {
            owners.put(name, owner(location(way).resolve(name)));
        }
        String ours = owner(Path.of("/proc/self"));
        assertThat(owners)
                .as(way.word())
                .isEqualTo(
                        real
                                ? Map.of("u", "1234:1235", "r", self, "i", self, "s", "33:34", "w", "1:1")
                                : Map.of("u", ours, "r", ours, "i", ours, "s", ours, "w", ours));
        assertThat(location(way).resolve("r")).hasContent("x");
        assertThat(location(way).resolve("u")).hasContent("y");
        assertThat(works("cd " + way.point() + " && rm -f u r i s w")).isTrue();
    }

    private static String owner(Path file) throws IOException {
        Map<String, Object> facts = Files.readAttributes(file, "unix:uid,gid");
        return facts.get("uid") + ":" + facts.get("gid");
    }
}
