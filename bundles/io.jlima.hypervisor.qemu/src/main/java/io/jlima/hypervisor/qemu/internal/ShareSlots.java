// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.HotPlug;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories shared by virtio-fs, on a bridge that the machine has from its start. A device is called like the tag of
 * its directory, so QEMU itself remembers for every daemon what is there.
 */
final class ShareSlots implements HotPlug {
    /** The bridge, and the bus behind it. */
    static final String BRIDGE = "shares";

    /** A conventional PCI bus has 32, and the bridge's own controller takes the first. */
    static final int COUNT = 31;

    private static final Logger LOG = LoggerFactory.getLogger(ShareSlots.class);

    /** QEMU shakes hands with the daemon behind the socket before it answers. */
    private static final Duration HANDSHAKE = Duration.ofSeconds(30);

    /** A guest that boots may miss the request. QEMU takes another one after five seconds. */
    private static final Duration ASK_AGAIN = Duration.ofSeconds(6);

    private static final int ROUNDS = 5;

    private final QemuMachine machine;
    private final Departures departures;
    private final Duration askAgain;

    ShareSlots(QemuMachine machine, Departures departures) {
        this(machine, departures, ASK_AGAIN);
    }

    ShareSlots(QemuMachine machine, Departures departures, Duration askAgain) {
        this.machine = machine;
        this.departures = departures;
        this.askAgain = askAgain;
    }

    static String chardev(String tag) {
        return "char-" + tag;
    }

    @Override
    public void plug(Device.SharedDirectory directory) throws InterruptedException {
        String tag = directory.tag();
        if (!(directory.sharing() instanceof Device.Virtiofs virtiofs)) {
            throw new LimaException("QEMU adds no directory to a running machine but by virtio-fs");
        }
        try {
            Set<String> there = devices();
            if (!there.contains(BRIDGE)) {
                throw new LimaException(
                        "the machine has no room for one more directory",
                        "only x86_64 machines that were started with a virtiofs mount have",
                        "Change `mounts` in lima.yaml and restart the instance",
                        null);
            }
            if (there.contains(tag)) {
                unplug(tag);
            }
            connect(tag, virtiofs);
        } catch (QmpException e) {
            throw new LimaException("QEMU cannot add the directory " + directory.directory(), e);
        }
    }

    private void connect(String tag, Device.Virtiofs virtiofs) throws QmpException, InterruptedException {
        Map<String, Object> address =
                Map.of("type", "unix", "data", Map.of("path", virtiofs.socket().toString()));
        Map<String, Object> backend = Map.of("type", "socket", "data", Map.of("addr", address, "server", false));
        machine.execute("chardev-add", Map.of("id", chardev(tag), "backend", backend));
        try {
            Map<String, Object> device = Map.of(
                    "driver",
                    "vhost-user-fs-pci",
                    "id",
                    tag,
                    "bus",
                    BRIDGE,
                    "chardev",
                    chardev(tag),
                    "tag",
                    tag,
                    "queue-size",
                    virtiofs.queueSize());
            machine.execute("device_add", device, HANDSHAKE);
        } catch (QmpException | InterruptedException e) {
            try {
                // Should the answer have been lost on the way, the device is there.
                if (devices().contains(tag)) {
                    unplug(tag);
                } else {
                    machine.execute("chardev-remove", Map.of("id", chardev(tag)));
                }
            } catch (QmpException | LimaException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    /** What has a name of its own in the machine. */
    private Set<String> devices() throws QmpException, InterruptedException {
        Object answer = machine.execute("qom-list", Map.of("path", "/machine/peripheral"));
        return answer instanceof List<?> all
                ? all.stream()
                        .map(each -> Json.string(Json.object(each == null ? Map.of() : each), "name"))
                        .collect(Collectors.toSet())
                : Set.of();
    }

    @Override
    public boolean isPlugged(String tag) throws InterruptedException {
        try {
            return devices().contains(tag);
        } catch (QmpException e) {
            throw new LimaException("QEMU does not tell what it has", e);
        }
    }

    @Override
    public void unplug(String tag) throws InterruptedException {
        CompletableFuture<Boolean> departure = departures.await(tag);
        try {
            if (!isGone(tag, departure)) {
                throw new LimaException(
                        "the guest does not give up the device of " + tag,
                        "its kernel was asked to, and has refused or not answered",
                        "`dmesg` in the guest may say more; a restart of the instance takes the device away",
                        null);
            }
            machine.execute("chardev-remove", Map.of("id", chardev(tag)));
        } catch (QmpException e) {
            throw new LimaException("QEMU does not take away the device of " + tag, e);
        } finally {
            departures.forget(tag);
        }
    }

    private boolean isGone(String tag, CompletableFuture<Boolean> departure) throws QmpException, InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            try {
                machine.execute("device_del", Map.of("id", tag));
            } catch (QmpException e) {
                // It may be gone, or QEMU may not take another request for it yet.
                if (round == 0 && !String.valueOf(e.getMessage()).contains("in the process of unplug")) {
                    throw e;
                }
                LOG.debug("{} was asked for already", tag, e);
            }
            try {
                return departure.get(askAgain.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                // An event is lost when the monitor's connection is.
                if (!devices().contains(tag)) {
                    return true;
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
        return false;
    }
}
