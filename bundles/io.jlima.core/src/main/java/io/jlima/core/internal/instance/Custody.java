// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The machines in our care: how one comes there, by a start or by adoption, and how it leaves. */
record Custody(Platform platform) {
    private static final Logger LOG = LoggerFactory.getLogger(Custody.class);

    /** Starts the machine and takes it into our care. */
    void launch(
            LiveInstance live,
            StartJob job,
            Hypervisor hypervisor,
            MachineSpec spec,
            InstanceConfig config,
            HostEnvironment caller,
            int sshPort)
            throws IOException {
        new ReadyMark(live.folder).remove();
        Machine machine = hypervisor.start(spec, caller, news(live), job.progress());
        try {
            HostAgent agent = HostAgent.open(live.folder, sshPort, true);
            agent.event(false, false, List.of());
            job.launched();
            take(live, hypervisor, machine, agent, sshPort, false);
            attach(live, machine, config, caller);
        } catch (IOException | LimaException e) {
            // Nobody would know of this machine.
            machine.kill();
            throw e;
        }
    }

    private MachineNews news(LiveInstance live) {
        return new MachineNews(live, platform.events());
    }

    /**
     * Looks for a machine that an earlier daemon has left, and takes it into our care.
     *
     * @return whether there is one whose start has not come to its end
     */
    boolean adopt(LiveInstance live, Hypervisor hypervisor) {
        if (LimaHostAgent.runs(live.folder)) {
            return false;
        }
        live.lock.lock();
        try {
            if (live.isBusy()) {
                return false;
            }
            live.unsettle();
        } finally {
            live.lock.unlock();
        }
        try {
            Optional<Machine> found = hypervisor.adopt(live.folder.name(), live.folder.path(), news(live));
            if (found.isEmpty()) {
                removeTraces(live);
                return false;
            }
            return adopt(live, hypervisor, found.get());
        } finally {
            live.settle();
        }
    }

    /** A daemon that was killed may have left them, and its pid may be somebody else's by now. */
    private static void removeTraces(LiveInstance live) {
        live.lock.lock();
        try {
            if (!live.isBusy()) {
                live.folder.remove("ha.pid", "ha.sock");
            }
        } finally {
            live.lock.unlock();
        }
    }

    private boolean adopt(LiveInstance live, Hypervisor hypervisor, Machine machine) {
        boolean ready = new ReadyMark(live.folder).isOf(machine);
        if (!take(live, hypervisor, machine, null, platform.ports().last(live.folder), ready)) {
            machine.release();
            return false;
        }
        attachAdopted(live, machine, ready);
        LOG.info(
                "Adopted {} with pid {}, ready: {}",
                live.folder.name(),
                machine.identity().pid(),
                ready);
        return !ready;
    }

    /** Begins to log in while all else is done: that is what takes longest until mounts are there again. */
    private void reach(LiveInstance live) {
        Thread.ofVirtual().name("reach-" + live.folder.name()).start(() -> {
            try {
                platform.connections().kept(live);
            } catch (InterruptedException | RuntimeException e) {
                LOG.debug("{} is not reached yet", live.folder.name(), e);
            }
        });
    }

    /** Without a configuration that can be read the machine is ours all the same, and nothing is attached to it. */
    private void attachAdopted(LiveInstance live, Machine machine, boolean ready) {
        HostEnvironment daemon = HostEnvironment.ofThisProcess();
        try {
            InstanceConfig config =
                    platform.configurations().read(live.folder, daemon).config();
            if (ready && !config.plain() && !config.mounts().isEmpty()) {
                reach(live);
            }
            attach(live, machine, config, daemon);
        } catch (LimaException e) {
            LOG.warn("Nothing is attached to {}: {}", live.folder.name(), e.getMessage());
            return;
        }
        if (ready) {
            live.guest().ifPresent(RunningGuest::isUp);
        }
    }

    private void attach(LiveInstance live, Machine machine, InstanceConfig config, HostEnvironment caller) {
        RunningGuest guest = new RunningGuest(live, platform, machine, config, caller);
        live.lock.lock();
        try {
            if (live.machine != machine) {
                return;
            }
            live.guest = guest;
        } finally {
            live.lock.unlock();
        }
        guest.attachAll();
    }

