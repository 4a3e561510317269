// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Snapshots;
import java.time.Duration;
import java.util.Map;

/**
 * Snapshots of a running machine, memory included, kept in its qcow2 disks: savevm, loadvm and delvm of QEMU's monitor
 * ("VM snapshots" in QEMU's system emulation manual). The monitor answers when the work is done, with nothing if it went
 * well, else with the reason.
 */
final class QemuSnapshots implements Snapshots {
    /** Memory goes to the disk while the machine stands still; a slow disk takes 100 MB/s, and a guest may have 100 GB. */
    private static final Duration LIMIT = Duration.ofMinutes(20);

    private final QemuMachine machine;

    QemuSnapshots(QemuMachine machine) {
        this.machine = machine;
    }

    @Override
    public void save(String tag) throws InterruptedException {
        order("savevm", tag, "cannot make the snapshot `" + tag + "`");
    }

    @Override
    public void load(String tag) throws InterruptedException {
        require(tag);
        String failure = "cannot go back to the snapshot `" + tag + "`";
        boolean running = isRunning(failure);
        try {
            order("loadvm", tag, failure);
        } catch (LimaException e) {
            // QEMU stops the machine first, and leaves it so when it finds that it cannot do the rest.
            if (running) {
                monitor("cont", failure);
            }
            throw e;
        }
    }

    private boolean isRunning(String failure) throws InterruptedException {
        try {
            return Json.string(Json.object(machine.execute("query-status", Map.of())), "status")
                    .equals("running");
        } catch (QmpException e) {
            throw new LimaException(failure, e);
        }
    }

    @Override
    public void remove(String tag) throws InterruptedException {
        require(tag);
        order("delvm", tag, "cannot remove the snapshot `" + tag + "`");
    }

    private void require(String tag) throws InterruptedException {
        if (list().snapshots().stream().noneMatch(s -> s.tag().equals(tag))) {
            throw new LimaException(
                    "there is no snapshot `" + tag + "`", "`limactl snapshot list` shows those there are");
        }
    }

    @Override
    public Listing list() throws InterruptedException {
        return Listing.parse(monitor("info snapshots", "cannot list the snapshots"));
    }

    private void order(String command, String tag, String failure) throws InterruptedException {
        String answer = monitor(command + " " + tag, failure);
        if (!answer.isBlank()) {
            throw new LimaException(failure, answer.strip(), null, null);
        }
    }

    private String monitor(String line, String failure) throws InterruptedException {
        try {
            return String.valueOf(
                    machine.execute("human-monitor-command", Map.<String, Object>of("command-line", line), LIMIT));
        } catch (QmpException e) {
            throw new LimaException(failure, e);
        }
    }
}
