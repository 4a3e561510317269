// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a field is when lima.yaml says nothing of it. */
class DefaultsTest {
    @TempDir
    Path home;

    @Test
    void everyFieldHasItsDefault() {
        InstanceConfig c = Given.linux(home).accept("");
        assertThat(c.vmType()).isNull();
        assertThat(c.mountType()).isNull();
        assertThat(c.vmOpts()).isEmpty();
        assertThat(c.os()).isEqualTo("Linux");
        assertThat(c.arch()).isEqualTo(Arch.X86_64);
        assertThat(c.images())
                .containsExactly(new InstanceConfig.Image(
                        new InstanceConfig.FileRef("/image", Arch.X86_64, null), null, "", null, null, null));
        assertThat(c.cpus()).isEqualTo(4);
        assertThat(c.memory()).isEqualTo(4L << 30);
        assertThat(c.disk()).isEqualTo(100L << 30);
        assertThat(c.additionalDisks()).isEmpty();
        assertThat(c.mounts()).isEmpty();
        assertThat(c.mountTypesUnsupported()).isEmpty();
        assertThat(c.mountInotify()).isFalse();
        assertThat(c.ssh()).isEqualTo(new InstanceConfig.Ssh(0, false, false, false, false, null));
        assertThat(c.firmware()).isEqualTo(new InstanceConfig.Firmware(false, List.of()));
        assertThat(c.audio()).isEqualTo(new InstanceConfig.Audio("", ""));
        assertThat(c.video()).isEqualTo(new InstanceConfig.Video("none", null));
        assertThat(c.provision()).isEmpty();
        assertThat(c.upgradePackages()).isFalse();
        assertThat(c.containerd().system()).isFalse();
        assertThat(c.containerd().user()).isTrue();
        assertThat(c.containerd().archives())
                .extracting(InstanceConfig.FileRef::arch)
                .containsExactly(Arch.X86_64, Arch.AARCH64);
        assertThat(c.guestInstallPrefix()).isEqualTo("/usr/local");
        assertThat(c.probes()).isEmpty();
        assertThat(c.portForwards()).isEmpty();
        assertThat(c.copyToHost()).isEmpty();
        assertThat(c.message()).isEmpty();
        assertThat(c.networks()).isEmpty();
        assertThat(c.env()).isEmpty();
        assertThat(c.param()).isEmpty();
        assertThat(c.dns()).isEmpty();
        assertThat(c.hostResolver()).isEqualTo(new InstanceConfig.HostResolver(true, false, Map.of()));
        assertThat(c.propagateProxyEnv()).isTrue();
        assertThat(c.caCerts()).isEqualTo(new InstanceConfig.CaCerts(false, List.of(), List.of()));
        assertThat(c.plain()).isFalse();
        assertThat(c.timezone()).isEqualTo("Europe/Berlin");
        assertThat(c.nestedVirtualization()).isFalse();
        assertThat(c.user())
                .isEqualTo(new InstanceConfig.User("foo", "Foo Bar", 1000, "/home/foo.guest", "/bin/bash", true));
        assertThat(c.tpm()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"vmType", "mountType", "arch", "os"})
    void nothingAndDefaultMeanUnset(String key) {
        Given given = Given.linux(home);
        InstanceConfig unset = given.accept("");
        assertThat(given.accept(key + ": null\n")).isEqualTo(unset);
        assertThat(given.accept(key + ": \"\"\n")).isEqualTo(unset);
        assertThat(given.accept(key + ": default\n")).isEqualTo(unset);
    }

    @Test
    void nothingAndZeroMeanUnsetForSizes() {
        Given given = Given.linux(home);
        assertThat(given.accept("cpus: 0\nmemory: \"\"\ndisk: ''\nvideo: {display: ''}\n"))
                .isEqualTo(given.accept(""));
    }

    @ParameterizedTest
    @CsvSource({
        "/mnt/x/, /mnt/x",
        "/mnt//x, /mnt/x",
        "/mnt/./y/../x, /mnt/x",
        "/../../mnt/x/., /mnt/x",
        "/mnt/..x/..., /mnt/..x/...",
        "'{{.Home}}/x/', /home/foo.guest/x"
    })
    void mountPointsAreCleaned(String written, String cleaned) {
        List<InstanceConfig.Mount> mounts = Given.linux(home)
                .accept("mounts: [{location: /etc, mountPoint: '" + written + "'}, {location: /etc, mountPoint: '"
                        + cleaned + "', writable: true}]\n")
                .mounts();
        assertThat(mounts).singleElement().satisfies(mount -> {
            assertThat(mount.mountPoint()).isEqualTo(cleaned);
            assertThat(mount.writable()).isTrue();
        });
    }

