// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The ends and the new beginnings of {@code t1} and {@code t2}, guests of {@link GuestIT}. */
interface GuestEnds {
    Home home();

    /** Shown to {@code t2}. */
    Path readOnly();

    @Test
    @Order(30)
    default void aGuestThatShutsItselfDownIsStopped() {
        home().good(
                        "shell",
                        "t1",
                        "sh",
                        "-c",
                        "echo kept | sudo tee /var/marker; df --output=size -B1M / | tail -1 | sudo tee /var/size");
        long machine = home().machinePid("t1");
        home().limactl("shell", "t1", "sudo", "poweroff");
        Home.eventually("the machine has ended", () -> !Home.isAlive(machine));
        Home.eventually("t1 is Stopped", () -> home().status("t1").equals("Stopped"));
        assertThat(home().path.resolve("t1/ha.sock")).doesNotExist();
        assertThat(home().path.resolve("t1/ha.pid")).doesNotExist();
        assertThat(home().path.resolve("t1/ha.stdout.log")).content().contains("\"exiting\":true");
        assertThat(home().limactl("shell", "t1", "true").err()).contains("is stopped");
        assertThat(home().good("shell", "t2", "uname", "-n").out()).isEqualTo("lima-t2\n");
    }

    @Test
    @Order(31)
    default void theSecondStartKeepsTheDiskAndGrowsItToWhatIsAsked() throws IOException {
        Path yaml = home().path.resolve("t1/lima.yaml");
        Files.writeString(yaml, Files.readString(yaml) + "\ndisk: 120GiB\n");
        assertThat(home().goodWithin(GuestIT.BOOT, "start", "t1").out()).isEmpty();
        assertThat(home().good("shell", "t1", "cat", "/var/marker").out()).isEqualTo("kept\n");
        long before = Long.parseLong(
                home().good("shell", "t1", "cat", "/var/size").out().strip());
        long after = Long.parseLong(home().good("shell", "t1", "sh", "-c", "df --output=size -B1M / | tail -1")
                .out()
                .strip());
        assertThat(after - before).as("growth in MiB").isBetween(18_000L, 20_480L);
    }

    @Test
    @Order(32)
    default void restartMendsWhatTheFileMends() throws IOException {
        Path yaml = home().path.resolve("t2/lima.yaml");
        Files.writeString(yaml, Files.readString(yaml).replace("exit 3", "exit 0"));
        long machine = home().machinePid("t2");
        Home.Result restart = home().goodWithin(GuestIT.BOOT, "restart", "t2");
        assertThat(restart.out()).isEmpty();
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home().machinePid("t2")).isNotEqualTo(machine);
        assertThat(home().good("shell", "t2", "cat", readOnly() + "/note").out())
                .isEqualTo("from the host\n");
        assertThat(home().good("shell", "t2", "sudo", "grep", "-c", "^user", "/var/tmp/order")
                        .out())
                .isEqualTo("2\n");
    }

    @Test
    @Order(33)
    default void stopReturnsWhenTheMachineIsGone() throws Exception {
        long machine = home().machinePid("t2");
        Process stop = home().start("stop", "t2");
        Home.eventually("the machine has ended", () -> !Home.isAlive(machine));
        long gone = System.nanoTime();
        Home.Result result = Home.await(stop, "", 30);
        assertThat(result.code()).as(result.all()).isZero();
        assertThat(result.out()).isEmpty();
        // The aim is a fifth of a second; a machine that is busy with other things gets its time.
        assertThat(System.nanoTime() - gone).isLessThan(TimeUnit.SECONDS.toNanos(3));
        assertThat(home().status("t2")).isEqualTo("Stopped");
        assertThat(home().limactl("stop", "t2").code()).isEqualTo(1);
        home().good("delete", "t2");
        assertThat(home().path.resolve("t2")).doesNotExist();
    }

    @Test
    @Order(40)
    default void aFactoryResetEndsTheMachineAndBringsAFreshDisk() {
        long machine = home().machinePid("t1");
        home().good("factory-reset", "t1");
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home().status("t1")).isEqualTo("Stopped");
        assertThat(home().path.resolve("t1/lima.yaml")).content().contains("disk: 120GiB");
        assertThat(home().path.resolve("t1/diffdisk")).doesNotExist();
        home().goodWithin(GuestIT.BOOT, "start", "t1");
        assertThat(home().limactl("shell", "t1", "ls", "/var/marker").code()).isNotZero();
    }

    @Test
    @Order(41)
    default void deleteByForceEndsTheMachine() {
        long machine = home().machinePid("t1");
        assertThat(home().limactl("delete", "t1").err()).contains("Running");
        assertThat(Home.isAlive(machine)).isTrue();
        home().good("delete", "-f", "t1");
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home().path.resolve("t1")).doesNotExist();
        assertThat(home().good("list", "-q").out()).isEmpty();
    }
}
