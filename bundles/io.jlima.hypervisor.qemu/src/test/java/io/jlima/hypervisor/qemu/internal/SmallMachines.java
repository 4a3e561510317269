// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.Event;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real machines, with guests of a few bytes, and their end. */
@Timeout(180)
abstract class SmallMachines {
    /** Far more than any of these machines needs, even on a loaded host. */
    static final int LONG_SECONDS = 60;

    @TempDir
    Path home = Path.of("unset");

    Path directory = Path.of("unset");
    final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    final List<Long> pids = new ArrayList<>();

    @BeforeEach
    void makeInstance() throws IOException {
        // A comma separates options of QEMU, a space words of a shell.
        directory = Files.createDirectories(home.resolve("my, vm"));
    }

    @AfterEach
    void endProcesses() {
        for (long pid : pids) {
            ProcessHandle.of(pid).ifPresent(process -> {
                process.destroyForcibly();
                process.onExit().join();
            });
        }
    }

    HostEnvironment caller(String... namesAndValues) {
        return Caller.in(home, namesAndValues);
    }

    MachineSpec spec(BootSector guest, Device... more) throws IOException {
        List<Device> devices = new ArrayList<>(List.of(more));
        devices.add(new Device.Disk(Device.DiskRole.BOOT, guest.write(directory.resolve("disk")), "raw", false));
        return new MachineSpec(
                "x",
                directory,
                Arch.X86_64,
                1,
                64L * 1024 * 1024,
                new MachineSpec.LegacyBios(),
                devices,
                Map.of("cpuType", Map.of("x86_64", "max")));
    }

    /** No KVM, so that each host does the same. */
    QemuHypervisor hypervisor() {
        return new QemuHypervisor(HostOs.LINUX, Arch.X86_64, home);
    }

    Machine start(MachineSpec spec, HostEnvironment caller) {
        Machine machine = hypervisor().start(spec, caller, events::add, Progress.SILENT);
        pids.add(machine.identity().pid());
        return machine;
    }

    Machine start(BootSector guest) throws IOException {
        return start(spec(guest), caller());
    }

    Optional<Machine> adopt() {
        Optional<Machine> machine = hypervisor().adopt("x", directory, events::add);
        machine.ifPresent(m -> pids.add(m.identity().pid()));
        return machine;
    }

    <T extends Event> T await(Class<T> type) throws InterruptedException {
        while (true) {
            Event event = events.poll(LONG_SECONDS, TimeUnit.SECONDS);
            assertThat(event).as("a " + type.getSimpleName()).isNotNull();
            if (type.isInstance(event)) {
                return type.cast(event);
            }
        }
    }

    static Machine.Exit end(Machine machine) throws Exception {
        return machine.exited().toCompletableFuture().get(LONG_SECONDS, TimeUnit.SECONDS);
    }
}
