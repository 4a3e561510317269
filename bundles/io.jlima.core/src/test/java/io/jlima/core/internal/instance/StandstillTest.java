// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine that was paused, and whoever wants to speak with its guest meanwhile. */
@Timeout(120)
class StandstillTest {
    @TempDir
    Path path;

    private Rig rig;
    private InstancesService service;
    private Machine.Listener listener;

    @BeforeEach
    void start() throws Exception {
        rig = new Rig(path);
        rig.install();
        rig.instance("x", "good");
        service = rig.service();
        rig.connector.boot();
        service.start("x", Rig.LONG, rig.caller, new Recorded());
        listener = rig.hypervisor.last().listener;
        rig.connector.connections.getFirst().close();
    }

    @AfterEach
    void close() throws InterruptedException {
        rig.close();
    }

    @Test
    void isNotTriedUntilItGoesOn() throws Exception {
        listener.happened(new Machine.Paused());
        listener.happened(new Machine.Paused());
        FutureTask<SshConnection> connecting = new FutureTask<>(() -> service.connection("x"));
        Thread caller = Thread.ofPlatform().start(connecting);
        while (caller.getState() != Thread.State.TIMED_WAITING && caller.isAlive()) {
            Thread.onSpinWait();
        }
        assertThat(rig.connector.connections).hasSize(1);
        listener.happened(new Machine.Resumed());
        assertThat(connecting.get(Eventually.SECONDS, TimeUnit.SECONDS).isOpen())
                .isTrue();
        assertThat(rig.connector.connections).hasSize(2);
    }

    @Test
    void theNextMachineDoesNotStandStill() throws Exception {
        listener.happened(new Machine.Paused());
        service.stop("x", true, io.jlima.api.Progress.SILENT);
        service.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.connection("x").isOpen()).isTrue();
    }

    @Test
    void whoWaitsTooLongIsTold() throws Exception {
        Standstill standstill = new Standstill();
        assertThat(standstill.await(Duration.ZERO)).isTrue();
        standstill.happened(new Machine.Paused());
        assertThat(standstill.await(Duration.ZERO)).isFalse();
        standstill.happened(new Machine.Reset());
        assertThat(standstill.await(Duration.ZERO)).isFalse();
        standstill.happened(new Machine.Resumed());
        assertThat(standstill.await(Duration.ZERO)).isTrue();
    }
}
