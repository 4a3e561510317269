// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Keys that files of older versions use, brought into today's; each is told once. */
final class OldKeys {
    private final Findings findings;

    OldKeys(Findings findings) {
        this.findings = findings;
    }

    /** Changes one layer. */
    void translate(Mapping layer) {
        // For arch and os the word is a value like others, which hides those of lower layers.
        for (String key : List.of("vmType", "mountType")) {
            String word = layer.text(key);
            if (word != null && (word.isEmpty() || word.equals("default"))) {
                layer.remove(key);
            }
        }
        hostResolver(layer);
        vdeNetworks(layer);
        layer.mappings("networks").forEach(this::vdeSwitch);
    }

    /** Driver options that once were keys of their own; for the instance's own file only, after merging. */
    void translateOptions(Mapping document) {
        if (document.get("cpuType") instanceof Mapping cpuTypes) {
            findings.warn(document.keyMark("cpuType"), "cpuType is an old key; write vmOpts.qemu.cpuType");
            Mapping today = document.section("vmOpts").section("qemu").section("cpuType");
            cpuTypes.entries().forEach((arch, type) -> {
                if (today.has(arch) && !String.valueOf(today.text(arch)).equals(cpuTypes.text(arch))) {
                    findings.warn(type.mark(), "cpuType." + arch + " is ignored: vmOpts.qemu.cpuType says otherwise");
                }
                today.fill(arch, type);
            });
            document.remove("cpuType");
        }
        if (document.get("rosetta") instanceof Mapping rosetta) {
            findings.warn(document.keyMark("rosetta"), "rosetta is an old key; write vmOpts.vz.rosetta");
            Mapping today = document.section("vmOpts").section("vz").section("rosetta");
            if (today.entries().isEmpty()) {
                rosetta.entries().forEach(today::put);
            } else if (!today.entries().keySet().equals(rosetta.entries().keySet())
                    || rosetta.entries().keySet().stream().anyMatch(key -> today.flag(key) != rosetta.flag(key))) {
                findings.warn(rosetta.mark(), "rosetta is ignored: vmOpts.vz.rosetta says otherwise");
            }
            document.remove("rosetta");
        }
    }

    private void hostResolver(Mapping layer) {
        Node old = layer.get("useHostResolver");
        if (old == null) {
            return;
        }
        Mapping resolver = layer.section("hostResolver");
        boolean ignored = resolver.has("enabled") && resolver.flag("enabled") != layer.flag("useHostResolver");
        findings.warn(
                layer.keyMark("useHostResolver"),
                "useHostResolver is an old key; write hostResolver.enabled"
                        + (ignored ? ", which is given too and wins" : ""));
        resolver.fill("enabled", old);
        layer.remove("useHostResolver");
    }

    private void vdeNetworks(Mapping layer) {
        if (!(layer.get("network") instanceof Mapping network)) {
            return;
        }
        List<Mapping> old = network.mappings("vde");
        findings.warn(layer.keyMark("network"), "network.vde is an old key; write networks");
        layer.remove("network");
        if (!old.isEmpty() && !layer.mappings("networks").isEmpty()) {
            findings.error(network.mark(), "network.vde and networks cannot both be given", "keep networks only");
            return;
        }
        for (Mapping item : old) {
            Mapping today = new Mapping(item.mark());
            item.entries().forEach((key, value) -> today.put(key.equals("name") ? "interface" : key, value));
            layer.sequence("networks").items().add(today);
        }
    }

    /** A VDE address names the socket of a switch, which today is given directly. */
    private void vdeSwitch(Mapping network) {
        if (network.has("switchPort")) {
            findings.warn(network.keyMark("switchPort"), "switchPort is an old key and is ignored");
            network.remove("switchPort");
        }
        String vnl = network.text("vnl");
        if (vnl == null) {
            return;
        }
        String path = vnl.startsWith("vde://") ? vnl.substring("vde://".length()) : vnl;
        findings.warn(network.keyMark("vnl"), "vnl is an old key; write socket");
        if (!network.has("socket") && !network.has("lima")) {
            if (SocketFile.isSocket(Path.of(path))) {
                network.put("socket", new Scalar(network.markOf("vnl"), Node.Kind.TEXT, path, path));
            } else {
                findings.error(
                        network.markOf("vnl"),
                        "vnl: " + path + (Files.exists(Path.of(path)) ? " is not a stream socket" : " does not exist"),
                        "run socket_vmnet and write \"socket:\" with the path of its socket");
                network.addFaulty("socket");
            }
        }
        network.remove("vnl");
    }
}
