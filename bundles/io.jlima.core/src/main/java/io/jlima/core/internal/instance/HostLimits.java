// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.InstanceConfig;
import io.jlima.core.internal.image.ByteSize;

/** What no machine can have on this host; said before anything is made. */
final class HostLimits {
    /** No guest boots from less; a missing unit is the usual reason for asking. */
    private static final long LEAST_DISK = 1 << 20;

    /** QEMU's own devices aside, no kernel of this century starts in less. */
    private static final long LEAST_MEMORY = 16 << 20;

    private HostLimits() {}

    static void check(InstanceConfig config, Facts facts) {
        if (facts.memory() > 0 && config.memory() > facts.memory()) {
            throw new LimaException(
                    "the instance asks for " + ByteSize.text(config.memory()) + " of memory, and this host has "
                            + ByteSize.text(facts.memory()),
                    "Choose less: --memory takes GiB, and memory: in lima.yaml a size such as \"4GiB\"");
        }
        if (config.memory() < LEAST_MEMORY) {
            throw new LimaException(
                    "the instance asks for " + ByteSize.text(config.memory()) + " of memory, in which no guest starts",
                    "Choose more: --memory takes GiB, and memory: in lima.yaml a size such as \"4GiB\"");
        }
        if (config.disk() < LEAST_DISK) {
            throw new LimaException(
                    "the instance asks for a disk of " + ByteSize.text(config.disk()) + ", which holds no system",
                    "Choose more: --disk takes GiB, and disk: in lima.yaml a size such as \"100GiB\"");
        }
    }
}
