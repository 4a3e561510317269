// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Mounts of all layers as one list, keyed by mount point: a later entry changes an earlier one but for its location. */
final class MountLayers {
    private final Path home;
    private final Vintage vintage;
    private final Evaluation evaluation;
    private final Findings findings;

    /** @param home what a leading tilde means */
    MountLayers(Path home, Vintage vintage, Evaluation evaluation, Findings findings) {
        this.home = home;
        this.vintage = vintage;
        this.evaluation = evaluation;
        this.findings = findings;
    }

    /** @param rising the entries of all layers, the lowest first */
    Sequence merge(List<Mapping> rising, Mapping document) {
        Map<String, Mapping> byMountPoint = new LinkedHashMap<>();
        for (Mapping mount : rising) {
            String location = mount.text("location");
            if (location == null || location.isEmpty()) {
                if (!mount.isFaulty("location")) {
                    findings.error(
                            mount.markOf("location"),
                            "a mount has no location",
                            "add \"location:\" with a directory; put quotes around ~, which alone means null");
                }
                continue;
            }
            evaluation.host(mount, "location", "mounts[].location");
            Scalar written = (Scalar) Objects.requireNonNull(mount.get("location"));
            String path = written.text();
            mount.put("location", written.withText(Paths.expandHome(Paths.clean(path), home)));
            if (mount.has("mountPoint")) {
                evaluation.guest(mount, "mountPoint", "mounts[].mountPoint");
                clean(mount);
            } else {
                mount.put("mountPoint", written.withText(mount.filledText("location")));
            }
            Mapping earlier = byMountPoint.putIfAbsent(mount.filledText("mountPoint"), mount);
            if (earlier != null) {
                if (!earlier.filledText("location").equals(mount.filledText("location"))) {
                    findings.warn(
                            mount.markOf("location"),
                            "mounts: " + mount.filledText("location") + " is not mounted, because "
                                    + earlier.filledText("location") + " is at " + mount.filledText("mountPoint")
                                    + " already");
                }
                overwrite(earlier, mount);
            }
        }
        byMountPoint.values().forEach(this::fill);
        return new Sequence(document.keyMark("mounts"), new ArrayList<>(byMountPoint.values()));
    }

    /** One place of the guest has one name, which mounts are told apart by. */
    private static void clean(Mapping mount) {
        if (mount.get("mountPoint") instanceof Scalar point && Paths.isAbsolute(point.text())) {
            mount.put("mountPoint", point.withText(Paths.clean(point.text())));
        }
    }

    private static void overwrite(Mapping earlier, Mapping later) {
        later.entries().forEach((key, value) -> {
            if (value instanceof Mapping options) {
                options.entries().forEach((option, v) -> earlier.section(key).put(option, options.keyMark(option), v));
            } else if (!key.equals("location")) {
                earlier.put(key, later.keyMark(key), value);
            }
        });
    }

    private void fill(Mapping mount) {
        mount.fill("writable", false);
        Mapping sshfs = mount.section("sshfs");
        sshfs.fill("cache", true);
        sshfs.fill("followSymlinks", false);
        sshfs.fill("sftpDriver", "");
        Mapping nineP = mount.section("9p");
        nineP.fill("securityModel", vintage.securityModel(mount.flag("writable")));
        nineP.fill("protocolVersion", "9p2000.L");
        nineP.fill("msize", "128KiB");
        nineP.fill("cache", mount.flag("writable") ? "mmap" : "fscache");
    }
}
