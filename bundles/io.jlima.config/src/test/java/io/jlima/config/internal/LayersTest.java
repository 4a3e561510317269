// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How default.yaml, lima.yaml and override.yaml become one. */
class LayersTest {
    @TempDir
    Path home;

    private InstanceConfig merged(String lower, String own, String upper) {
        return Given.linux(home)
                .with("default.yaml", lower)
                .with("override.yaml", upper)
                .accept(own);
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                row("S: own over lower", "cpus: 1", "cpus: 2", "", c -> c.cpus(), 2),
                row("S: upper over own", "cpus: 1", "cpus: 2", "cpus: 3", c -> c.cpus(), 3),
                row("S: lower if nothing else", "cpus: 1", "", "", c -> c.cpus(), 1),
                row("S: null does not count", "cpus: 1", "cpus: null", "cpus: ~", c -> c.cpus(), 1),
                row(
                        "S: default does not count",
                        "vmType: vz",
                        "vmType: qemu",
                        "vmType: default",
                        c -> c.vmType(),
                        "qemu"),
                row("S: false counts", "plain: true", "plain: false", "", c -> c.plain(), false),
                row(
                        "S: per leaf",
                        "ssh: {localPort: 5, forwardAgent: true}",
                        "ssh: {localPort: 6}",
                        "ssh: {forwardX11: true}",
                        c -> c.ssh(),
                        new InstanceConfig.Ssh(6, false, true, true, false, null)),
                row(
                        "S: deep leaf",
                        "video: {vnc: {display: ':1'}}",
                        "video: {display: vnc}",
                        "",
                        c -> c.video(),
                        new InstanceConfig.Video("vnc", ":1")),
                row(
                        "C: highest first",
                        "images: [{location: /low}]",
                        "",
                        "images: [{location: /high}]",
                        c -> c.images().stream().map(i -> i.file().location()).toList(),
                        List.of("/high", "/image", "/low")),
                row(
                        "C: provision with indexes",
                        "provision: [{script: low}]",
                        "provision: [{script: own}]",
                        "provision: [{script: high}]",
                        c -> c.provision().stream()
                                .map(p -> p.index() + p.script())
                                .toList(),
                        List.of("0high", "1own", "2low")),
                row(
                        "C: archives, without the built-in ones",
                        "containerd: {archives: [{location: /low}]}",
                        "containerd: {system: true}",
                        "",
                        c -> c.containerd().archives().size(),
                        1),
                row(
                        "K: by key",
                        "env: {A: low, B: low, C: low}",
                        "env: {B: own, C: own}",
                        "env: {C: high}",
                        c -> c.env(),
                        Map.of("A", "low", "B", "own", "C", "high")),
                row(
                        "K: shallow",
                        "",
                        "vmOpts: {qemu: {minimumVersion: 8.0.0}, vz: {x: 1}}",
                        "vmOpts: {qemu: {y: 2}}",
                        c -> c.vmOpts(),
                        Map.of("qemu", Map.of("y", 2), "vz", Map.of("x", 1))),
                row(
                        "K: hosts",
                        "hostResolver: {hosts: {a: b, c: d}}",
                        "hostResolver: {ipv6: true, hosts: {a: x}}",
                        "",
                        c -> c.hostResolver(),
                        new InstanceConfig.HostResolver(true, true, Map.of("a", "x", "c", "d"))),
                row(
                        "P: upper",
                        "dns: [1.1.1.1]",
                        "hostResolver: {enabled: false}\ndns: [2.2.2.2]",
                        "dns: [3.3.3.3, 4.4.4.4]",
                        c -> c.dns(),
                        List.of("3.3.3.3", "4.4.4.4")),
                row(
                        "P: an empty list does not count",
                        "dns: [1.1.1.1]",
                        "hostResolver: {enabled: false}\ndns: []",
                        "dns: []",
                        c -> c.dns(),
                        List.of("1.1.1.1")),
                row(
                        "U: lowest first, each once",
                        "caCerts: {files: [/a, /b]}",
                        "caCerts: {files: [/b, /c]}",
                        "caCerts: {files: [/a, /d]}",
                        c -> c.caCerts().files(),
                        List.of("/a", "/b", "/c", "/d")),
                row("I: message", "message: low", "message: own", "message: high", c -> c.message(), "own"),
                row("I: message of other layers", "message: low", "", "message: high", c -> c.message(), ""),
                row(
                        "C: unsupported mount types once each",
                        "mountTypesUnsupported: [9p]",
                        "mountTypesUnsupported: [9p, virtiofs]",
                        "",
                        c -> c.mountTypesUnsupported(),
                        List.of("9p", "virtiofs")),
                row(
                        "M: lowest first",
                        "mounts: [{location: /low/x}]",
                        "mounts: [{location: /own/x}]",
                        "mounts: [{location: /high/x}]",
                        c -> c.mounts().stream().map(m -> m.location()).toList(),
                        List.of("/low/x", "/own/x", "/high/x")),
                row(
                        "M: same mount point, location of the lowest",
                        "mounts: [{location: /low/x, mountPoint: /m, sshfs: {cache: false}}]",
                        "mounts: [{location: /own/x, mountPoint: /m, writable: true}]",
                        "mounts: [{location: /high/x, mountPoint: /m, sshfs: {followSymlinks: true}, 9p: {cache:"
                                + " none}}]",
                        c -> c.mounts(),
                        List.of(new InstanceConfig.Mount(
                                "/low/x",
                                "/m",
                                true,
                                new InstanceConfig.Mount.Sshfs(false, true, ""),
                                new InstanceConfig.Mount.NineP("none", "9p2000.L", 131072, "none"),
                                null))),
                row(
                        "M: keys are compared after evaluation",
                        "mounts: [{location: '~'}]",
                        "mounts: [{location: '{{.Home}}', writable: true}]",
                        "mounts: [{location: /home/foo, virtiofs: {queueSize: 7}}]",
                        c -> c.mounts().stream()
                                .map(m -> m.location() + m.writable() + m.queueSize())
                                .toList(),
                        List.of("/home/footrue7")),
                row(
                        "N: same interface, socket replaces lima",
                        "networks: [{lima: user-v2, interface: a0, metric: 7}]",
                        "networks: [{socket: /no/such, interface: a0, macAddress: '52:55:55:00:00:01'}]",
                        "",
                        c -> c.networks(),
                        List.of(new InstanceConfig.NetworkEntry(
                                null, "/no/such", false, "52:55:55:00:00:01", "a0", 7))),
                row(
                        "N: lima replaces socket",
                        "networks: [{socket: /no/such, interface: a0}]",
                        "networks: [{lima: user-v2, interface: a0}]",
                        "",
                        c -> c.networks().stream()
                                .map(n -> n.lima() + n.socket())
                                .toList(),
                        List.of("user-v2null")),
                row(
                        "N: without interface never merged",
                        "networks: [{lima: user-v2}]",
                        "networks: [{lima: user-v2}]",
                        "",
                        c -> c.networks().stream().map(n -> n.interfaceName()).toList(),
                        List.of("lima0", "lima1")));
    }

    private static Arguments row(
            String name, String lower, String own, String upper, Function<InstanceConfig, Object> field, Object value) {
        return Arguments.of(name, lower, own, upper, field, value);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void layersMerge(
            String name,
            String lower,
            String own,
            String upper,
            Function<InstanceConfig, Object> field,
            Object expected) {
        assertThat(field.apply(merged(lower, own, upper))).as(name).isEqualTo(expected);
    }

    @Test
    void errorsInLayersNameTheirFile() {
        Given given = Given.linux(home).with("default.yaml", "cpus: 1\ncpus: 2\n");
        assertThat(given.refusal("")).startsWith(given.config("default.yaml") + ":2:1: ");
    }

    @Test
    void parametersOfOtherLayersAreNotEvaluatedButPassedOn() {
        Given given = Given.linux(home).with("override.yaml", "param: {a: high, b: high}\n");
        InstanceConfig c = given.accept("param: {a: own}\nprovision: [{script: 'echo {{.Param.a}} $PARAM_a'}]\n");
        assertThat(c.provision().getFirst().script()).isEqualTo("echo own $PARAM_a");
        assertThat(c.param()).isEqualTo(Map.of("a", "high", "b", "high"));
    }
}
