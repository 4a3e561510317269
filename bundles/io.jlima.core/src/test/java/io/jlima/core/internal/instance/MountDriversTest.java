// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.guest.SetupRequest;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountDriver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mount drivers come and go while a machine runs. */
class MountDriversTest {
    private static final Map<String, Object> VIRTIOFS = Map.of(MountDriver.MOUNT_TYPE, "virtiofs");
    private static final Map<String, Object> NINE_P = Map.of(MountDriver.MOUNT_TYPE, "9p");

    @TempDir
    Path path;

    private Rig rig;
    private final Driver driver = new Driver();

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        rig.instance("x", "mounts");
        rig.connector.boot();
        rig.drivers.addMountDriver(driver, VIRTIOFS);
    }

    @AfterEach
    void close() throws InterruptedException {
        rig.close();
    }

    /** Its mounts can change. */
    private static final class Driver implements MountDriver {
        final List<List<Mount>> attached = new CopyOnWriteArrayList<>();
        final List<Mount> mounts = new CopyOnWriteArrayList<>();
        final List<Boolean> closed = new CopyOnWriteArrayList<>();
        volatile boolean beyondRepair;

        @Override
        public MountPlan plan(SetupRequest request, List<Mount> mounts) {
            return new MountPlan(List.of(), List.of());
        }

        @Override
        public Attachment attach(Guest guest, List<Mount> wanted) {
            attached.add(List.copyOf(wanted));
            mounts.addAll(wanted);
            return new MountAttachment() {
                @Override
                public List<State> states() {
                    List<State> states = new ArrayList<>();
                    mounts.forEach(mount -> states.add(new State(mount, "t", "s", null)));
                    return states;
                }

                @Override
                public boolean isBeyondRepair() {
                    return beyondRepair;
                }

                @Override
                public void add(Mount mount) {
                    mounts.add(mount);
                }

                @Override
                public void remove(String mountPoint) {
                    mounts.removeIf(mount -> mount.mountPoint().equals(mountPoint));
                }

                @Override
                public void close() {
                    closed.add(true);
                }
            };
        }
    }

    private InstancesService started() throws InterruptedException {
        InstancesService service = rig.service();
        service.start("x", Rig.LONG, rig.caller, new Recorded());
        return service;
    }

    @Test
    void aDriverThatGoesAndComesAgainHasItsMountsBack() throws Exception {
        InstancesService service = started();
        Driver preferred = new Driver();
        rig.drivers.addMountDriver(preferred, NINE_P);
        assertThat(preferred.attached)
                .as("the machine was started with another")
                .isEmpty();
        Mount late = Rig.mount("/late");
        driver.mounts.add(late);

        rig.drivers.removeMountDriver(driver, VIRTIOFS);
        assertThat(driver.closed).hasSize(1);
        assertThat(service.find("x").orElseThrow().errors())
                .singleElement()
                .asString()
                .contains("the driver for its mounts (virtiofs) is gone");

        Driver next = new Driver();
        rig.drivers.addMountDriver(next, VIRTIOFS);
        assertThat(next.attached).containsExactly(List.of(Rig.mount("/tmp"), late));
        assertThat(service.find("x").orElseThrow().errors()).isEmpty();
        assertThat(preferred.attached).isEmpty();
    }

    @Test
    void aDriverThatComesAfterTheAdoptionIsTheOneThatTheMachineWasStartedWith() throws Exception {
        InstancesService first = started();
        first.release();
        assertThat(driver.closed).hasSize(1);
        rig.drivers.removeMountDriver(driver, VIRTIOFS);
        Driver preferred = new Driver();
        rig.drivers.addMountDriver(preferred, NINE_P);

        InstancesService second = rig.service();
        assertThat(second.find("x").orElseThrow().errors())
                .singleElement()
                .asString()
                .contains("virtiofs");
        Driver next = new Driver();
        rig.drivers.addMountDriver(next, VIRTIOFS);
        assertThat(next.attached).containsExactly(List.of(Rig.mount("/tmp")));
        assertThat(preferred.attached).isEmpty();
        assertThat(second.find("x").orElseThrow().errors()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"false, 180", "true, 45"})
    void aGuestThatHangsIsNotWaitedForAsLong(boolean beyondRepair, long seconds) throws Exception {
        InstancesService service = started();
        driver.beyondRepair = beyondRepair;
        service.stop("x", false, new Recorded());
        assertThat(rig.hypervisor.machines.getFirst().grace).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void servicesHearOfMountsThatComeAndGo() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        rig.drivers.addGuestService(
                new GuestService() {
                    @Override
                    public String title() {
                        return "listener";
                    }

                    @Override
                    public Attachment attach(Guest guest) {
                        told.add("first " + guest.shared().size());
                        return new Attachment() {
                            @Override
                            public void mountsChanged() {
                                told.add("then " + guest.shared().size());
                            }

                            @Override
                            public void close() {}
                        };
                    }
                },
                Map.of());
        started();
        assertThat(told).containsExactly("first 1");
        rig.drivers.removeMountDriver(driver, VIRTIOFS);
        assertThat(told).containsExactly("first 1", "then 0");
        rig.drivers.addMountDriver(new Driver(), VIRTIOFS);
        assertThat(told).containsExactly("first 1", "then 0", "then 1");
    }
}
