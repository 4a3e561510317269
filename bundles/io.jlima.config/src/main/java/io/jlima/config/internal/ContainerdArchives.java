// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.Arch;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.util.List;
import java.util.stream.Stream;

/** The nerdctl-full releases that are used when a file names none. */
final class ContainerdArchives {
    /** What Lima 2.2 installs. */
    private static final String VERSION = "2.3.5";

    private ContainerdArchives() {}

    static List<Mapping> builtIn() {
        return Stream.of(Arch.X86_64, Arch.AARCH64)
                .map(arch -> new Mapping()
                        .put(
                                "location",
                                Scalar.of("https://github.com/containerd/nerdctl/releases/download/v" + VERSION
                                        + "/nerdctl-full-" + VERSION + "-linux-" + arch.debianWord() + ".tar.gz"))
                        .put("arch", Scalar.of(arch.word())))
                .toList();
    }
}