    /**
     * @param agent null for an adopted machine, which gets one here if that is possible: without it, the machine runs
     *     all the same
     * @return false when an adopted machine was taken by somebody else meanwhile
     */
    private boolean take(
            LiveInstance live,
            Hypervisor hypervisor,
            Machine machine,
            @Nullable HostAgent agent,
            int sshPort,
            boolean ready) {
        live.lock.lock();
        try {
            if (agent == null && live.isBusy()) {
                return false;
            }
            live.machine = machine;
            live.hypervisor = hypervisor;
            live.orphaned = false;
            live.sshPort = sshPort;
            live.agent = agent;
            live.ready = ready;
            live.failedSteps = List.of();
            live.troubles = List.of();
        } finally {
            live.lock.unlock();
        }
        if (agent == null) {
            openAgent(live, machine, sshPort);
        }
        platform.events().status(live);
        machine.exited()
                .whenComplete((exit, failure) ->
                        ended(live, machine, exit != null ? exit : new Machine.Exit(false, String.valueOf(failure))));
        return true;
    }

    private static void openAgent(LiveInstance live, Machine machine, int sshPort) {
        HostAgent agent;
        try {
            agent = HostAgent.open(live.folder, sshPort, false);
        } catch (IOException | LimaException e) {
            LOG.error("Cannot make ha.pid and ha.sock of {}", live.folder.name(), e);
            return;
        }
        live.lock.lock();
        try {
            if (live.machine == machine) {
                live.agent = agent;
                return;
            }
        } finally {
            live.lock.unlock();
        }
        agent.close();
    }

    /**
     * The start has come to its end.
     *
     * @param failedSteps what the guest says of its boot scripts
     * @param others what else is wrong
     * @return all that is wrong
     */
    List<String> ready(LiveInstance live, List<String> failedSteps, List<String> others) {
        Machine machine;
        List<String> all;
        live.lock.lock();
        try {
            machine = live.machine;
            live.ready = machine != null;
            live.failedSteps = List.copyOf(failedSteps);
            live.troubles = List.copyOf(others);
            all = live.allTroubles();
        } finally {
            live.lock.unlock();
        }
        if (machine != null) {
            new ReadyMark(live.folder).set(machine);
            live.agent().ifPresent(agent -> agent.event(true, false, all));
        }
        return all;
    }

    /** Lets go of a machine whose driver goes. It runs on, and a driver that comes finds it again. */
    void letGo(LiveInstance live, Hypervisor hypervisor) {
        LiveInstance.Held held;
        live.lock.lock();
        try {
            if (live.hypervisor != hypervisor || live.machine == null) {
                return;
            }
            held = live.handOverMachine();
            live.orphaned = true;
            live.troubles = List.of("its machine runs on, but the driver for it is gone; install the driver again");
        } finally {
            live.lock.unlock();
        }
        held.letGo();
        LOG.info("Let go of {}: its driver is gone", live.folder.name());
        platform.events().status(live);
    }

    /** Lets go of the machine because the daemon ends; its files stay as they are for the next one. */
    void release(LiveInstance live) {
        LiveInstance.Held held;
        live.lock.lock();
        try {
            held = live.handOver();
        } finally {
            live.lock.unlock();
        }
        held.letGo();
    }

    /** The machine is gone, for whatever reason; told once by the machine and once by whoever stopped it. */
    void ended(LiveInstance live, Machine machine, Machine.Exit exit) {
        LiveInstance.Held held;
        live.lock.lock();
        try {
            if (live.machine != machine) {
                return;
            }
            held = live.handOverMachine();
            live.sshPort = 0;
            live.unsettle();
        } finally {
            live.lock.unlock();
        }
        try {
            tidyUp(live.folder, held, exit);
        } finally {
            live.settle();
        }
        if (!exit.asked()) {
            platform.events()
                    .publish(new InstanceEvent.Trouble(
                            live.folder.name(), Instant.now(), "the machine ended unasked: " + exit.words()));
        }
        platform.events().status(live);
    }

    private void tidyUp(InstanceFolder folder, LiveInstance.Held held, Machine.Exit exit) {
        try {
            platform.extraDisks(folder).giveBack();
        } catch (LimaException e) {
            LOG.warn("{}", e.getMessage());
        }
        if (held.job() != null) {
            held.job()
                    .fail(new LimaException(
                            "the machine of instance `" + folder.name() + "` ended while it was starting",
                            exit.words(),
                            "Its console is in " + folder.file("serial.log"),
                            null));
        }
        held.closeGuest();
        try {
            new ReadyMark(folder).remove();
            HostAgent agent = held.agent();
            if (agent != null) {
                agent.event(false, true, List.of());
                agent.log("info", "The machine has ended. " + exit.words());
                agent.close();
            }
        } catch (LimaException e) {
            LOG.warn("{}", e.getMessage());
        }
    }
}
