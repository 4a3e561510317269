// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What lima.yaml of older pages says goes through {@code limactl validate}, with a note of today's spelling. */
class OldPagesIT {
    private static Home home;
    private static ServerSocketChannel vdeSwitch;

    @BeforeAll
    static void makeHome() throws IOException {
        home = Home.create();
        home.write("playbook.yaml", "- hosts: all\n");
        vdeSwitch = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        vdeSwitch.bind(UnixDomainSocketAddress.of(home.path.resolve("vde.ctl")));
    }

    @AfterAll
    static void removeHome() throws IOException {
        vdeSwitch.close();
        home.close();
    }

    /**
     * @param image whether to add one
     * @param notes what the warnings say, all of them; none when the spelling is still today's
     */
    record Page(String name, boolean image, String yaml, List<String> notes) {
        static Page of(String name, String yaml, String... notes) {
            return new Page(name, !yaml.contains("images:"), yaml, List.of(notes));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Page> pages() {
        return Stream.of(
                Page.of("images with digests and quotes", """
                        images:
                        - location: 'https://cloud.debian.org/images/cloud/bookworm/20221219-1234/debian-12-generic-amd64.qcow2'
                          arch: 'x86_64'
                          digest: 'sha512:DIGEST'
                        - location: 'https://cloud.debian.org/images/cloud/bookworm/20221219-1234/debian-12-generic-arm64.qcow2'
                          arch: 'aarch64'
                          digest: 'sha512:DIGEST'
                        """.replace("DIGEST", "0123456789abcdef".repeat(8))),
                Page.of("an architecture in quotes", """
                        arch: 'x86_64'
                        images:
                        - location: '/a.img'
                          arch: 'x86_64'
                        """),
                Page.of("9p options without values", """
                        mountType: '9p'
                        mounts:
                        - location: '~'
                          9p:
                            securityModel: null
                            protocolVersion: null
                            msize: null
                            cache: null
                        """),
                Page.of("9p options with values", """
                        mountType: 9p
                        mounts:
                        - location: "~"
                          writable: true
                          9p:
                            securityModel: mapped-xattr
                            protocolVersion: "9p2000.L"
                            msize: 128KiB
                            cache: mmap
                        """),
                Page.of("sshfs options without values", """
                        mountType: 'reverse-sshfs'
                        mounts:
                        - location: '~'
                          sshfs:
                            cache: null
                            followSymlinks: null
                            sftpDriver: null
                        """),
                Page.of("the two mounts of the default template", """
                        mounts:
                        - location: "~"
                        - location: "/tmp/lima"
                          writable: true
                        """),
                Page.of("a foreign architecture without mounts and containerd", """
                        arch: 'aarch64'
                        images:
                        - location: '/a.img'
                          arch: 'aarch64'
                        mounts: []
                        containerd:
                          system: false
                          user: false
                        """),
                Page.of("legacyBIOS", "firmware:\n  legacyBIOS: true\narch: x86_64\n"),
                Page.of(
                        "legacyBIOS where there is none",
                        "images: [{location: /a.img, arch: aarch64}]\nfirmware:\n  legacyBIOS: true\narch: aarch64\n",
                        "legacyBIOS is ignored"),
                Page.of(
                        "useHostResolver",
                        "useHostResolver: true\n",
                        "useHostResolver is an old key; write hostResolver.enabled"),
                Page.of(
                        "useHostResolver beside today's",
                        "useHostResolver: true\nhostResolver: {enabled: false}\n",
                        "useHostResolver is an old key; write hostResolver.enabled, which is given too and wins"),
                Page.of(
                        "network.vde",
                        """
                        network:
                          vde:
                          - vnl: "vde://HOME/vde.ctl"
                            switchPort: 0
                            macAddress: "52:55:55:11:22:33"
                            name: "vde0"
                        """,
                        "network.vde is an old key; write networks",
                        "switchPort is an old key and is ignored",
                        "vnl is an old key; write socket"),
                Page.of(
                        "networks with vnl",
                        """
                        networks:
                        - vnl: "HOME/vde.ctl"
                          switchPort: 65535
                        """,
                        "switchPort is an old key and is ignored",
                        "vnl is an old key; write socket"),
                Page.of("networks by name", "networks:\n- lima: user-v2\n  interface: lima0\n"),
                Page.of(
                        "cpuType",
                        "cpuType:\n  aarch64: cortex-a72\n  x86_64: qemu64\n",
                        "cpuType is an old key; write vmOpts.qemu.cpuType"),
                Page.of(
                        "rosetta",
                        "rosetta:\n  enabled: false\n  binfmt: false\n",
                        "rosetta is an old key; write vmOpts.vz.rosetta"),
                Page.of(
                        "ansible",
                        "provision:\n- mode: ansible\n  playbook: HOME/playbook.yaml\n",
                        "ansible is an old way"),
                Page.of("old variables", """
                        message: |
                          limactl shell {{.Instance}} of {{.LimaHome}} in {{.Dir}}
                        copyToHost:
                        - guest: "/etc/rancher/k3s/k3s.yaml"
                          host: "{{.Dir}}/copied-from-guest/kubeconfig.yaml"
                          deleteOnStop: true
                        portForwards:
                        - guestSocket: "/run/user/{{.UID}}/docker.sock"
                          hostSocket: "{{.Dir}}/sock/docker.sock"
                        """),
                Page.of(
                        "the old way to name a template",
                        "base: template://_default/mounts\n",
                        "is the old way to write \"template:_default/mounts\""),
                Page.of("port forwards", """
                        portForwards:
                        - guestPort: 443
                        - guestPort: 80
                          hostPort: 8080
                        - guestPortRange: [4000, 4999]
                          hostIP: "0.0.0.0"
                        - guestIP: "0.0.0.0"
                          ignore: true
                        - guestIP: "192.168.5.15"
                          guestPortRange: [1, 65535]
                          hostIP: "127.0.0.1"
                        """),
                Page.of("what is left to Lima", """
                        cpus: null
                        memory: null
                        disk: null
                        vmType: null
                        mountType: null
                        ssh:
                          localPort: 0
                          loadDotSSHPubKeys: true
                          forwardAgent: false
                        video:
                          display: "none"
                        caCerts:
                          removeDefaults: false
                          files: []
                          certs: []
                        propagateProxyEnv: true
                        hostResolver:
                          enabled: null
                          ipv6: null
                          hosts: null
                        """));
    }

    private static Result validated(Page page) throws IOException {
        String yaml = (page.image ? "images: [{location: /a.img}]\n" : "") + page.yaml;
        return home.limactl(
                "validate",
                home.write("page.yaml", yaml.replace("HOME", home.path.toString()))
                        .toString());
    }

    @ParameterizedTest
    @MethodSource("pages")
    void isAccepted(Page page) throws IOException {
        Result result = validated(page);
        assertThat(result.code()).as(result.all()).isZero();
        assertThat(result.err()).contains("page.yaml`: OK");
        List<String> warnings = result.err()
                .lines()
                .filter(line -> line.contains("level=warning"))
                .filter(line -> !line.contains("there is no /tmp/lima yet"))
                .toList();
        assertThat(warnings).as(result.all()).hasSize(page.notes.size());
        page.notes.forEach(note -> assertThat(result.err()).contains(note.replace("\"", "\\\"")));
    }

    @Test
    void aSwitchThatIsNotThereIsRefusedWithTodaysProgram() throws IOException {
        Result result = validated(Page.of("", "networks:\n- vnl: \"vde:///nowhere/vde.ctl\"\n"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("page.yaml:3:8", "/nowhere/vde.ctl does not exist", "run socket_vmnet");
    }

    @Test
    void oldPathsOfNetworksAreIgnored() throws IOException {
        Path networks = Files.createDirectories(home.path.resolve("_config")).resolve("networks.yaml");
        try {
            Files.writeString(networks, """
                    paths:
                      vdeSwitch: /opt/vde/bin/vde_switch
                      vdeVMNet: /opt/vde/bin/vde_vmnet
                      varRun: /private/var/run/lima
                    group: everyone
                    networks:
                      mine:
                        mode: user-v2
                        gateway: 192.168.77.1
                        netmask: 255.255.255.0
                    """);
            Result result = validated(Page.of("", "networks: [{lima: mine}]\n"));
            assertThat(result.code()).as(result.all()).isZero();
        } finally {
            Files.delete(networks);
        }
    }
}
