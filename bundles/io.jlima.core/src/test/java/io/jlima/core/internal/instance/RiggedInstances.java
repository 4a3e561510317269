// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.instance.Instance;
import io.jlima.core.internal.instance.Rig.Starting;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A service with one instance, whose machine and guest are played by a {@link Rig}. */
abstract class RiggedInstances {
    @TempDir
    Path path;

    Rig rig;
    InstancesService service;
    InstanceFolder folder;
    final Clinging clinging = new Clinging();

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        folder = rig.instance("x", "good");
        service = rig.service();
    }

    @AfterEach
    void close() throws InterruptedException {
        clinging.gate.countDown();
        rig.close();
    }

    void start() throws InterruptedException {
        rig.connector.boot();
        service.start("x", Rig.LONG, rig.caller, new Recorded());
    }

    Instance look() {
        return service.find("x").orElseThrow();
    }

    /** A start whose guest has not booted. */
    Starting startingToBoot(Recorded progress) throws InterruptedException {
        Starting starting = rig.starting(service, "x", progress);
        Eventually.happens(rig.connector.waiting, "the wait for the guest");
        return starting;
    }

    /** Something attached to guests that takes its time to close. */
    static final class Clinging implements GuestService {
        final CountDownLatch closing = new CountDownLatch(1);
        final CountDownLatch gate = new CountDownLatch(1);

        @Override
        public String title() {
            return "clinging";
        }

        @Override
        public Attachment attach(Guest guest) {
            return () -> {
                closing.countDown();
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            };
        }
    }
}
