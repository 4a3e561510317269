// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What trying the accelerator has shown, in a file of the caller's cache directory: one line of four fields per
 * program (key, kind, reason, remedy), joined by tabs. Lines of an earlier boot of the host do not count. The file is
 * only a saving: when it cannot be read or written, the probe runs again.
 */
record ProbeRecord(Path file) {
    private static final Logger LOG = LoggerFactory.getLogger(ProbeRecord.class);

    static ProbeRecord of(HostEnvironment caller, HostOs os) {
        Path cache = caller.variable("XDG_CACHE_HOME")
                .map(Path::of)
                .filter(Path::isAbsolute)
                .orElseGet(() -> caller.home().resolve(os == HostOs.DARWIN ? "Library/Caches" : ".cache"));
        return new ProbeRecord(cache.resolve("lima").resolve("jlima-accelerator"));
    }

    /** Names this boot of the host, the program as it is now, and the device. */
    static String key(Path program, Path device) {
        QemuVersions.ProgramFile file = QemuVersions.ProgramFile.of(program);
        return "%s %s %s %d %s".formatted(RunRecord.hostBoot(), program, file.modified(), file.size(), device);
    }

    Optional<Accelerator> find(String key) {
        return lines().stream()
                .map(line -> line.split("\t", -1))
                .filter(fields -> fields.length == 4 && fields[0].equals(key))
                .findFirst()
                .flatMap(ProbeRecord::accelerator);
    }

    private static Optional<Accelerator> accelerator(String[] fields) {
        for (Accelerator.Kind kind : Accelerator.Kind.values()) {
            if (kind.word().equals(fields[1])) {
                return Optional.of(new Accelerator(kind, fields[2], fields[3]));
            }
        }
        return Optional.empty();
    }

    void keep(String key, Accelerator found) {
        List<String> lines = new ArrayList<>();
        String boot = RunRecord.hostBoot() + " ";
        lines().stream()
                .filter(line -> line.startsWith(boot) && !line.startsWith(key + "\t"))
                .forEach(lines::add);
        lines.add(String.join("\t", key, found.kind().word(), field(found.reason()), field(found.remedy())));
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Whole.write(file, String.join("\n", lines) + "\n");
        } catch (IOException e) {
            LOG.debug("{} cannot be written; the probe will run again", file, e);
        }
    }

    private static String field(String text) {
        return text.replace('\t', ' ').replace('\n', ' ');
    }

    private List<String> lines() {
        try {
            return Files.isRegularFile(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            LOG.debug("{} cannot be read", file, e);
            return List.of();
        }
    }
}
