// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import io.jlima.core.internal.instance.FakeHypervisor.Behaviour;
import io.jlima.core.internal.instance.Rig.Starting;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Machines that end or will not, and drivers that fail. */
class MachineEndsTest extends RiggedInstances {
    @Test
    void aMachineThatDiesWhileStartingEndsTheStart() throws Exception {
        Starting starting = startingToBoot(new Recorded());
        rig.hypervisor.last().exited.complete(new Machine.Exit(false, "qemu: out of luck"));
        assertThat(starting.outcome())
                .hasMessage("the machine of instance `x` ended while it was starting\nqemu: out of luck\n"
                        + "Its console is in " + folder.file("serial.log"));
        assertThat(look().status()).as("told when all is over").isEqualTo(Status.STOPPED);
        assertThat(folder.file("ha.pid")).doesNotExist();
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.STOPPED);
        start();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void aMachineThatIsGoneAtOnceIsNoRunningOne() throws Exception {
        rig.hypervisor.behaviour = Behaviour.DIES;
        assertThatThrownBy(this::start).hasMessageContaining("qemu: out of luck");
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        rig.hypervisor.behaviour = Behaviour.STARTS;
        start();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void aMachineThatEndsUnaskedIsStoppedAtOnce() throws Exception {
        start();
        rig.hypervisor.last().exited.complete(new Machine.Exit(false, "killed"));
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.events)
                .anySatisfy(e -> assertThat(e)
                        .isInstanceOfSatisfying(
                                InstanceEvent.Trouble.class,
                                t -> assertThat(t.message()).isEqualTo("the machine ended unasked: killed")));
        assertThat(folder.file("ready")).doesNotExist();
    }

    @Test
    void aMachineWhoseEndIsAFaultOfItsDriverIsGoneToo() throws Exception {
        start();
        rig.hypervisor.last().exited.completeExceptionally(new IllegalStateException("driver"));
        assertThat(look().status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void forceHelpsAgainstAStopThatTakesLong() throws Exception {
        start();
        rig.hypervisor.last().stubborn = true;
        Recorded progress = new Recorded("did not power off");
        Thread patient = Thread.ofPlatform().start(() -> {
            try {
                service.stop("x", false, progress);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Eventually.happens(rig.hypervisor.last().asked, "the stop");
        assertThat(look().status()).isEqualTo(Status.STOPPING);
        assertThatThrownBy(() -> service.stop("x", false, Progress.SILENT))
                .hasMessageStartingWith("instance `x` is being stopped by another command");
        assertThatThrownBy(() -> service.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageStartingWith("instance `x` is being stopped");
        service.stop("x", true, Progress.SILENT);
        Eventually.ends(patient);
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.statuses("x")).endsWith(Status.STOPPING, Status.STOPPED).hasSize(4);
    }

    @Test
    void givingUpAStopLeavesTheMachineRunning() throws Exception {
        start();
        rig.hypervisor.last().stubborn = true;
        Thread patient = Thread.ofPlatform().start(() -> {
            try {
                service.stop("x", false, Progress.SILENT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Eventually.happens(rig.hypervisor.last().asked, "the stop");
        patient.interrupt();
        Eventually.ends(patient);
        assertThat(look().status()).isEqualTo(Status.RUNNING);
        assertThat(rig.statuses("x")).endsWith(Status.STOPPING, Status.RUNNING);
    }

    @Test
    void aDriverThatThrowsFailsItsOperationOnly() throws Exception {
        InstanceFolder other = rig.instance("other", "good");
        rig.hypervisor.refusal = new IllegalStateException("a fault of the driver");
        assertThatThrownBy(this::start)
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("internal error while starting `x`: java.lang.IllegalStateException: a fault");
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        rig.hypervisor.refusal = null;
        service.start("other", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.find("other").orElseThrow().status()).isEqualTo(Status.RUNNING);
        assertThat(other.file("ha.pid")).exists();
    }

    @Test
    void aDriverThatHangsFailsItsOperationOnly() throws Exception {
        rig.instance("other", "good");
        rig.hypervisor.behaviour = Behaviour.WAITS;
        assertThatThrownBy(() -> service.start("x", Duration.ofMillis(200), rig.caller, new Recorded()))
                .hasMessageContaining("is not ready after");
        Eventually.happens(rig.hypervisor.asked, "the driver's start");
        rig.hypervisor.behaviour = Behaviour.STARTS;
        rig.connector.boot();
        service.start("other", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.list()).extracting(Instance::status).containsExactly(Status.RUNNING, Status.STARTING);
    }

    @Test
    void aMachineThatNobodyWouldKnowOfIsEnded() throws Exception {
        // ha.pid cannot be written where there is a directory of that name.
        Files.createDirectories(folder.file("ha.pid/full"));
        assertThatThrownBy(this::start).hasMessageStartingWith("cannot write " + folder.file("ha.pid"));
        assertThat(rig.hypervisor.last().killed).isTrue();
        assertThat(look().status()).isEqualTo(Status.STOPPED);
    }
}
