// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.util.List;

/** The nerdctl-full releases that are used when a file names none. */
final class ContainerdArchives {
    /** What Lima 2.2 installs. */
    private static final String VERSION = "2.3.5";

    /** From the SHA256SUMS of the release. */
    private static final String AMD64 = "sha256:b697295c623639734aaab737523c808fd3cc8d3046039fd94fff1744e4c317aa";

    private ContainerdArchives() {}

    static List<Mapping> builtIn() {
        return List.of(archive(Arch.X86_64).put("digest", Scalar.of(AMD64)), archive(Arch.AARCH64));
    }

    private static Mapping archive(Arch arch) {
        String location = "https://github.com/containerd/nerdctl/releases/download/v" + VERSION + "/nerdctl-full-"
                + VERSION + "-linux-" + arch.debianWord() + ".tar.gz";
        return new Mapping().put("location", Scalar.of(location)).put("arch", Scalar.of(arch.word()));
    }
}
