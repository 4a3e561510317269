// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused beyond kinds of values, and what just passes. */
class ValidationTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '´',
            value = {
                "base: template:x § 2:1: base is merged when an instance is made",
                "minimumLimaVersion: 3.0.0 § 2:21: this file needs Lima 3.0.0",
                "minimumLimaVersion: 2.2.1 § needs Lima 2.2.1",
                "minimumLimaVersion: soon § 2:21: minimumLimaVersion: \"soon\" is no version",
                "os: linux § 2:5: os must be one of Linux, Darwin, FreeBSD, Windows, not \"linux\"",
                "os: linux § did you mean Linux?",
                "vmType: vz\\nos: Windows § 2:9: Windows guests need vmType: qemu, not vz",
                "arch: s390x\\nos: Windows § Windows guests are x86_64 or aarch64",
                "os: Windows\\nuser: {shell: /bin/sh} § 3:15: user.shell must be one of cmd.exe",
                "os: Windows\\nprovision: [{mode: boot, script: x}] § no mode boot for Windows",
                "os: Darwin\\nuser: {passwordlessSudo: true} § cannot be true for Darwin",
                "arch: amd64 § 2:7: arch: unknown architecture \"amd64\"",
                "arch: amd64 § write x86_64",
                "arch: X86 § write",
                "user: {shell: bash} § 2:15: user.shell must be an absolute path",
                "user: {name: root} § 2:14: user.name: \"root\" cannot be",
                "user: {name: 'a b'} § cannot be the account",
                "user: {name: ''} § cannot be the account",
                "user: {uid: 0} § 2:13: user.uid must be from 1",
                "user: {uid: -1} § user.uid must be from 1",
                "user: {home: home} § 2:14: user.home must be an absolute path",
                "user: {home: ''} § user.home must be an absolute path",
                "user: {passwordlessSudo: false} § 2:26: user.passwordlessSudo: false needs plain mode",
                "cpus: -1 § 2:7: cpus must be at least 1",
                "disk: 1 byte § 2:7: disk: \"1 byte\" is no size",
                "additionalDisks: [-x] § 2:19: \"-x\" cannot name a disk",
                "additionalDisks: [a--b] § cannot name a disk",
                "additionalDisks: [{format: true}] § 2:19: an additional disk has no name",
                "ssh: {localPort: 22} § 2:18: ssh.localPort must be a port",
                "ssh: {localPort: -1} § ssh.localPort must be a port",
                "ssh: {localPort: 65536} § ssh.localPort must be a port",
                "mountType: sshfs § 2:12: mountType must be one of reverse-sshfs, 9p, virtiofs, wsl2",
                "mountType: 9P § did you mean 9p?",
                "mountType: 9p\\nmountTypesUnsupported: [9p] § 2:12: mountType: 9p is listed in",
                "mounts: [{location: relative}] § 2:21: mounts: the location \"relative\" must be an absolute path",
                "mounts: [{location: '~other/x'}] § home directories of other users",
                "mounts: [{location: ~}] § 2:11: a mount has no location",
                "mounts: [{location: ''}] § a mount has no location",
                "mounts: [{writable: true}] § 2:10: a mount has no location",
                "mounts: [{location: /}] § nothing can be mounted on /",
                "mounts: [{location: /tmp}] § nothing can be mounted on /tmp",
                "mounts: [{location: /x, mountPoint: /usr}] § 2:37: mounts: nothing can be mounted on /usr",
                "mounts: [{location: /x, mountPoint: /usr/}] § nothing can be mounted on /usr,",
                "mounts: [{location: /x, mountPoint: /usr/../etc}] § nothing can be mounted on",
                "mounts: [{location: /x, mountPoint: /home/foo.guest}] § nothing can be mounted on /home/foo.guest",
                "mounts: [{location: /x, mountPoint: '{{.Home}}'}] § nothing can be mounted on /home/foo.guest",
                "mounts: [{location: /x, mountPoint: \"/mnt/a\\x0ab\"}] § 2:37: mounts: the mountPoint \"/mnt/a?b\" contains",
                "mounts: [{location: /x, mountPoint: \"/mnt/\\e[2J\"}] § contains a control character",
                "mounts: [{location: /x, mountPoint: \"/mnt/\\0\"}] § contains a control character",
                "mounts: [{location: /x, mountPoint: \"/mnt/\\x85\"}] § contains a control character",
                "mounts: [{location: \"/a\\tb\"}] § 2:21: mounts: the mountPoint \"/a?b\" contains",
                "mounts: [{location: \"/a\\0b\", mountPoint: /x}] § 2:21: mounts: the location contains",
                "user: {home: /home/foo/}\\nmounts: [{location: /x, mountPoint: /home//foo}] § nothing can be mounted on",
                "mounts: [{location: /x, mountPoint: '~/x'}] § write {{.Home}}",
                "mounts: [{location: /x, mountPoint: x}] § must be an absolute path of the guest",
                "mounts: [{location: /x, mountPoint: '{{.Hom}}'}] § did you mean {{.Home}}?",
                "mounts: [{location: /etc/passwd, mountPoint: /x}] § /etc/passwd is not a directory",
                "mounts: [{location: /x, 9p: {msize: big}}] § 9p.msize: \"big\" is no size",
                "provision: [{mode: sytem, script: x}] § 2:20: provision[0].mode must be one of",
                "provision: [{mode: sytem, script: x}] § did you mean system?",
                "provision: [{script: ''}] § 2:22: provision[0] has no script",
                "provision: [{mode: user}] § 2:13: provision[0] has no script",
                "provision: [{script: x, content: y}] § provision[0].content means nothing in mode: system",
                "provision: [{script: x, owner: y}] § owner means nothing",
                "provision: [{script: x, skipDefaultDependencyResolution: true}] § belongs to mode: dependency",
                "provision: [{mode: data}] § provision[0].path is missing",
                "provision: [{mode: data, path: x}] § provision[0].path must be an absolute path",
                "provision: [{mode: data, path: /x, permissions: rwx}] § must be an octal number",
                "provision: [{mode: data, path: /x, permissions: 888}] § must be an octal number",
                "provision: [{mode: yq, path: /x}] § provision[0] has no expression",
                "provision: [{file: x.sh}] § provision[0].file is read when",
                "provision: [{mode: ansible}] § provision[0] has no playbook",
                "provision: [{mode: ansible, playbook: /no/such}] § /no/such cannot be read",
                "provision: [{script: x, playbook: /x}] § playbook belongs to mode: ansible",
                "provision: [{script: 'echo {{.Usr}}'}] § 2:22: provision[0].script: there is no variable {{.Usr}}",
                "provision: [{script: 'echo {{.Param.x}}'}] § {{.Param.x}} is not defined under param",
                "probes: [{}] § 2:10: probes[0].script must begin with #!",
                "probes: [{script: ls}] § 2:19: probes[0].script must begin with #!",
                "probes: [{script: '#!x', mode: liveness}] § probes[0].mode must be readiness",
                "probes: [{file: x}] § probes[0].file is read when",
                "portForwards: [{guestIP: 1.2.3.4, guestIPMustBeZero: true}] § needs guestIP 0.0.0.0",
                "portForwards: [{guestPort: 22}] § 2:28: portForwards[0]: guest port 22",
                "portForwards: [{hostPort: 22, guestPort: 80}] § host port 22",
                "portForwards: [{guestPort: 70000}] § guest port 70000",
                "portForwards: [{guestPort: -5}] § guest port -5",
                "portForwards: [{guestPort: 80, guestPortRange: [81, 82]}] § guestPort is 80 but guestPortRange begins"
                        + " with 81",
                "portForwards: [{guestPortRange: [80]}] § guestPortRange must have two ports",
                "portForwards: [{guestPortRange: [80, 81, 82]}] § guestPortRange must have two ports",
                "portForwards: [{guestPortRange: [90, 80]}] § guestPortRange ends before it begins",
                "portForwards: [{guestPortRange: [80, 90], hostPortRange: [80, 91]}] § the guest has 11 ports but the"
                        + " host 12",
                "portForwards: [{guestPort: 80, guestSocket: /x}] § cannot both be given",
                "portForwards: [{guestSocket: x, hostSocket: y}] § guestSocket must be an absolute path",
                "portForwards: [{guestSocket: /x}] § needs a hostSocket or a single hostPort",
                "portForwards: [{guestSocket: /x, hostPortRange: [1000, 1001]}] § single hostPort",
                "portForwards: [{hostSocket: x}] § needs a guestSocket or a single guestPort",
                "portForwards: [{hostSocket: x, guestPortRange: [80, 90]}] § single guestPort",
                "portForwards: [{guestPort: 80, proto: sctp}] § proto must be tcp, udp or any",
                "portForwards: [{guestPort: 80, reverse: true}] § reverse needs both",
                "copyToHost: [{guest: x, host: /x}] § 2:22: copyToHost[0].guest must be an absolute path",
                "copyToHost: [{guest: /x, host: x}] § copyToHost[0].host must be an absolute path",
                "copyToHost: [{host: /x}] § copyToHost[0].guest is missing",
                "dns: [1.1.1.1] § dns cannot be given while hostResolver is enabled",
                "networks: [{}] § 2:12: networks[0] must have one of lima, socket and vzNAT, but has none",
                "networks: [{lima: user-v2, vzNAT: true}] § but has 2",
                "networks: [{lima: usr-v2}] § did you mean user-v2?",
                "networks: [{lima: shared}] § needs socket_vmnet",
                "networks: [{socket: /etc/passwd}] § /etc/passwd is not a socket",
                "networks: [{lima: user-v2, macAddress: '52:55'}] § is no MAC address",
                "networks: [{lima: user-v2, interface: eth0}] § is the built-in interface's name",
                "networks: [{lima: user-v2, interface: abcdefghijklmnop}] § is longer than 15 bytes",
                "networks: [{lima: user-v2, interface: 'a b'}] § blank or a slash",
                "networks: [{lima: user-v2, interface: a/b}] § blank or a slash",
                "networks: [{lima: user-v2, interface: lima1}, {lima: user-v2}] § \"lima1\" is used twice",
                "networks: [{lima: user-v2, metric: -1}] § metric must not be negative",
                "param: {a: b} § 2:9: param.a is used nowhere",
                "param: {a-b: c} § cannot name a parameter",
                "param: {1a: c} § cannot name a parameter",
                "param: {internal_netplanOptional: \"x\\x0ay\"} § has a line end",
                "arch: s390x\\ntpm: true § tpm: there is none for s390x",
                "audio: {interface: ac97} § 2:20: audio.interface must be one of hda, virtio",
                "containerd: {archives: [{location: /x, digest: md5:x}]} § is not supported",
                "vmOpts: {qemu: {cpuType: [x]}} § vmOpts.qemu.cpuType must be a mapping",
            })
    void isRefused(String yaml, String words) {
        assertThat(Given.linux(home).refusal(yaml.replace("\\n", "\n") + "\n")).contains(words);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "minimumLimaVersion: 2.0.0",
                "minimumLimaVersion: v1.1.0-5-gabc",
                "minimumLimaVersion: 2.0",
                "vmType: anything",
                "arch: aarch64",
                "user: {name: Foo.Bar, shell: /bin/zsh, uid: 5}",
                "additionalDisks: [a.b-c_d1]",
                "ssh: {localPort: 2222}",
                "mounts: [{location: /tmp/lima, writable: true}]",
                "mounts: [{location: /home/foo}]",
                "mounts: [{location: /usr, mountPoint: /usr/host}]",
                "mounts: [{location: /x, mountPoint: '/mnt/{{.Name}}'}]",
                "mountType: 'reverse-sshfs'",
                "mountType: virtiofs",
                "hostResolver: {enabled: false}\ndns: [1.1.1.1, '::1']",
                "networks: [{lima: user-v2}, {vzNAT: true}, {socket: /no/such/socket}]",
                "networks: [{lima: user-v2, macAddress: '52-55-55-AA-bb-cc', interface: abcdefghijklmno}]",
                "param: {a: b}\nprovision: [{script: 'x {{if .Param.a}}y{{end}}'}]",
                "param: {a: b}\nprovision: [{script: 'echo $PARAM_a'}]",
                "param: {a: b}\nprobes: [{script: '#!/bin/sh\n\necho {{.Param.a}}'}]",
                "param: {a: \"tab\\there\"}\nmounts: [{location: '/{{.Param.a}}/x', mountPoint: /x}]",
                "param: {internal_netplanOptional: x}",
                "tpm: true",
                "audio: {device: default, interface: virtio}",
                "portForwards: [{guestPort: 80, hostPort: 8080, static: true}]",
                "portForwards: [{guestPortRange: [1, 65535], ignore: true, proto: udp}]",
                "portForwards: [{guestSocket: /x, hostPort: 1234}]",
                "provision: [{mode: data, path: /x, content: y, permissions: 0o755}]",
                "provision: [{mode: data, path: /x, permissions: '0755'}]",
                "provision: [{mode: boot, script: x}, {mode: user, script: y}]",
                "copyToHost: [{guest: /etc/x, host: '~/x', deleteOnStop: true}]",
                "copyToHost: [{guest: '{{.Home}}/x', host: '{{.Dir}}/x'}]",
                "env: {}",
                "video: {display: vnc, vnc: {display: '127.0.0.1:5'}}",
                "caCerts: {certs: ['x']}",
                "osOpts: {Windows: {virtioWin: [{location: /x}]}}",
                "firmware: {images: [{location: /x, vmType: qemu}]}",
                "ssh: {overVsock: true}",
                "containerd: {system: false, user: false}\nmounts: []",
                "provision: [{script: 'docker ps --format \"{{json .}}\"'}]",
            })
    void isAccepted(String yaml) {
        assertThat(Given.linux(home).refusal(yaml + "\n")).isEqualTo("accepted");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            value = {
                "firmware: {legacyBIOS: true}\\narch: aarch64 § 2:24: firmware.legacyBIOS is ignored",
                "provision: [{script: 'echo $LIMA_CIDATA_USER'}] § LIMA_CIDATA variables",
                "provision: [{mode: ansible, playbook: /etc/passwd}] § ansible is an old way",
                "provision: [{script: '{{json .}}'}] § 2:22: provision[0].script is kept as written",
                "mounts: [{location: /etc, mountPoint: /mnt/x}, {location: /var, mountPoint: /mnt//x/}] § 2:59: mounts: /var"
                        + " is not mounted, because /etc is at /mnt/x already",
                "plain: true\\nportForwards: [{guestPortRange: [80, 95], static: true}] § more than 10 ports",
            })
    void isWarnedAbout(String yaml, String words) {
        assertThat(Given.linux(home)
                        .resolve(Given.IMAGE + yaml.replace("\\n", "\n") + "\n")
                        .warnings())
                .singleElement()
                .asString()
                .contains(words);
    }

    @Test
    void aKeptTextIsUnchanged() {
        assertThat(Given.linux(home)
                        .accept("provision: [{script: '{{json .}} {{.User}}'}]\n")
                        .provision()
                        .getFirst()
                        .script())
                .isEqualTo("{{json .}} {{.User}}");
    }

    @Test
    void networksOfTheFileCount() {
        Given given = Given.linux(home)
                .with(
                        "networks.yaml",
                        "networks:\n  office: {mode: bridged, interface: en0}\n  mine: {mode: user-v2}\n");
        assertThat(given.refusal("networks: [{lima: mine}, {lima: user-v2}]\n")).isEqualTo("accepted");
        assertThat(given.refusal("networks: [{lima: office}]\n")).contains("needs socket_vmnet");
        assertThat(given.refusal("networks: [{lima: shared}]\n")).contains("has no network \"shared\"");
        assertThat(given.on("darwin", Arch.AARCH64).refusal("networks: [{lima: office}]\n"))
                .isEqualTo("accepted");
    }

    @Test
    void hostSocketsMustFit() {
        String name = "n".repeat(200);
        assertThat(Given.linux(home).refusal("portForwards: [{guestPort: 80, hostSocket: " + name + "}]\n"))
                .contains("longer than the 107 bytes");
        assertThat(Given.linux(home)
                        .on("darwin", Arch.AARCH64)
                        .refusal("portForwards: [{guestPort: 80, hostSocket: " + name + "}]\n"))
                .contains("longer than the 103 bytes");
    }
}
