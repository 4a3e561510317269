// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Starts machines that live in this object, so that a second daemon finds them. */
final class FakeHypervisor implements Hypervisor {
    final List<FakeMachine> machines = new CopyOnWriteArrayList<>();
    final CountDownLatch asked = new CountDownLatch(1);
    final CountDownLatch gate = new CountDownLatch(1);
    final CountDownLatch lingering = new CountDownLatch(1);
    private final AtomicInteger pids = new AtomicInteger(1000);
    volatile Behaviour behaviour = Behaviour.STARTS;
    volatile @Nullable RuntimeException refusal;
    volatile @Nullable MachineSpec spec;
    final Map<String, FakeMachine> running = new java.util.concurrent.ConcurrentHashMap<>();
    volatile boolean adoptThrows;

    enum Behaviour {
        STARTS,
        /** Until interrupted or the gate opens. */
        WAITS,
        /** Until interrupted, and then until the gate opens. */
        LINGERS,
        /** The machine is gone before anybody looks. */
        DIES
    }

    FakeMachine last() {
        return machines.getLast();
    }

    @Override
    public Info info() {
        return new Info("fake", Set.of(Arch.X86_64), Set.of("qcow2", "raw"), List.of("9p", "virtiofs"), Set.of());
    }

    @Override
    public Optional<String> objection(Device device) {
        return Optional.empty();
    }

    @Override
    public void validate(MachineSpec spec, HostEnvironment caller) {}

    @Override
    public Machine start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Progress progress) {
        this.spec = spec;
        RuntimeException reason = refusal;
        // Before anybody who waits for this call changes it.
        Behaviour now = behaviour;
        asked.countDown();
        if (reason != null) {
            throw reason;
        }
        if (now == Behaviour.WAITS) {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LimaException("the start of the process was interrupted");
            }
        }
        if (now == Behaviour.LINGERS) {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                lingering.countDown();
                awaitGate();
                throw new LimaException("the start of the process was interrupted");
            }
        }
        FakeMachine machine = new FakeMachine(pids.incrementAndGet(), listener);
        machines.add(machine);
        running.put(spec.instance(), machine);
        machine.exited.whenComplete((exit, e) -> running.remove(spec.instance()));
        if (now == Behaviour.DIES) {
            machine.exited.complete(new Machine.Exit(false, "qemu: out of luck"));
        }
        return machine;
    }

    private void awaitGate() {
        try {
            Eventually.happens(gate, "the opening of the gate");
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted twice", e);
        }
    }

    @Override
    public Optional<Machine> adopt(String instance, Path directory, Machine.Listener listener) {
        if (adoptThrows) {
            throw new IllegalStateException("a fault of the driver");
        }
        return Optional.ofNullable(running.get(instance));
    }
}
