// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.DiskTrouble;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on what happens to a machine while it runs: to its guest, and to people when it is trouble. */
record MachineNews(LiveInstance live, Events events) implements Machine.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(MachineNews.class);

    /** How the words about a disk begin. */
    private static final String DISK = "the host";

    private static final String PANIC = "the guest's kernel has panicked";

    @Override
    public void happened(Machine.Event event) {
        LOG.info("{}: {}", live.folder.name(), event);
        live.standstill.happened(event);
        live.guest().ifPresent(guest -> guest.happened(event));
        String trouble = trouble(event);
        boolean tell;
        StartJob job;
        live.lock.lock();
        try {
            // A snapshot stops the machine for a moment, too, and a guest may restart: that is news only after trouble.
            String mended = mended(event);
            List<String> others = live.troubles.stream()
                    .filter(words -> mended == null || !words.startsWith(mended))
                    .toList();
            boolean over = others.size() < live.troubles.size();
            tell = trouble != null || over;
            if (tell) {
                live.troubles = trouble == null ? others : List.of(trouble);
            }
            job = live.job;
        } finally {
            live.lock.unlock();
        }
        if (job != null) {
            job.happened(event);
        }
        if (!tell) {
            return;
        }
        String goesOn = event instanceof Machine.Reset ? "the guest has restarted" : "the machine goes on";
        String words = trouble == null ? goesOn : trouble;
        live.agent().ifPresent(agent -> agent.log(trouble == null ? "info" : "error", words));
        if (job != null) {
            job.progress().warn("instance `" + live.folder.name() + "`: " + words);
        }
        events.publish(new InstanceEvent.Trouble(live.folder.name(), Instant.now(), words));
    }

    /** How the words about the trouble begin that this is the end of. */
    private static @Nullable String mended(Machine.Event event) {
        return switch (event) {
            case Machine.Resumed() -> DISK;
            case Machine.Reset() -> PANIC;
            default -> null;
        };
    }

    private @Nullable String trouble(Machine.Event event) {
        if (event instanceof DiskTrouble disk) {
            return disk.noSpace()
                    ? DISK + "'s disk is full, so the machine waits; it goes on by itself as soon as there is room"
                    : DISK + " cannot serve disk " + disk.device() + ": " + disk.reason();
        }
        return event instanceof Machine.Panicked ? PANIC + "; see " + live.folder.file("serial.log") : null;
    }
}
