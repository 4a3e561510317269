// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.Machine;
import java.util.function.Consumer;

/**
 * Makes events of a machine of QEMU's events, and remembers what they tell about its end. Called by the one thread
 * that reads the monitor connection; never blocks.
 */
final class MachineEvents implements Consumer<QmpEvent> {
    private final Consumer<Machine.Event> out;
    private final SpaceWatch space;
    private final Departures departures;
    private boolean goingDown;
    private boolean noSpace;

    /** Whether an event has told since {@link #anew} if the machine stands still. */
    private boolean fresher;

    private volatile boolean endAsked;

    MachineEvents(Consumer<Machine.Event> out, SpaceWatch space, Departures departures) {
        this.out = out;
        this.space = space;
        this.departures = departures;
    }

    /** A new connection is about to be made. */
    synchronized void anew() {
        fresher = false;
    }

    /** @param status what query-status says when the connection is made, a RunState of the QMP reference */
    synchronized void begin(String status) {
        if (!fresher && (status.equals("io-error") || status.equals("paused"))) {
            out.accept(new Machine.Paused());
        }
        if (status.equals("io-error")) {
            out.accept(new Machine.DiskTrouble("", "the machine stands still since a disk failed", true));
            space.await("");
        }
    }

    /** Whether QEMU ends because guest or host asked it to. */
    boolean endAsked() {
        return endAsked;
    }

    /** The machine is gone, or is not ours to watch any more. */
    void end() {
        space.stop();
    }

    @Override
    public synchronized void accept(QmpEvent event) {
        switch (event.name()) {
            case "POWERDOWN" -> goDown(false);
            case "SHUTDOWN" -> shutdown(event);
            case "RESET" -> {
                if (event.flag("guest")) {
                    goingDown = false;
                    out.accept(new Machine.Reset());
                }
            }
            // A driver of virtio-net says which packets it wants when it sets up its card. QEMU tells the first time
            // only.
            case "NIC_RX_FILTER_CHANGED" -> out.accept(new Machine.NetworkUp());
            case "GUEST_PANICKED" -> out.accept(new Machine.Panicked());
            case "BLOCK_IO_ERROR" -> diskTrouble(event);
            case "DEVICE_DELETED" -> departures.tell(event.text("device"), true);
            case "DEVICE_UNPLUG_GUEST_ERROR" -> departures.tell(event.text("device"), false);
            case "STOP" -> {
                fresher = true;
                out.accept(new Machine.Paused());
            }
            case "RESUME" -> {
                fresher = true;
                noSpace = false;
                out.accept(new Machine.Resumed());
            }
            default -> {}
        }
    }

    private void goDown(boolean byGuest) {
        if (!goingDown) {
            goingDown = true;
            out.accept(new Machine.ShuttingDown(byGuest));
        }
    }

    /** For the reasons see ShutdownCause in the QMP reference. */
    private void shutdown(QmpEvent event) {
        switch (event.text("reason")) {
            case "guest-panic", "host-error" -> {}
            default -> endAsked = true;
        }
        goDown(event.flag("guest"));
    }

    private void diskTrouble(QmpEvent event) {
        boolean full = event.flag("nospace");
        boolean stops = event.text("action").equals("stop");
        String device = event.text("device");
        // Several requests may fail before the machine stands still.
        if (stops && full && noSpace) {
            return;
        }
        out.accept(new Machine.DiskTrouble(device, event.text("reason"), full));
        if (stops && full) {
            noSpace = true;
            space.await(device);
        }
    }
}
