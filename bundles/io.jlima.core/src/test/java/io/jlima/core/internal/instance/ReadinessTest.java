// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a guest says of its boot, as people are told. */
class ReadinessTest {
    private final Readiness readiness = new Readiness(Rig.config("fake", 0, List.of(), null), "id-1");

    private static SshConnection guest(int code, String out, String err) {
        return new FakeConnection(new SshConnector.Target("h", 1, "u", "k", List.of())) {
            @Override
            public Result run(String command, String stdin, Duration timeout) {
                return new Result(code, out, err);
            }
        };
    }

    @Test
    void aKernelWithoutTheFileSystemIsOneLineWithWhatWouldDo() throws Exception {
        Readiness told = new Readiness(
                Rig.config("fake", 0, List.of(), null), "id-1", () -> List.of("reverse-sshfs", "virtiofs"));
        assertThat(told.failedSteps(guest(0, "boot.Linux/05-lima-mounts.sh\nno file system 9p\n", "")))
                .containsExactly("the guest's kernel has no 9p, so nothing is mounted by it; mountType reverse-sshfs or"
                        + " virtiofs in lima.yaml can do without");
        assertThat(told.failedSteps(guest(0, "boot.Linux/05-lima-mounts.sh\nboot.Linux/15-x.sh\n\n", "")))
                .containsExactly(
                        "the guest's boot script boot.Linux/05-lima-mounts.sh failed; see /var/log/lima-boot.log in the"
                                + " guest",
                        "the guest's boot script boot.Linux/15-x.sh failed; see /var/log/lima-boot.log in the guest");
        assertThat(told.failedSteps(guest(0, "", ""))).isEmpty();
    }

    @Test
    void aStepBeforeTheLogBeganIsToldWithWhereItsWordsAre() throws Exception {
        assertThat(readiness.failedSteps(guest(0, "provision.boot/00000000\nprovision.system/00000001\n", "")))
                .containsExactly(
                        "the guest's boot script provision.boot/00000000 failed; see"
                                + " `sudo journalctl -b -u 'jlima-guest*'` in the guest",
                        "the guest's boot script provision.system/00000001 failed; see /var/log/lima-boot.log in the"
                                + " guest");
    }

    @Test
    void aGuestCannotSpeakToTheTerminal() throws Exception {
        assertThat(readiness.failedSteps(guest(0, "boot.Linux/\u001b]0;mine\u0007x.sh\nno file system \u009b2J\n", "")))
                .containsExactly(
                        "the guest's boot script boot.Linux/?]0;mine?x.sh failed; see /var/log/lima-boot.log in the"
                                + " guest",
                        "the guest's kernel has no ?2J, so nothing is mounted by it; there is no other mountType for"
                                + " it on this host");
        assertThatThrownBy(() -> readiness.awaitBoot(guest(3, "", "\u001b[2Jgone\nreally"), Duration.ofSeconds(1)))
                .isInstanceOf(IOException.class)
                .hasMessage("the guest's shell ended with 3: ?[2Jgone\nreally");
        assertThat(Readiness.notReady("x", "s", new IOException("\u001b[2J"), new InstanceFolder("x", Path.of("/x"))))
                .hasMessageContaining("?[2J");
    }

    @Test
    void whyAGuestLetsNobodyInIsOnItsConsole(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("serial.log"), """
                [    7.871032] guest-early[136]: lima: running guest/hostname\r
                [    8.619095] guest-early[136]: lima: running guest/user\r
                [    9.000000] guest-early[136]: useradd: cannot lock /etc/passwd; try \u001b[31magain later.\r
                [    9.100000] guest-early[136]: lima: guest/user FAILED: exit status 1\r
                [    9.200000] guest-early[136]: lima: running guest/sudoers\r
                [    9.300000] guest-early[136]: all is well\r

                lima-x login:""");
        InstanceFolder folder = new InstanceFolder("x", directory);
        assertThat(Readiness.notReady("x", "nobody can log in", new IOException("refused"), folder))
                .hasMessageContaining("""
                        refused
                        useradd: cannot lock /etc/passwd; try ?[31magain later.
                        lima: guest/user FAILED: exit status 1
                        """)
                .hasMessageNotContaining("all is well");
        Files.delete(directory.resolve("serial.log"));
        assertThat(Readiness.notReady("x", "nobody can log in", new IOException("refused"), folder))
                .hasMessageContaining("refused");
    }
}