    @Test
    void mountsHaveTheirDefaults() {
        List<InstanceConfig.Mount> mounts = Given.linux(home)
                .accept("mounts: [{location: '~'}, {location: '~/x/../y', writable: true}, {location: /a/, mountPoint:"
                        + " /b}]\n")
                .mounts();
        assertThat(mounts).extracting(InstanceConfig.Mount::location).containsExactly("/home/foo", "/home/foo/y", "/a");
        assertThat(mounts)
                .extracting(InstanceConfig.Mount::mountPoint)
                .containsExactly("/home/foo", "/home/foo/y", "/b");
        assertThat(mounts.getFirst().sshfs()).isEqualTo(new InstanceConfig.Mount.Sshfs(true, false, ""));
        assertThat(mounts.getFirst().nineP())
                .isEqualTo(new InstanceConfig.Mount.NineP("none", "9p2000.L", 131072, "fscache"));
        assertThat(mounts.get(1).nineP().cache()).isEqualTo("mmap");
        assertThat(mounts.getFirst().queueSize()).isNull();
    }

    @Test
    void nullsOfTheOlderStyleTakeTheDefaults() {
        InstanceConfig c = Given.linux(home)
                .accept("mountType: '9p'\n"
                        + "mounts: [{location: '~', 9p: {securityModel: null, protocolVersion: null, msize: null,"
                        + " cache: null}, sshfs: {cache: null, followSymlinks: null, sftpDriver: null}}]\n");
        assertThat(c.mountType()).isEqualTo("9p");
        assertThat(c.mounts())
                .isEqualTo(
                        Given.linux(home).accept("mounts: [{location: '~'}]\n").mounts());
    }

    @Test
    void portForwardsHaveTheirDefaults() {
        List<InstanceConfig.PortForward> rules = Given.linux(home).accept("""
            portForwards:
            - {}
            - guestPort: 80
            - {guestPort: 80, hostPort: 8080, hostIP: 0.0.0.0}
            - {guestPortRange: [1000, 1999], hostPortRange: [2000, 2999], proto: tcp}
            - {guestIP: 0.0.0.0, guestPort: 1, ignore: true}
            - {guestIPMustBeZero: true, guestPort: 1}
            - {guestSocket: "/run/{{.User}}.sock", hostSocket: a.sock}
            - {guestPort: 5, hostSocket: "/tmp/{{.Name}}.sock"}
            - {guestSocket: /run/x.sock, hostPort: 9000}
            - {guestSocket: "{{.Home}}/s", hostSocket: "{{.Dir}}/sock/docker.sock", reverse: true}
            """).portForwards();
        assertThat(rules.get(0))
                .isEqualTo(new InstanceConfig.PortForward(
                        "127.0.0.1", false, 1, 65535, null, "127.0.0.1", 1, 65535, null, "any", false, false, false));
        assertThat(rules.get(1).hostPortFirst()).isEqualTo(80);
        assertThat(rules.get(1).hostPortLast()).isEqualTo(80);
        assertThat(rules.get(2).hostPortFirst()).isEqualTo(8080);
        assertThat(rules.get(2).hostIP()).isEqualTo("0.0.0.0");
        assertThat(rules.get(3).hostPortLast()).isEqualTo(2999);
        assertThat(rules.get(4).guestIPMustBeZero()).isTrue();
        assertThat(rules.get(5).guestIP()).isEqualTo("0.0.0.0");
        assertThat(rules.get(6).guestSocket()).isEqualTo("/run/foo.sock");
        assertThat(rules.get(6).hostSocket()).isEqualTo(home + "/t1/sock/a.sock");
        assertThat(rules.get(6).guestPortLast()).isZero();
        assertThat(rules.get(7).hostSocket()).isEqualTo("/tmp/t1.sock");
        assertThat(rules.get(8).hostPortFirst()).isEqualTo(9000);
        assertThat(rules.get(9).guestSocket()).isEqualTo("/home/foo.guest/s");
        assertThat(rules.get(9).hostSocket()).isEqualTo(home + "/t1/sock/docker.sock");
    }

