// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.machine.Machine;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountAttachment.State;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is told of mounts that the guest's kernel makes by itself. */
class Plan9MountsTest {
    private static final String TABLE = """
            22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
            40 22 0:37 / /mnt/a\\040b rw,relatime shared:22 - 9p lima-1 rw,access=client,trans=virtio
            41 22 0:38 / /mnt/c ro,relatime shared:23 - 9p lima-2 ro,access=client,trans=virtio
            42 41 0:39 / /mnt/c rw,relatime shared:24 - tmpfs tmpfs rw
            43 22 0:40 / /run/d rw - 9p lima-3 rw,trans=virtio
            """;

    private final CompletableFuture<Void> up = new CompletableFuture<>();
    private final List<String> asked = new ArrayList<>();
    private String answer = "";
    private int code;
    /** No such process. */
    private long machine = Long.MAX_VALUE;

    private @Nullable IOException silence;

    private static Mount mount(String mountPoint) {
        return mount("/tmp", mountPoint);
    }

    private static Mount mount(String location, String mountPoint) {
        return new Mount(
                location,
                mountPoint,
                false,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("none", "9p2000.L", 131072, "fscache"),
                null);
    }

    private final class Connection implements SshConnection {
        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public CompletionStage<Void> closed() {
            return new CompletableFuture<>();
        }

        @Override
        public Result run(String command, String stdin, Duration timeout) throws IOException {
            asked.add(stdin);
            if (silence != null) {
                throw silence;
            }
            return new Result(code, answer, "no shell");
        }

        @Override
        public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables) {
            throw new UnsupportedOperationException(command);
        }

        @Override
        public void close() {}
    }

    private MountAttachment attached(Mount... mounts) {
        Guest guest = (Guest) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Guest.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "name" -> "x";
                    case "up" -> up;
                    case "connection" -> new Connection();
                    case "machine" -> machine();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
        return (MountAttachment) new Plan9MountDriver().attach(guest, List.of(mounts));
    }

    /** It has the pid of a process of the test's choice. */
    private Object machine() {
        return Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Machine.class}, (proxy, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("identity");
                    return new Machine.ProcessIdentity(machine, 0);
                });
    }

    private static List<@Nullable String> troubles(MountAttachment mounts) {
        return mounts.states().stream().map(State::trouble).toList();
    }

    @Test
    void theGuestsOwnTableIsTheTruth() {
        up.complete(null);
        MountAttachment mounts = attached(mount("/mnt/a b"), mount("/mnt/c"), mount("/var/run/d"), mount("/mnt/it's"));
        answer = TABLE + "kernel can\npoint /mnt/a b\npoint /mnt/c\npoint /run/d\npoint /mnt/it's\n";
        assertThat(troubles(mounts))
                .containsExactly(
                        null,
                        "it is not mounted; see /var/log/lima-boot.log in the guest",
                        null,
                        "it is not mounted; see /var/log/lima-boot.log in the guest");
        assertThat(asked.getFirst()).contains("readlink -f -- '/mnt/it'\\''s'");
        assertThat(mounts.states()).extracting(State::transport).containsOnly("9p");

        answer = "kernel can\npoint /mnt/a b\n";
        assertThat(troubles(mounts)).as("asked again").doesNotContainNull();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aDirectoryThatIsNotInItsPlaceIsToldOf(@TempDir Path directory) throws IOException {
        up.complete(null);
        answer = TABLE + "kernel can\npoint /mnt/a b\n";
        Path location = Files.createDirectory(directory.resolve("shown"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), location);
        MountAttachment mounts = attached(mount(location.toString(), "/mnt/a b"));
        assertThat(troubles(mounts)).as("nobody can tell").containsOnlyNulls();
        machine = ProcessHandle.current().pid();
        try (var held = Files.newDirectoryStream(location)) {
            assertThat(held).isEmpty();
            assertThat(troubles(mounts)).containsOnlyNulls();
            assertThat(troubles(attached(mount(link.toString(), "/mnt/a b")))).containsOnlyNulls();
            Files.delete(location);
            String told = "the directory that the machine was given is not at " + location
                    + " any more; if it was removed, `limactl restart x` shows the one there now";
            assertThat(troubles(mounts)).containsExactly(told);
            Files.createDirectory(location);
            assertThat(troubles(mounts)).as("another one").containsExactly(told);
        }
    }

    @Test
    void aKernelWithout9pIsToldOf() {
        up.complete(null);
        answer = "point /mnt/x\n";
        assertThat(troubles(attached(mount("/mnt/x"))))
                .containsExactly("the guest's kernel has no 9p; mountType reverse-sshfs needs no such kernel");
    }

    @Test
    void aGuestThatDoesNotAnswerIsToldOf() {
        MountAttachment mounts = attached(mount("/mnt/x"), mount("/mnt/y"));
        assertThat(troubles(mounts)).hasSize(2).containsOnly("the guest has not booted yet");
        assertThat(asked).isEmpty();
        up.complete(null);
        code = 127;
        assertThat(troubles(mounts))
                .containsOnly("the guest cannot be asked for its mounts: its shell ended with 127: no shell");
        silence = new IOException("no answer after 10 s");
        assertThat(troubles(mounts)).containsOnly("the guest cannot be asked for its mounts: no answer after 10 s");
    }

    @Test
    void nobodyIsAskedForWhatIsKnown() {
        up.complete(null);
        assertThat(attached(mount("/mnt/x")).mounts()).containsExactly(mount("/mnt/x"));
        assertThat(attached().states()).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void theyStayAsTheyAre() {
        MountAttachment mounts = attached(mount("/mnt/x"));
        assertThatThrownBy(() -> mounts.add(mount("/mnt/y")))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("`x` cannot be changed while it runs");
        assertThatThrownBy(() -> mounts.remove("/mnt/x")).isInstanceOf(LimaException.class);
    }
}
