// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.DiskTrouble;
import io.jlima.api.machine.MachineSpec;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import io.jlima.core.internal.cidata.Cidata;
import io.jlima.core.internal.image.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machines that run: how one comes under our care, by a start or by adoption, and what follows from what happens to
 * it.
 */
record Platform(
        HomeFolder home,
        Drivers drivers,
        Configurations configurations,
        Images images,
        Cidata cidata,
        SshConnector connector,
        GuestAccess access,
        SshPorts ports,
        Events events) {
    private static final Logger LOG = LoggerFactory.getLogger(Platform.class);

    /** File that says which machine has got ready, so that a later daemon need not ask the guest. */
    private static final String READY = "ready";

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(15);

    Optional<Machine> machine(LiveInstance live) {
        live.lock.lock();
        try {
            return Optional.ofNullable(live.machine);
        } finally {
            live.lock.unlock();
        }
    }

    ExtraDisks extraDisks(InstanceFolder folder) {
        return new ExtraDisks(home.disks(), folder);
    }

    /** Closes the kept connection; the next one who wants it gets a new one. */
    void dropConnection(LiveInstance live) {
        SshConnection connection;
        live.lock.lock();
        try {
            connection = live.connection;
            live.connection = null;
        } finally {
            live.lock.unlock();
        }
        if (connection != null) {
            connection.close();
        }
    }

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
        live.folder.remove(READY);
        Machine machine = hypervisor.start(spec, caller, event -> happened(live, event), job.progress());
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

    /**
     * Looks for a machine that an earlier daemon has left, and takes it into our care.
     *
     * @return whether there is one whose start has not come to its end
     */
    boolean adopt(LiveInstance live, Hypervisor hypervisor) {
        if (isBusy(live) || LimaHostAgent.runs(live.folder)) {
            return false;
        }
        Optional<Machine> found =
                hypervisor.adopt(live.folder.name(), live.folder.path(), event -> happened(live, event));
        if (found.isEmpty()) {
            // A daemon that was killed may have left them, and its pid may be somebody else's by now.
            live.folder.remove("ha.pid", "ha.sock");
            return false;
        }
        Machine machine = found.get();
        boolean ready = identityText(machine).equals(readyText(live.folder));
        if (!take(live, hypervisor, machine, null, ports.last(live.folder), ready)) {
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

    /** Without a configuration that can be read the machine is ours all the same, and nothing is attached to it. */
    private void attachAdopted(LiveInstance live, Machine machine, boolean ready) {
        HostEnvironment daemon = HostEnvironment.ofThisProcess();
        try {
            attach(live, machine, configurations.read(live.folder, daemon).config(), daemon);
        } catch (LimaException e) {
            LOG.warn("Nothing is attached to {}: {}", live.folder.name(), e.getMessage());
            return;
        }
        if (ready) {
            live.guest().ifPresent(RunningGuest::isUp);
        }
    }

    private void attach(LiveInstance live, Machine machine, InstanceConfig config, HostEnvironment caller) {
        RunningGuest guest = new RunningGuest(live, this, machine, config, caller);
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
     * Lets go of a machine whose driver goes. It runs on, and a driver that comes finds it again.
     */
    void letGo(LiveInstance live, Hypervisor hypervisor) {
        Machine machine;
        HostAgent agent;
        SshConnection connection;
        StartJob job;
        RunningGuest guest;
        live.lock.lock();
        try {
            if (live.hypervisor != hypervisor || live.machine == null) {
                return;
            }
            guest = live.guest;
            live.guest = null;
            machine = live.machine;
            agent = live.agent;
            connection = live.connection;
            job = live.job;
            live.machine = null;
            live.agent = null;
            live.connection = null;
            live.ready = false;
            live.orphaned = true;
            live.troubles = List.of("its machine runs on, but the driver for it is gone; install the driver again");
        } finally {
            live.lock.unlock();
        }
        if (job != null) {
            job.abandon();
        }
        if (guest != null) {
            guest.close();
        }
        if (connection != null) {
            connection.close();
        }
        if (agent != null) {
            agent.release();
        }
        machine.release();
        LOG.info("Let go of {}: its driver is gone", live.folder.name());
    }

    /** Whether somebody else sees to the instance already, so that there is nothing to adopt. */
    private static boolean isBusy(LiveInstance live) {
        live.lock.lock();
        try {
            return live.machine != null || live.job != null || live.stoppers > 0;
        } finally {
            live.lock.unlock();
        }
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
            if (agent == null && isBusy(live)) {
                return false;
            }
            live.machine = machine;
            live.hypervisor = hypervisor;
            live.orphaned = false;
            live.sshPort = sshPort;
            live.agent = agent;
            live.ready = ready;
            live.troubles = List.of();
        } finally {
            live.lock.unlock();
        }
        if (agent == null) {
            openAgent(live, machine, sshPort);
        }
        announce(live);
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

    /** Tells the status, if it is another than the one told last. Not to be called with the instance's lock held. */
    void announce(LiveInstance live) {
        live.telling.lock();
        try {
            Status status;
            live.lock.lock();
            try {
                status = live.status();
            } finally {
                live.lock.unlock();
            }
            if (status != live.told) {
                live.told = status;
                events.publish(new InstanceEvent.StatusChanged(live.folder.name(), Instant.now(), status));
            }
        } finally {
            live.telling.unlock();
        }
    }

    /** The start has come to its end. */
    void ready(LiveInstance live, List<String> troubles) {
        Machine machine;
        live.lock.lock();
        try {
            machine = live.machine;
            live.ready = machine != null;
            live.troubles = List.copyOf(troubles);
        } finally {
            live.lock.unlock();
        }
        if (machine != null) {
            try {
                live.folder.write(READY, identityText(machine), "rw-r--r--");
            } catch (LimaException e) {
                // It spares a later daemon a question to the guest, no more.
                LOG.warn("{}", e.getMessage());
            }
            live.agent().ifPresent(agent -> agent.event(true, false, troubles));
        }
    }

    private static String identityText(Machine machine) {
        return machine.identity().pid() + " " + machine.identity().startTime() + "\n";
    }

    private static String readyText(InstanceFolder folder) {
        try {
            return Files.readString(folder.file(READY));
        } catch (IOException e) {
            return "";
        }
    }

    /** The machine is gone, for whatever reason; told once by the machine and once by whoever stopped it. */
    void ended(LiveInstance live, Machine machine, Machine.Exit exit) {
        StartJob job;
        HostAgent agent;
        SshConnection connection;
        RunningGuest guest;
        live.lock.lock();
        try {
            if (live.machine != machine) {
                return;
            }
            guest = live.guest;
            live.guest = null;
            job = live.job;
            agent = live.agent;
            connection = live.connection;
            live.machine = null;
            live.sshPort = 0;
            live.agent = null;
            live.connection = null;
            live.ready = false;
            live.troubles = List.of();
        } finally {
            live.lock.unlock();
        }
        try {
            extraDisks(live.folder).giveBack();
        } catch (LimaException e) {
            LOG.warn("{}", e.getMessage());
        }
        if (job != null) {
            job.fail(new LimaException(
                    "the machine of instance `" + live.folder.name() + "` ended while it was starting",
                    exit.words(),
                    "Its console is in " + live.folder.file("serial.log"),
                    null));
        }
        if (guest != null) {
            guest.close();
        }
        if (connection != null) {
            connection.close();
        }
        try {
            live.folder.remove(READY);
            if (agent != null) {
                agent.event(false, true, List.of());
                agent.log("info", "The machine has ended. " + exit.words());
                agent.close();
            }
        } catch (LimaException e) {
            LOG.warn("{}", e.getMessage());
        }
        if (!exit.asked()) {
            events.publish(new InstanceEvent.Trouble(
                    live.folder.name(), Instant.now(), "the machine ended unasked: " + exit.words()));
        }
        announce(live);
    }

    private static @Nullable String trouble(InstanceFolder folder, Machine.Event event) {
        if (event instanceof DiskTrouble disk) {
            return disk.noSpace()
                    ? "the host's disk is full, so the machine waits; it goes on by itself as soon as there is room"
                    : "the host cannot serve disk " + disk.device() + ": " + disk.reason();
        }
        return event instanceof Machine.Panicked
                ? "the guest's kernel has panicked; see " + folder.file("serial.log")
                : null;
    }

    private void happened(LiveInstance live, Machine.Event event) {
        LOG.info("{}: {}", live.folder.name(), event);
        live.guest().ifPresent(guest -> guest.happened(event));
        String trouble = trouble(live.folder, event);
        boolean over = event instanceof Machine.Resumed;
        if (trouble == null && !over) {
            return;
        }
        StartJob job;
        live.lock.lock();
        try {
            live.troubles = over ? List.of() : List.of(trouble == null ? "" : trouble);
            job = live.job;
        } finally {
            live.lock.unlock();
        }
        String words = over ? "the machine goes on" : String.valueOf(trouble);
        live.agent().ifPresent(agent -> agent.log(over ? "info" : "error", words));
        if (job != null) {
            job.progress().warn("instance `" + live.folder.name() + "`: " + words);
        }
        events.publish(new InstanceEvent.Trouble(live.folder.name(), Instant.now(), words));
    }

    /**
     * The kept connection, made anew if it is not there.
     *
     * @throws LimaException when the machine does not run, or its guest does not answer
     */
    SshConnection connection(LiveInstance live) throws InterruptedException {
        live.connecting.lockInterruptibly();
        try {
            Machine machine;
            int port;
            live.lock.lock();
            try {
                @Nullable SshConnection kept = live.connection;
                if (kept != null && kept.isOpen()) {
                    return kept;
                }
                if (live.machine == null) {
                    throw notRunning(live);
                }
                machine = live.machine;
                port = live.sshPort;
            } finally {
                live.lock.unlock();
            }
            Configuration configuration = configurations.read(live.folder, HostEnvironment.ofThisProcess());
            SshConnection fresh =
                    connector.connect(access.target(live.folder, configuration.config(), port), CONNECT_LIMIT);
            live.lock.lock();
            try {
                if (live.machine == machine) {
                    live.connection = fresh;
                    return fresh;
                }
            } finally {
                live.lock.unlock();
            }
            fresh.close();
            throw notRunning(live);
        } finally {
            live.connecting.unlock();
        }
    }

    private static LimaException notRunning(LiveInstance live) {
        return new LimaException(
                "instance `" + live.folder.name() + "` does not run",
                "Start it with `limactl start " + live.folder.name() + "`");
    }
}
