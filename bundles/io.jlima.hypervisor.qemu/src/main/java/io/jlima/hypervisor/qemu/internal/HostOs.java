// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.util.Locale;

/** The host's operating system, as far as it matters to QEMU. */
enum HostOs {
    LINUX,
    DARWIN,
    OTHER;

    /** The system that this JVM runs on. */
    static HostOs current() {
        String name = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (name.startsWith("linux")) {
            return LINUX;
        }
        return name.startsWith("mac") ? DARWIN : OTHER;
    }

    /** Longest path of a unix socket in bytes, without the final zero: sizeof(sun_path) of unix(7) less one. */
    int socketPathLimit() {
        return this == LINUX ? 107 : 103;
    }
}
