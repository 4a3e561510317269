// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.machine.Hypervisor;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over the machines that earlier daemons have left, as their drivers come, and lets go of them as the drivers go.
 * What works beside guests, and what serves their mounts, is attached and detached in the same way.
 */
final class Adoptions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Adoptions.class);

    /** A driver that takes longer to look for its machines goes on doing so while we begin to serve. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final HomeFolder home;
    private final LiveInstances instances;
    private final Custody custody;
    private final Starts starts;
    private final List<Drivers.Registration> registrations;

    Adoptions(HomeFolder home, Drivers drivers, LiveInstances instances, Custody custody, Starts starts) {
        this.home = home;
        this.instances = instances;
        this.custody = custody;
        this.starts = starts;
        // The hypervisors last: a machine that is adopted now must not miss a service that comes now.
        registrations = List.of(
                drivers.onDeparture(this::letGoAll),
                drivers.onGuestService(
                        service -> instances.guests().forEach(guest -> guest.attach(service)),
                        service -> instances.guests().forEach(guest -> guest.detach(service))),
                drivers.onMountDriver(
                        word -> instances.guests().forEach(guest -> guest.mountDriverCame(word)),
                        word -> instances.guests().forEach(guest -> guest.mountDriverGoes(word))),
                drivers.onHypervisor(this::adoptAll));
    }

    /** Adopts all machines of a driver, at the same time; one that cannot be adopted harms no other. */
    private void adoptAll(Hypervisor hypervisor) {
        List<Thread> threads = home.instances().stream()
                .map(folder ->
                        Thread.ofVirtual().name("adopt-" + folder.name()).start(() -> adopt(folder.name(), hypervisor)))
                .toList();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try {
            for (Thread thread : threads) {
                if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                    LOG.error("{} takes its time: {}", thread.getName(), hypervisor);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void adopt(String name, Hypervisor hypervisor) {
        try {
            LiveInstance instance = instances.of(name);
            if (custody.adopt(instance, hypervisor)) {
                // Its start was cut off when the earlier daemon ended: it goes on here, whoever asks for it next.
                starts.goOn(instance);
            }
        } catch (RuntimeException | LinkageError e) {
            LOG.error("Instance {} cannot be adopted", name, e);
        }
    }

    private void letGoAll(Hypervisor hypervisor) {
        instances.all().forEach(instance -> custody.letGo(instance, hypervisor));
    }

    /** The daemon ends: machines run on, and their files stay as they are for the next daemon. */
    @Override
    public void close() {
        registrations.reversed().forEach(Drivers.Registration::close);
        for (LiveInstance instance : instances.all()) {
            try {
                custody.release(instance);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("Instance {} cannot be let go of", instance.folder.name(), e);
            }
        }
    }
}
