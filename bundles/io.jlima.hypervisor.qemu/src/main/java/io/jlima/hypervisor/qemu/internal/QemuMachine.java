// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.LimaException;
import io.jlima.api.machine.HotPlug;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A QEMU process. Its end is noticed by the end of its monitor connection, which the system closes with the process,
 * and for a child of this JVM by the end of the child.
 */
final class QemuMachine implements Machine {
    private static final Logger LOG = LoggerFactory.getLogger(QemuMachine.class);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final Duration DEATH = Duration.ofSeconds(30);

    /** A guest hears the power button only once its system has got that far, so it is pressed again. */
    private static final Duration PRESS_AGAIN = Duration.ofSeconds(1);

    private final Path directory;
    private final RunRecord run;
    private final Listener listener;
    private final ExecutorService teller;
    private final MachineEvents events;
    private final Departures departures = new Departures();
    private final UserNetwork network = new UserNetwork(this::execute);
    private final CompletableFuture<Exit> exited = new CompletableFuture<>();
    private final AtomicBoolean gone = new AtomicBoolean();
    private volatile boolean released;
    private volatile boolean endAsked;
    private volatile @Nullable QmpConnection monitor;

    QemuMachine(String instance, Path directory, RunRecord run, @Nullable Process child, Listener listener) {
        this.directory = directory;
        this.run = run;
        this.listener = listener;
        this.teller = Executors.newSingleThreadExecutor(
                Thread.ofVirtual().name("events of " + instance).factory());
        this.events = new MachineEvents(this::tell, new SpaceWatch(this, directory), departures);
        if (child != null) {
            child.onExit().thenRunAsync(this::processGone, background("exit of " + instance));
        }
    }

    private static java.util.concurrent.Executor background(String name) {
        return task -> Thread.ofVirtual().name(name).start(task);
    }

    /**
     * Connects to the monitor and takes the machine's state.
     *
     * @throws IOException when nobody answers there
     */
    void connect(Duration limit) throws IOException, InterruptedException {
        events.anew();
        QmpConnection connection = QmpConnection.open(CommandLine.qmpSocket(directory), events, limit);
        try {
            Map<?, ?> status = Json.object(connection.execute("query-status", Map.of(), limit));
            monitor = connection;
            events.begin(Json.string(status, "status"));
        } catch (IOException | InterruptedException e) {
            connection.close();
            throw e;
        }
        connection
                .ended()
                .thenRunAsync(this::awaitEnd, background("end of " + identity().pid()));
        if (released) {
            connection.close();
        }
    }

    /**
     * Waits for the end of a process whose monitor does not answer: looks at it often, and asks the monitor again
     * every second.
     */
    void awaitEnd() {
        monitor = null;
        // A process closes its monitor a moment before it is gone.
        for (int round = 0; !released && HostProcess.isAlive(identity()); round++) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(round < 100 ? 1 : 20));
            if (round % 50 == 49 && round > 100) {
                try {
                    connect(Duration.ofSeconds(1));
                    return;
                } catch (IOException e) {
                    LOG.debug(
                            "the monitor of process {} does not answer yet",
                            identity().pid());
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
        if (!released) {
            processGone();
        }
    }

    private void processGone() {
        if (!gone.compareAndSet(false, true)) {
            return;
        }
        QmpConnection connection = monitor;
        if (connection != null) {
            try {
                // The last event says why it ended; it lies in the socket already.
                connection.ended().toCompletableFuture().get(50, TimeUnit.MILLISECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                LOG.debug("process {} ended before its monitor", identity().pid());
            }
            connection.close();
        }
        events.end();
        boolean asked = endAsked || events.endAsked();
        String words = asked ? "" : QemuLog.in(directory).words(run.logOffset());
        if (!released) {
            removeTraces(directory, run);
        }
        Exit exit = new Exit(asked, words);
        try {
            // After the last event, so that nobody hears of a machine that is gone.
            teller.execute(() -> exited.complete(exit));
        } catch (RejectedExecutionException e) {
            exited.complete(exit);
        }
        teller.shutdown();
    }

    /** Removes what a process of this record left in the directory, unless another process has moved in since. */
    static void removeTraces(Path directory, RunRecord run) {
        if (RunRecord.read(directory).filter(r -> !r.equals(run)).isPresent()) {
            return;
        }
        for (Path file : List.of(
                CommandLine.qmpSocket(directory),
                CommandLine.pidFile(directory),
                RunRecord.file(directory),
                VncAccess.display(directory),
                VncAccess.password(directory))) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.warn("{} stays behind: {}", file, e.toString());
            }
        }
    }

