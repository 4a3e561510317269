// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import java.util.List;
import java.util.Set;

/** What is accepted but worth a line: things that have no effect, that may change, or that few have tried. */
final class Remarks {
    private static final Set<String> RARE_ARCHES = Set.of("riscv64", "armv7l", "s390x", "ppc64le");

    private final Vintage vintage;
    private final Findings findings;

    Remarks(Vintage vintage, Findings findings) {
        this.vintage = vintage;
        this.findings = findings;
    }

    /** @param document filled, whether it is valid or not */
    void on(Mapping document) {
        experimental(document);
        drivers(document);
        mounts(document);
        List<Mapping> steps = document.mappings("provision");
        for (int i = 0; i < steps.size(); i++) {
            step(steps.get(i), "provision[" + i + "]");
        }
        List<Mapping> probes = document.mappings("probes");
        for (int i = 0; i < probes.size(); i++) {
            internalVariables(probes.get(i), "probes[" + i + "]");
        }
    }

    private void experimental(Mapping document) {
        if (document.filledText("os").equals("Windows")) {
            experimental(document, "os", "os: Windows");
        }
        String arch = document.filledText("arch");
        if (RARE_ARCHES.contains(arch)) {
            experimental(document, "arch", "arch: " + arch);
        }
        if (document.flag("mountInotify")) {
            experimental(document, "mountInotify", "mountInotify");
        }
        if ("virtiofs".equals(document.text("mountType"))
                && vintage.facts().os().equals("linux")) {
            experimental(document, "mountType", "mountType: virtiofs on Linux");
        }
        Mapping video = document.section("video");
        if (video.filledText("display").contains("vnc")) {
            experimental(video, "display", "video.display: " + video.text("display"));
        }
        for (String key : List.of("device", "interface")) {
            if (!document.section("audio").filledText(key).isEmpty()) {
                experimental(document.section("audio"), key, "audio." + key);
            }
        }
        Mapping user = document.section("user");
        if (!user.flag("passwordlessSudo") && !document.filledText("os").equals("Darwin")) {
            experimental(user, "passwordlessSudo", "user.passwordlessSudo: false");
        }
    }

    private void experimental(Mapping section, String key, String what) {
        findings.warn(section.markOf(key), what + " is experimental");
    }

    private void drivers(Mapping document) {
        String vmType = vintage.effectiveVmType(document);
        Mapping ssh = document.section("ssh");
        if (ssh.flag("overVsock") && !vmType.equals("vz")) {
            findings.warn(ssh.markOf("overVsock"), "ssh.overVsock has no effect with vmType: " + vmType);
        }
        List<Mapping> networks = document.mappings("networks");
        for (int i = 0; i < networks.size(); i++) {
            if (networks.get(i).flag("vzNAT") && !vmType.equals("vz")) {
                findings.warn(
                        networks.get(i).markOf("vzNAT"),
                        "networks[" + i + "].vzNAT is a network of vmType: vz, and this is " + vmType);
            }
        }
        Mapping firmware = document.section("firmware");
        if (firmware.flag("legacyBIOS") && vmType.equals("vz")) {
            findings.warn(firmware.markOf("legacyBIOS"), "firmware.legacyBIOS has no effect with vmType: vz");
        }
    }

    private void mounts(Mapping document) {
        for (Mapping mount : document.mappings("mounts")) {
            Mapping virtiofs = mount.look("virtiofs");
            if (virtiofs.has("queueSize") && !vintage.facts().os().equals("linux")) {
                findings.warn(
                        virtiofs.markOf("queueSize"), "mounts: virtiofs.queueSize has an effect on Linux hosts only");
            }
        }
    }

    private void step(Mapping step, String path) {
        if (step.filledText("mode").equals("ansible")) {
            findings.warn(step.markOf("mode"), path + ": mode: ansible is an old way; run ansible yourself");
        }
        internalVariables(step, path);
    }

    private void internalVariables(Mapping section, String path) {
        if (String.valueOf(section.text("script")).contains("LIMA_CIDATA")) {
            findings.warn(
                    section.markOf("script"), path + " uses LIMA_CIDATA variables, which are internal and may change");
        }
    }
}
