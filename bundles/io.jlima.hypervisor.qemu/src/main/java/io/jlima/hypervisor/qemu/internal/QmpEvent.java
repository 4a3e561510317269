// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.util.Map;

/** An event that QEMU sent, by its name in the QMP reference. */
record QmpEvent(String name, Map<?, ?> data) {
    boolean flag(String key) {
        return Boolean.TRUE.equals(data.get(key));
    }

    String text(String key) {
        return Json.string(data, key);
    }
}
