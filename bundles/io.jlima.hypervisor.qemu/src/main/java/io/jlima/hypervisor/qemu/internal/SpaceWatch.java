// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a machine go on that stands still because the host's disk was full, as soon as there is space again. No system
 * call waits for space, so the file system is looked at, only while a machine waits for that.
 */
final class SpaceWatch {
    private static final Logger LOG = LoggerFactory.getLogger(SpaceWatch.class);

    /** Less than this would be used up at once: a few clusters and tables of a qcow2 image. */
    private static final long ENOUGH = 16L * 1024 * 1024;

    private static final Duration FIRST_LOOK = Duration.ofMillis(250);

    /** A machine that fails again soon after it was let go on (a quota, for one) is tried at longer intervals. */
    private static final Duration LAST_LOOK = Duration.ofSeconds(30);

    private static final Duration CALM = Duration.ofSeconds(10);

    private final QemuMachine machine;
    private final Path directory;
    private Duration interval = FIRST_LOOK;
    private long resumedAt = System.nanoTime() - CALM.toNanos();
    private boolean watching;
    private boolean stopped;

    SpaceWatch(QemuMachine machine, Path directory) {
        this.machine = machine;
        this.directory = directory;
    }

    /** Begins to watch, if it does not yet; returns at once. {@code device} is the name of the drive, or empty. */
    synchronized void await(String device) {
        if (watching || stopped) {
            return;
        }
        watching = true;
        boolean again = System.nanoTime() - resumedAt < CALM.toNanos();
        Duration longer = interval.multipliedBy(2);
        interval = !again ? FIRST_LOOK : longer.compareTo(LAST_LOOK) < 0 ? longer : LAST_LOOK;
        Duration wait = interval;
        Thread.ofVirtual().name("space for " + directory).start(() -> watch(device, wait));
    }

    synchronized void stop() {
        stopped = true;
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private synchronized void done() {
        watching = false;
        resumedAt = System.nanoTime();
    }

    private void watch(String device, Duration wait) {
        try {
            Path file = fileOf(device);
            do {
                LockSupport.parkNanos(wait.toNanos());
                if (isStopped()) {
                    return;
                }
            } while (Files.getFileStore(file).getUsableSpace() < ENOUGH);
            // Before "cont": a write that fails again must find the watch ready.
            done();
            if (Json.string(Json.object(machine.execute("query-status", Map.of())), "status")
                    .equals("io-error")) {
                machine.execute("cont", Map.of());
            }
        } catch (IOException | InterruptedException e) {
            done();
            LOG.warn("The machine in {} stays paused: {}", directory, e.toString());
        }
    }

    /** The file behind a drive; the instance directory when QEMU does not say. */
    private Path fileOf(String device) throws InterruptedException {
        try {
            if (machine.execute("query-block", Map.of()) instanceof List<?> drives) {
                for (Object drive : drives) {
                    Map<?, ?> fields = Json.object(drive);
                    if (!device.isEmpty() && Json.string(fields, "device").equals(device)) {
                        Object inserted = fields.get("inserted");
                        String file = inserted == null ? "" : Json.string(Json.object(inserted), "file");
                        return file.startsWith("/") && Files.exists(Path.of(file)) ? Path.of(file) : directory;
                    }
                }
            }
        } catch (QmpException e) {
            LOG.debug("QEMU does not say where {} is", device, e);
        }
        return directory;
    }
}
