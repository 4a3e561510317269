// SPDX-License-Identifier: Apache-2.0
package io.jlima.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Generated MAC addresses: stable for a machine and an instance, so that DHCP leases and udev names survive a restart.
 * They are the ones that Lima generates. Pure functions, thread-safe.
 */
public final class MacAddress {
    /** A locally administered prefix, the one of Lima. */
    private static final String PREFIX = "52:55:55";

    private static final HexFormat BYTES = HexFormat.ofDelimiter(":");

    private MacAddress() {}

    /** The address of the first interface, {@code eth0}, of the instance in this directory. */
    public static String ofFirstInterface(String machineId, Path instanceDirectory) {
        return of(machineId, instanceDirectory.toString());
    }

    /** The address of the entry of {@code networks} at this index, counted from 0 after merging. */
    public static String ofNetwork(String machineId, Path instanceDirectory, int index) {
        return of(machineId, instanceDirectory.resolve("lima.yaml") + "#" + index);
    }

    /**
     * Prefix plus the first three bytes of SHA-256 over both texts.
     *
     * @param machineId the content of {@code /etc/machine-id} without line end, or what stands in for it
     * @param uniqueId names the interface on this machine
     * @return six lower-case hexadecimal bytes joined by colons
     */
    public static String of(String machineId, String uniqueId) {
        byte[] hash = sha256((machineId + uniqueId).getBytes(StandardCharsets.UTF_8));
        return PREFIX + ":" + BYTES.formatHex(hash, 0, 3);
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
