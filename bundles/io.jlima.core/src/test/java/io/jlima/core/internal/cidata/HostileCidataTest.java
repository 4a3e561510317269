// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.mount.MountDriver.FstabEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Words of users and files that would be more than words in what the guest reads. */
class HostileCidataTest extends CidataVolume {
    @Test
    void hostileTextStaysText() throws Exception {
        String evil = "x\"\nusers: [{name: root}]\n- `id` $(id) ' # \\ \u2028\u0085end";
        fixture.user = new InstanceConfig.User("jane", evil, 1000, "/home/jane x'\"$(id)", "/bin/sh", true);
        fixture.keys = List.of("ssh-ed25519 AAAA x\"\\ users: [evil] #'");
        fixture.param = Map.of("p", "'; touch /tmp/pwned; '$(id)`id`\"\\");
        fixture.provision = List.of(Fixture.step(0, "boot", "   \n\tusers:\n- evil\n\u0000\u2028bootcmd: x\n\n"));
        fixture.fstab = List.of(new FstabEntry("a\", b]", "/mnt/x: y, [z", "9p", "ro\", \"0\"]"));
        Path volume = extracted(cidata.write(fixture.request(), directory));

        Map<String, Object> userData = yaml(volume.resolve("user-data"));
        Map<?, ?> user = (Map<?, ?>) list(userData, "users").getFirst();
        assertThat(list(userData, "users")).hasSize(1);
        assertThat(user.get("gecos")).isEqualTo("x\"users  [{name  root}]- `id` $(id) ' # \\ end");
        assertThat(user.get("homedir")).isEqualTo("/home/jane x'\"$(id)");
        assertThat(user.get("ssh_authorized_keys")).isEqualTo(fixture.keys);
        List<?> boot = (List<?>) list(userData, "bootcmd").get(1);
        assertThat((String) boot.get(2)).endsWith("   \n\tusers:\n- evil\n\u0000\u2028bootcmd: x\n\n");
        assertThat(userData.keySet())
                .containsExactly(
                        "growpart",
                        "users",
                        "ssh_deletekeys",
                        "ssh_genkeytypes",
                        "ssh_keys",
                        "write_files",
                        "manage_resolv_conf",
                        "resolv_conf",
                        "bootcmd");
        assertThat(Files.readAllLines(volume.resolve("lima.env")))
                .allMatch(line -> line.matches("LIMA_CIDATA_[A-Z0-9_]+=.*"))
                .contains("LIMA_CIDATA_COMMENT=x\"users  [{name  root}]- `id` $(id) ' # \\ end");
        assertThat(Files.readString(volume.resolve("guest/fstab")))
                .isEqualTo("a\",\\040b] /mnt/x:\\040y,\\040[z 9p ro\",\\040\"0\"] 0 0\n");

        // The parameters as a shell sees them.
        String exports = ((String) boot.get(2))
                .lines()
                .filter(l -> l.startsWith("export"))
                .findFirst()
                .orElseThrow();
        Program.Result shell = Program.run(Map.of(), "sh", "-c", exports + "\nprintf %s \"$PARAM_p\"");
        assertThat(shell.output()).isEqualTo(fixture.param.get("p"));
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                configuration("instance name", f -> f.instance = "a\nb"),
                configuration("user.name", f -> f.user = user("a:b", "/home/a", "/bin/sh")),
                configuration("user.home", f -> f.user = user("a", "home", "/bin/sh")),
                configuration("user.home", f -> f.user = user("a", "/home/a\nx", "/bin/sh")),
                configuration("user.shell", f -> f.user = user("a", "/home/a", "/bin/sh:x")),
                configuration("authorized key", f -> f.keys = List.of("ssh-rsa AAAA\nssh-rsa BBBB")),
                configuration("timezone", f -> f.timezone = "../../etc/passwd"),
                configuration("timezone", f -> f.timezone = "UTC\nusers: []"),
                configuration("dns", f -> f.dns = List.of("1.1.1.1\nsearch evil")),
                configuration("A in env", f -> f.env = Map.of("A", "b\nLD_PRELOAD=x")),
                configuration("name in env", f -> f.env = Map.of("A B", "b")),
                configuration("token in param", f -> f.param = Map.of("token", "b\nX=y")),
                configuration("mountPoint", f -> f.mounts = List.of(Fixture.mount("/a", "/b\nLIMA_CIDATA_UID=0"))),
                configuration("mount point", f -> f.fstab = List.of(new FstabEntry("a", "/b\n/", "9p", "ro"))),
                configuration("MAC address", f -> f.nics = List.of(new CidataRequest.Nic("eth0", "x", 1, true))),
                configuration(
                        "interface name",
                        f -> f.nics = List.of(new CidataRequest.Nic("eth0 x", "52:55:55:aa:bb:01", 1, true))),
                configuration(
                        "provision[3].path", f -> f.provision = List.of(Fixture.file(3, "data", "etc", "", true))),
                configuration(
                        "provision[0].owner",
                        f -> f.provision = List.of(
                                new InstanceConfig.Provision(0, "data", "", false, "/a", true, "a b", "644", "auto"))),
                configuration(
                        "provision[0].permissions",
                        f -> f.provision = List.of(new InstanceConfig.Provision(
                                0, "data", "", false, "/a", true, "root", "u+s", "auto"))));
    }

    private static InstanceConfig.User user(String name, String home, String shell) {
        return new InstanceConfig.User(name, "", 1000, home, shell, true);
    }

    @ParameterizedTest(name = "{0} {index}")
    @MethodSource("refusals")
    void whatNoGuestFileCanHoldIsRefusedByName(String named, Consumer<Fixture> change) {
        assertThatExceptionOfType(LimaException.class)
                .isThrownBy(() -> {
                    change.accept(fixture);
                    fixture.request();
                })
                .withMessageContaining(named);
    }
}
