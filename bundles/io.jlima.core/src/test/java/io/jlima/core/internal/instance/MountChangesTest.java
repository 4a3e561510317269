// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.instance.Mounts.Wanted;
import io.jlima.api.mount.MountDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts that come and go while a guest runs, and what lima.yaml says then. */
class MountChangesTest {
    @TempDir
    Path path;

    private Rig rig;
    private final LiveDriver driver = new LiveDriver();
    private final LiveDriver preferred = new LiveDriver();

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        rig.connector.boot();
        rig.drivers.addMountDriver(driver, Map.of(MountDriver.MOUNT_TYPE, "reverse-sshfs"));
        rig.drivers.addMountDriver(preferred, Map.of(MountDriver.MOUNT_TYPE, "9p"));
    }

    @AfterEach
    void close() throws InterruptedException {
        rig.close();
    }

    private InstancesService started(String name, String yaml) throws Exception {
        rig.instance(name, yaml);
        InstancesService service = rig.service();
        service.start(name, Rig.LONG, rig.caller, new Recorded());
        return service;
    }

    private String text(String name) throws IOException {
        return Files.readString(rig.home.instance(name).limaYaml());
    }

    private static Wanted wanted(String mountPoint) {
        return new Wanted("/tmp", mountPoint, false, "");
    }

    @Test
    void whatWasMountedLiveStaysWithItsDriver() throws Exception {
        InstancesService first = started("x", "cpus: 1\n");
        new MountChanges(first).add("x", wanted("/mnt/x"), rig.caller);
        assertThat(text("x"))
                .as("the next start would choose another driver")
                .isEqualTo(
                        "cpus: 1\nmounts:\n- {location: \"/tmp\", mountPoint: \"/mnt/x\"}\nmountType: reverse-sshfs\n");
        assertThat(driver.attached).containsExactly(List.of());

        first.release();
        InstancesService second = rig.service();
        assertThat(driver.attached).hasSize(2).last().isEqualTo(List.of(Rig.mount("/tmp", "/mnt/x", false)));
        assertThat(preferred.attached).isEmpty();
        assertThat(new MountChanges(second).mountType("x")).isEqualTo("reverse-sshfs");
        assertThat(new MountChanges(second).list("x"))
                .singleElement()
                .satisfies(state -> assertThat(state.transport()).isEqualTo("live"));

        new MountChanges(second).remove("x", "/mnt/x", rig.caller);
        assertThat(text("x")).isEqualTo("cpus: 1\nmounts: []\nmountType: reverse-sshfs\n");
    }

    @Test
    void aDaemonThatEndsRightAfterTheMountLeavesItToTheSameDriver() throws Exception {
        InstancesService first = started("x", "cpus: 1\n");
        new MountChanges(first).add("x", wanted("/mnt/x"), rig.caller);
        first.release();
        // As an older version wrote it.
        rig.home.instance("x").write("lima.yaml", text("x").replace("mountType: reverse-sshfs\n", ""), "rw-r--r--");
        rig.service();
        assertThat(driver.attached).hasSize(2);
        assertThat(preferred.attached).isEmpty();
    }

    @Test
    void noTypeIsWrittenWhereTheNextStartChoosesItAnyway() throws Exception {
        InstancesService service = started("x", "cpus: 1\nmountType: reverse-sshfs\n");
        new MountChanges(service).add("x", wanted("/mnt/x"), rig.caller);
        assertThat(text("x"))
                .isEqualTo(
                        "cpus: 1\nmountType: reverse-sshfs\nmounts:\n- {location: \"/tmp\", mountPoint: \"/mnt/x\"}\n");
    }

    @Test
    void aMountPointIsKnownHoweverItIsWritten() throws Exception {
        InstancesService service = started("x", "mountType: reverse-sshfs\n");
        MountChanges changes = new MountChanges(service);
        changes.add("x", wanted("/mnt/x"), rig.caller);
        changes.remove("x", "/mnt//y/../x/", rig.caller);
        assertThat(driver.mounts).isEmpty();
    }

    @Test
    void aLinkThatTheGuestMayHaveMadeIsNotMounted() throws Exception {
        Path link = Files.createSymbolicLink(
                Files.createDirectory(path.resolve("shared")).resolve("link"), path);
        InstancesService service = started(
                "x", "mountType: reverse-sshfs\nmounts:\n- {location: \"" + path + "/shared\", writable: true}\n");
        String before = text("x");
        Wanted wanted = new Wanted(link.toString(), "/mnt/x", false, "");
        assertThatThrownBy(() -> new MountChanges(service).add("x", wanted, rig.caller))
                .hasMessageContaining(link + " is a symbolic link");
        assertThat(driver.mounts).hasSize(1);
        assertThat(text("x")).isEqualTo(before);
    }

    @Test
    void norIsItAtTheNextStartNorByTheNextDaemon() throws Exception {
        Path inner = Files.createDirectories(path.resolve("shared/inner"));
        InstancesService first = started(
                "x",
                "mountType: reverse-sshfs\nmounts:\n- {location: \"" + path + "/shared\", writable: true}\n"
                        + "- {location: \"" + inner + "\"}\n");
        assertThat(driver.attached).hasSize(1);
        Files.delete(inner);
        Files.createSymbolicLink(inner, path);

        first.release();
        InstancesService second = rig.service();
        assertThat(driver.attached).hasSize(1);
        assertThat(second.find("x").orElseThrow().errors())
                .singleElement()
                .asString()
                .contains(inner + " is a symbolic link");

        second.stop("x", false, new Recorded());
        assertThatThrownBy(() -> second.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageContaining(inner + " is a symbolic link");
        assertThat(rig.hypervisor.machines).as("machines started").hasSize(1);
    }

    @Test
    void aGuestCannotSpeakToTheTerminal() throws Exception {
        InstancesService service = started("x", "mountType: reverse-sshfs\nmounts:\n- {location: \"/tmp\"}\n");
        driver.trouble = "sshfs: \u001b[2J\u202egone\tnow\n";
        assertThat(new MountChanges(service).list("x"))
                .singleElement()
                .satisfies(state -> assertThat(state.trouble()).isEqualTo("sshfs: ?[2J?gone\tnow\n"));
        service.guest("x").orElseThrow().trouble("driver", "\u001b]0;mine\u0007\u0085");
        assertThat(service.find("x").orElseThrow().errors()).containsExactly("?]0;mine??");
    }

    @Test
    void aGuestThatHangsKeepsNobodyElseWaiting() throws Exception {
        InstancesService service = started("x", "mountType: reverse-sshfs\n");
        rig.instance("y", "mountType: reverse-sshfs\n");
        service.start("y", Rig.LONG, rig.caller, new Recorded());
        MountChanges changes = new MountChanges(service);
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        driver.adding = () -> {
            driver.adding = () -> {};
            hangs.countDown();
            goesOn.await();
        };
        Thread slow = Thread.ofPlatform().start(() -> add(changes, "x"));
        try {
            Eventually.happens(hangs, "the slow addition");
            Eventually.ends(Thread.ofPlatform().start(() -> add(changes, "y")));
            assertThat(text("y")).contains("/mnt/x");
            assertThat(text("x")).doesNotContain("/mnt/x");
        } finally {
            goesOn.countDown();
        }
        Eventually.ends(slow);
        assertThat(text("x")).contains("/mnt/x");
    }

    private void add(MountChanges changes, String instance) {
        try {
            changes.add(instance, wanted("/mnt/x"), rig.caller);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Keeps the next text of lima.yaml from being written. */
    private void obstruct() throws IOException {
        Files.createDirectories(rig.home.instance("x").file("lima.yaml.tmp").resolve("in the way"));
    }

    @Test
    void whatCannotBeWrittenIsNotLeftInTheGuest() throws Exception {
        InstancesService service = started("x", "mountType: reverse-sshfs\nmounts:\n- {location: \"/tmp\"}\n");
        MountChanges changes = new MountChanges(service);
        String before = text("x");
        driver.adding = () -> {
            driver.adding = () -> {};
            obstruct();
        };
        assertThatThrownBy(() -> changes.add("x", wanted("/mnt/x"), rig.caller)).hasMessageContaining("cannot write");
        assertThat(driver.mounts).containsExactly(Rig.mount("/tmp"));
        driver.removing = this::obstruct;
        assertThatThrownBy(() -> changes.remove("x", "/tmp", rig.caller)).hasMessageContaining("cannot write");
        assertThat(driver.mounts).containsExactly(Rig.mount("/tmp"));
        assertThat(text("x")).isEqualTo(before);
    }

    @Test
    void whatWasEditedMeanwhileIsKept() throws Exception {
        InstancesService service = started("x", "mountType: reverse-sshfs\n");
        MountChanges changes = new MountChanges(service);
        InstanceFolder folder = rig.home.instance("x");
        driver.adding = () -> folder.write("lima.yaml", "cpus: 2\n" + text("x"), "rw-r--r--");
        changes.add("x", wanted("/mnt/x"), rig.caller);
        assertThat(text("x"))
                .isEqualTo("cpus: 2\nmountType: reverse-sshfs\nmounts:\n"
                        + "- {location: \"/tmp\", mountPoint: \"/mnt/x\"}\n");
        driver.removing = () -> folder.write("lima.yaml", text("x").replace("cpus: 2", "cpus: 3"), "rw-r--r--");
        changes.remove("x", "/mnt/x", rig.caller);
        assertThat(text("x")).isEqualTo("cpus: 3\nmountType: reverse-sshfs\nmounts: []\n");

        driver.removing = () -> {};
        driver.adding = () -> folder.write(
                "lima.yaml",
                "mountType: reverse-sshfs\nmounts:\n- {location: \"/var\", mountPoint: \"/mnt/x\"}\n",
                "rw-r--r--");
        assertThatThrownBy(() -> changes.add("x", wanted("/mnt/x"), rig.caller)).isInstanceOf(LimaException.class);
        assertThat(driver.mounts).isEmpty();
        assertThat(text("x")).contains("/var").doesNotContain("/tmp");
    }

    @Test
    void theChoiceIsKnownWithoutAnInstance() {
        MountChanges changes = new MountChanges(rig.service());
        assertThat(changes.choice(Rig.config("fake", 0, List.of(), null)))
                .isEqualTo(new MountChoice("9p", "the first choice with fake"));
        assertThat(changes.choice(Rig.config("fake", 0, List.of(), "reverse-sshfs"))
                        .reason())
                .startsWith("lima.yaml says so");
    }

    @Test
    void aGuestThatHasNoUseForLiveMountsIsAskedForNone() throws Exception {
        InstancesService service = started("x", "mountTypesUnsupported: [reverse-sshfs]\n");
        assertThatThrownBy(() -> new MountChanges(service).add("x", wanted("/mnt/x"), rig.caller))
                .hasMessageContaining("mountTypesUnsupported");
        assertThat(driver.attached).isEmpty();
        assertThat(text("x")).isEqualTo("mountTypesUnsupported: [reverse-sshfs]\n");
    }
}
