// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.Machine.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which process is the machine: {@code qemu.identity} in the instance directory, lines of {@code key=value}. A later
 * daemon finds the process by it and is not misled by a pid that was given to somebody else since.
 *
 * @param bootId the boot of the host that the process belongs to, empty where the host has none
 * @param accelerator for people
 * @param logOffset where in {@code qemu.log} the words of this process begin
 */
record RunRecord(ProcessIdentity identity, String bootId, String accelerator, long logOffset) {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    static Path file(Path directory) {
        return directory.resolve("qemu.identity");
    }

    /** A name for this boot of the host, see random(4); empty where there is none. */
    static String hostBoot() {
        try {
            return Files.isReadable(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
        } catch (IOException e) {
            return "";
        }
    }

    void write(Path directory) throws IOException {
        Whole.write(
                file(directory),
                "pid=%d\nstart=%d\nboot=%s\naccelerator=%s\nlog=%d\n"
                        .formatted(
                                identity.pid(),
                                identity.startTime(),
                                bootId,
                                accelerator.replace('\n', ' '),
                                logOffset));
    }

    /** What the file says; empty when there is none, or none that makes sense. */
    static Optional<RunRecord> read(Path directory) {
        Map<String, String> values = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file(directory))) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            return Optional.of(new RunRecord(
                    new ProcessIdentity(number(values, "pid"), number(values, "start")),
                    values.getOrDefault("boot", ""),
                    values.getOrDefault("accelerator", ""),
                    number(values, "log")));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static long number(Map<String, String> values, String key) {
        return Long.parseLong(values.getOrDefault(key, ""));
    }

    /** Whether the process of this record is the one that runs now. */
    boolean isAlive() {
        return bootId.equals(hostBoot()) && HostProcess.isAlive(identity);
    }
}
