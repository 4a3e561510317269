// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;

/**
 * The way to a VNC display: a password of 8 characters, which is all that the protocol carries, and the address that
 * QEMU chose, in the files {@code vncpassword} and {@code vncdisplay} of the instance directory.
 */
record VncAccess(QemuMachine machine, MachineSpec spec) {
    private static final String LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    static Path password(Path directory) {
        return directory.resolve("vncpassword");
    }

    static Path display(Path directory) {
        return directory.resolve("vncdisplay");
    }

    /** Does nothing for a machine with another display or none. */
    void grant() throws IOException, InterruptedException {
        if (spec.devices().stream()
                .noneMatch(d -> d instanceof Device.Display v && v.kind().equals("vnc"))) {
            return;
        }
        String password = new SecureRandom()
                .ints(8, 0, LETTERS.length())
                .collect(StringBuilder::new, (s, i) -> s.append(LETTERS.charAt(i)), StringBuilder::append)
                .toString();
        machine.execute("set_password", Map.of("protocol", "vnc", "password", password));
        Map<?, ?> vnc = Json.object(machine.execute("query-vnc", Map.of()));
        Whole.write(password(spec.directory()), password);
        // VNC counts displays from port 5900.
        String service = Json.string(vnc, "service");
        String display = service.matches("\\d{1,5}") ? Integer.toString(Integer.parseInt(service) - 5900) : service;
        Whole.write(display(spec.directory()), Json.string(vnc, "host") + ":" + display);
    }
}
