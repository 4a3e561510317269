// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.ProcessIdentity;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One start of a machine, from the finished command line to a monitor that answers. */
final class Start {
    private static final Logger LOG = LoggerFactory.getLogger(Start.class);

    /** QEMU's monitor answers after some 50 ms; a loaded host and much memory may make it far longer. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final int TRY_EVERY_MS = 5;

    private final MachineSpec spec;
    private final HostEnvironment caller;
    private final Machine.Listener listener;
    private final Accelerator accelerator;
    private final Path directory;

    Start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Accelerator accelerator) {
        this.spec = spec;
        this.caller = caller;
        this.listener = listener;
        this.accelerator = accelerator;
        this.directory = spec.directory();
    }

    /** @throws LimaException when QEMU refuses, or the calling thread is interrupted (it stays so) */
    Machine run(List<String> command) {
        refuseSecond();
        QemuLog log = QemuLog.in(directory);
        Process process;
        long offset;
        try {
            Files.deleteIfExists(CommandLine.qmpSocket(directory));
            Files.deleteIfExists(CommandLine.pidFile(directory));
            Files.deleteIfExists(RunRecord.file(directory));
            offset = log.prepare();
            LOG.debug("{}: {}", spec.instance(), command);
            process = Launch.start(command, caller, log.file());
        } catch (IOException e) {
            throw new LimaException("QEMU cannot be started in " + directory, e);
        }
        RunRecord run = new RunRecord(
                HostProcess.look(process.pid()).orElse(new ProcessIdentity(process.pid(), 0)),
                RunRecord.hostBoot(),
                accelerator.toString(),
                offset);
        QemuMachine machine = new QemuMachine(spec.instance(), directory, run, process, listener);
        try {
            run.write(directory);
            meet(machine, process, log, offset);
            closeSockets();
            new VncAccess(machine, spec).grant();
            return machine;
        } catch (InterruptedException e) {
            discard(machine, process, run);
            Thread.currentThread().interrupt();
            throw new LimaException("The start of QEMU was given up", e);
        } catch (IOException e) {
            discard(machine, process, run);
            throw new LimaException("QEMU cannot be started in " + directory, e);
        } catch (LimaException e) {
            discard(machine, process, run);
            throw e;
        }
    }

    /** A second QEMU would take the files away from the first before it fails on the lock of the disk. */
    private void refuseSecond() {
        if (Adoption.findRunning(spec.instance(), directory).isPresent()) {
            throw new LimaException(
                    "A machine of instance " + spec.instance() + " runs already",
                    "Stop it first: limactl stop " + spec.instance());
        }
    }

    private void meet(QemuMachine machine, Process process, QemuLog log, long offset) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            Exception reason;
            try {
                machine.connect(LIMIT);
                return;
            } catch (IOException e) {
                reason = e;
            }
            // The wait between two tries is one for the end of the process, so that a failure shows at once.
            if (process.waitFor(TRY_EVERY_MS, TimeUnit.MILLISECONDS)) {
                String words = log.words(offset);
                throw new LimaException(
                        "QEMU has ended at once, with exit code " + process.exitValue(),
                        words,
                        remedy(words, log),
                        null);
            }
            if (System.nanoTime() > deadline) {
                throw new LimaException(
                        "The monitor of QEMU does not answer within " + LIMIT.toSeconds() + " s",
                        log.words(offset),
                        "All words of QEMU are in " + log.file(),
                        reason);
            }
        }
    }

    /** What to do, for those of QEMU's refusals that a user can do something about. */
    private static String remedy(String words, QemuLog log) {
        if (words.contains("host forwarding rule")) {
            return "Another program uses that port of the host; stop it, or set ssh.localPort to another port, or to"
                    + " 0 for any free one";
        }
        if (words.contains("\"write\" lock")) {
            return "Another process uses that disk, perhaps a machine that was started otherwise";
        }
        if (words.contains("annot set up guest memory") || words.contains("annot allocate memory")) {
            return "Lower memory in lima.yaml, or free memory on the host";
        }
        return "All its words are in " + log.file();
    }

    private void closeSockets() throws IOException {
        for (Path socket : Objections.sockets(spec).toList()) {
            if (Files.exists(socket)) {
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            }
        }
    }

    private void discard(QemuMachine machine, Process process, RunRecord run) {
        machine.release();
        process.destroyForcibly();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                process.waitFor();
                ended = true;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        QemuMachine.removeTraces(directory, run);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
