// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.HotPlug;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With a real QEMU, whose guest of a few bytes knows of no device. */
@Timeout(180)
class ShareSlotsTest {
    @TempDir
    Path home = Path.of("unset");

    private @Nullable QemuMachine machine;

    @AfterEach
    void end() {
        if (machine != null) {
            machine.kill();
        }
    }

    private QemuMachine start(String more) throws IOException {
        MachineSpec spec = new MachineSpec(
                "x",
                home,
                Arch.X86_64,
                1,
                64L * 1024 * 1024,
                new MachineSpec.LegacyBios(),
                List.of(new Device.Disk(
                        Device.DiskRole.BOOT, BootSector.IDLE.write(home.resolve("disk")), "raw", false)),
                Map.of("cpuType", Map.of("x86_64", "max")));
        QemuMachine started = (QemuMachine) new QemuHypervisor(HostOs.LINUX, Arch.X86_64, home)
                .start(
                        spec,
                        Caller.in(home, "QEMU_SYSTEM_X86_64", "qemu-system-x86_64" + more),
                        event -> {},
                        Progress.SILENT);
        machine = started;
        return started;
    }

    private Device.SharedDirectory directory() {
        return new Device.SharedDirectory(
                "lima-1", home, false, new Device.Virtiofs(home.resolve("nobody.sock"), 1024));
    }

    @Test
    void aMachineWithoutABridgeHasNoRoom() throws Exception {
        HotPlug slots = start("").as(HotPlug.class).orElseThrow();
        assertThatThrownBy(() -> slots.plug(directory()))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no room")
                .hasMessageContaining("restart");
        assertThat(slots.isPlugged("lima-1")).isFalse();
        assertThatThrownBy(() -> slots.unplug("lima-1"))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("lima-1");
    }

    @Test
    void nothingIsLeftOfADirectoryThatNobodyServes() throws Exception {
        QemuMachine started = start(" -device pcie-pci-bridge,id=shares");
        HotPlug slots = started.as(HotPlug.class).orElseThrow();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> slots.plug(directory()))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("nobody.sock");
            assertThat(slots.isPlugged("lima-1")).isFalse();
            assertThat(started.execute("query-chardev", Map.of()).toString()).doesNotContain("char-lima-1");
        }
    }

    @Test
    void aGuestThatKeepsItsDeviceIsTold() throws Exception {
        QemuMachine started = start(" -device pcie-pci-bridge,id=shares");
        started.execute("device_add", Map.of("driver", "virtio-rng-pci", "id", "lima-2", "bus", "shares"));
        ShareSlots slots = new ShareSlots(started, new Departures(), Duration.ofMillis(50));
        assertThat(slots.isPlugged("lima-2")).isTrue();
        assertThatThrownBy(() -> slots.unplug("lima-2"))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("does not give up");
        assertThat(slots.isPlugged("lima-2")).isTrue();
    }

    @Test
    void eventsTellOfDepartures() {
        Departures departures = new Departures();
        CompletableFuture<Boolean> gone = departures.await("one");
        CompletableFuture<Boolean> kept = departures.await("two");
        departures.tell("", true);
        departures.tell("three", true);
        assertThat(gone).isNotDone();
        departures.tell("one", true);
        departures.tell("two", false);
        assertThat(gone).isCompletedWithValue(true);
        assertThat(kept).isCompletedWithValue(false);
        departures.forget("one");
        assertThat(departures.await("one")).isNotDone();
    }
}