    @Test
    void stepsAndProbesHaveTheirDefaults() {
        InstanceConfig c = Given.linux(home).accept("""
            param: {greet: hello}
            provision:
            - script: echo {{.Param.greet}}
            - {mode: data, path: "/etc/{{.Name}}", content: "{{.Hostname}}"}
            - {mode: yq, path: "{{.Home}}/x.json", expression: .a = 1, permissions: 600, owner: "{{.User}}"}
            - {mode: dependency, script: x, skipDefaultDependencyResolution: true}
            probes:
            - script: "#!/bin/sh"
            - {script: "#!/bin/sh", description: d, hint: h}
            """);
        assertThat(c.provision())
                .containsExactly(
                        new InstanceConfig.Provision(0, "system", "echo hello", false, null, false, "", "", ""),
                        new InstanceConfig.Provision(
                                1, "data", "lima-t1", false, "/etc/t1", true, "root:root", "644", ""),
                        new InstanceConfig.Provision(
                                2, "yq", ".a = 1", false, "/home/foo.guest/x.json", false, "foo", "600", "auto"),
                        new InstanceConfig.Provision(3, "dependency", "x", true, null, false, "", "", ""));
        assertThat(c.probes())
                .containsExactly(
                        new InstanceConfig.Probe("user probe 1/2", "#!/bin/sh", ""),
                        new InstanceConfig.Probe("d", "#!/bin/sh", "h"));
    }

    @Test
    void networksGetAddressesAndNames() {
        List<InstanceConfig.NetworkEntry> networks = new YamlConfigReader()
                .resolve(
                        Given.IMAGE + "networks: [{lima: user-v2}, {socket: /no/such, interface: x0, metric: 5}]\n",
                        "f",
                        Given.linux(Path.of("/home/foo/.lima")).named("default").facts())
                .config()
                .networks();
        assertThat(networks.getFirst())
                .isEqualTo(new InstanceConfig.NetworkEntry("user-v2", null, false, "52:55:55:b7:52:5b", "lima0", 100));
        assertThat(networks.get(1).interfaceName()).isEqualTo("x0");
        assertThat(networks.get(1).metric()).isEqualTo(5);
    }

    @Test
    void plainModeTakesAway() {
        InstanceConfig c = Given.linux(home).accept("""
            plain: true
            mounts: [{location: "~"}]
            containerd: {system: true, user: true}
            portForwards: [{guestPort: 80}, {guestPort: 81, static: true}]
            provision: [{script: x}]
            user: {passwordlessSudo: false}
            """);
        assertThat(c.mounts()).isEmpty();
        assertThat(c.containerd().system()).isFalse();
        assertThat(c.containerd().user()).isFalse();
        assertThat(c.timezone()).isEmpty();
        assertThat(c.portForwards())
                .singleElement()
                .extracting(InstanceConfig.PortForward::guestPortFirst)
                .isEqualTo(81);
        assertThat(c.provision()).hasSize(1);
        assertThat(c.user().passwordlessSudo()).isFalse();
    }

    @Test
    void theTreeHasTheKeysOfTheFile() {
        var tree = Given.linux(home)
                .resolve(Given.IMAGE
                        + "mounts: [{location: /a/b}]\nvmOpts: {qemu: {minimumVersion: 8.2.1, x: [1, a]}}\n")
                .tree();
        assertThat(tree)
                .containsEntry("cpus", 4)
                .containsEntry("memory", "4GiB")
                .containsEntry("disk", "100GiB")
                .containsEntry("arch", "x86_64")
                .containsEntry("plain", false)
                .containsEntry("images", List.of(Map.of("location", "/image", "arch", "x86_64")))
                .containsEntry("vmOpts", Map.of("qemu", Map.of("minimumVersion", "8.2.1", "x", List.of(1, "a"))))
                .doesNotContainKeys("vmType", "mountType", "base");
        assertThat(tree.keySet()).startsWith("vmOpts", "os", "arch", "images", "cpus", "memory", "disk");
        assertThat(((List<?>) tree.getOrDefault("mounts", List.of())).getFirst())
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .containsEntry("writable", false)
                .containsEntry(
                        "9p",
                        Map.of(
                                "securityModel",
                                "none",
                                "protocolVersion",
                                "9p2000.L",
                                "msize",
                                "128KiB",
                                "cache",
                                "fscache"));
    }
}
