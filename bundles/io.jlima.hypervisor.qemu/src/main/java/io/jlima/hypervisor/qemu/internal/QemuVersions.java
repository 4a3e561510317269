// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Asks programs for their version, each only once as long as its file does not change. Thread-safe. */
final class QemuVersions {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Map<ProgramFile, QemuVersion> known = new ConcurrentHashMap<>();

    /** @throws LimaException when the program does not say what version it is */
    QemuVersion of(QemuProgram program, HostEnvironment caller) {
        ProgramFile file = ProgramFile.of(program.path());
        QemuVersion version = known.get(file);
        if (version == null) {
            version = ask(program, caller);
            known.put(file, version);
        }
        return version;
    }

    private static QemuVersion ask(QemuProgram program, HostEnvironment caller) {
        ShortRun.Outcome outcome = ShortRun.of(List.of(program.path().toString(), "--version"), caller, LIMIT);
        return QemuVersion.ofOutput(outcome.words())
                .orElseThrow(() -> new LimaException(
                        program.path() + " does not say which version of QEMU it is",
                        outcome.toString(),
                        "Check the installation of QEMU: " + program.path() + " --version",
                        null));
    }

    /** A program as it was when looked at; another version at the same path is another value. */
    record ProgramFile(Path path, FileTime modified, long size) {
        static ProgramFile of(Path path) {
            try {
                return new ProgramFile(path, Files.getLastModifiedTime(path), Files.size(path));
            } catch (IOException e) {
                throw new LimaException("QEMU cannot be read: " + path, e);
            }
        }
    }
}