    private void tell(Event event) {
        try {
            teller.execute(() -> {
                if (!released) {
                    listener.happened(event);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("{} after the end", event);
        }
    }

    /**
     * Executes a monitor command.
     *
     * @throws QmpException when QEMU refuses it or does not answer
     */
    Object execute(String command, Map<String, Object> arguments) throws QmpException, InterruptedException {
        return execute(command, arguments, ANSWER);
    }

    /** Closes the monitor connection as if QEMU had done so; it is made anew. */
    void dropMonitor() {
        QmpConnection connection = monitor;
        if (connection != null) {
            connection.close();
        }
    }

    /** Executes a monitor command that may take its time. */
    Object execute(String command, Map<String, Object> arguments, Duration limit)
            throws QmpException, InterruptedException {
        QmpConnection connection = monitor;
        if (connection == null) {
            throw new QmpException("the monitor of QEMU does not answer");
        }
        return connection.execute(command, arguments, limit);
    }

    @Override
    public <T> Optional<T> as(Class<T> capability) {
        if (capability == Snapshots.class) {
            return Optional.of(capability.cast(new QemuSnapshots(this)));
        }
        if (capability == HotPlug.class) {
            return Optional.of(capability.cast(new ShareSlots(this, departures)));
        }
        return capability.isInstance(network) ? Optional.of(capability.cast(network)) : Machine.super.as(capability);
    }

    @Override
    public ProcessIdentity identity() {
        return run.identity();
    }

    @Override
    public String accelerator() {
        return run.accelerator();
    }

    @Override
    public CompletionStage<Exit> exited() {
        return exited.minimalCompletionStage();
    }

    @Override
    public boolean powerOff(Duration grace) throws InterruptedException {
        long deadline = System.nanoTime() + grace.toNanos();
        pressPowerButton();
        while (true) {
            long left = deadline - System.nanoTime();
            if (ends(Duration.ofNanos(Math.clamp(left, 0, PRESS_AGAIN.toNanos())))) {
                return true;
            }
            if (left <= PRESS_AGAIN.toNanos()) {
                kill();
                return false;
            }
            pressPowerButton();
        }
    }

    private void pressPowerButton() throws InterruptedException {
        endAsked = true;
        try {
            // A guest that stands still cannot shut down.
            if (Json.string(Json.object(execute("query-status", Map.of())), "status")
                    .equals("paused")) {
                execute("cont", Map.of());
            }
            execute("system_powerdown", Map.of());
        } catch (QmpException e) {
            LOG.debug("process {} cannot be asked to power off", identity().pid(), e);
        }
    }

    private boolean ends(Duration limit) throws InterruptedException {
        try {
            exited.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void kill() {
        endAsked = true;
        HostProcess.kill(identity());
        boolean interrupted = false;
        long deadline = System.nanoTime() + DEATH.toNanos();
        try {
            while (true) {
                try {
                    if (ends(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
                        return;
                    }
                    throw new LimaException(
                            "Process " + identity().pid() + " of QEMU does not end although it was killed",
                            "It probably waits for a device of the host, such as a network file system");
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void release() {
        released = true;
        events.end();
        dropMonitor();
        teller.shutdown();
    }
}
