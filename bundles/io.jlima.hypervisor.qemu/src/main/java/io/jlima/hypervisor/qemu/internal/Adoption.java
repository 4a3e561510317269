// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the process of a machine that somebody else started: this driver in an earlier daemon, by its record, or Lima
 * itself, by {@code qemu.pid}. That file alone proves nothing, so the monitor must then name the instance.
 */
record Adoption(String instance, Path directory, Machine.Listener listener) {
    private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);
    private static final Duration ANSWER = Duration.ofSeconds(2);

    Optional<Machine> run() {
        Optional<RunRecord> found = findRunning(instance, directory);
        if (found.isEmpty()) {
            RunRecord nobody = RunRecord.read(directory)
                    .orElse(new RunRecord(new ProcessIdentity(0, 0), RunRecord.hostBoot(), "", 0));
            QemuMachine.removeTraces(directory, nobody);
            return Optional.empty();
        }
        QemuMachine machine = new QemuMachine(instance, directory, found.get(), null, listener);
        try {
            machine.connect(ANSWER);
        } catch (IOException e) {
            // It is the right process, if a dumb one: to say that nothing runs would put a second one on its disk.
            LOG.warn("Instance {}: {}", instance, e.getMessage());
            Thread.ofVirtual().name("end of " + instance).start(machine::awaitEnd);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Optional.of(machine);
    }

    /** The process of this instance that runs now; empty when none does. */
    static Optional<RunRecord> findRunning(String instance, Path directory) {
        Optional<RunRecord> own = RunRecord.read(directory).filter(RunRecord::isAlive);
        return own.isPresent() ? own : ofPidFile(instance, directory);
    }

    private static Optional<RunRecord> ofPidFile(String instance, Path directory) {
        Optional<ProcessIdentity> process = pid(directory).flatMap(HostProcess::look);
        Path socket = CommandLine.qmpSocket(directory);
        if (process.isEmpty() || !Files.exists(socket)) {
            return Optional.empty();
        }
        try (QmpConnection monitor = QmpConnection.open(socket, event -> {}, ANSWER)) {
            Map<?, ?> name = Json.object(monitor.execute("query-name", Map.of(), ANSWER));
            Map<?, ?> kvm = Json.object(monitor.execute("query-kvm", Map.of(), ANSWER));
            return Optional.of(new RunRecord(
                            process.get(),
                            RunRecord.hostBoot(),
                            Boolean.TRUE.equals(kvm.get("enabled")) ? "KVM" : "TCG",
                            Long.MAX_VALUE))
                    .filter(r -> Json.string(name, "name").equals(CommandLine.machineName(instance)));
        } catch (IOException e) {
            LOG.debug("nobody answers on {}", socket, e);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static Optional<Long> pid(Path directory) {
        try {
            return Optional.of(Long.valueOf(
                    Files.readString(CommandLine.pidFile(directory)).strip()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
