// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.machine.Snapshots;

/**
 * Snapshots of a machine that runs. After going back to one, the guest knows nothing of the connection that we kept.
 *
 * @param dropConnection closes that connection
 */
record LiveSnapshots(Snapshots machine, Runnable dropConnection) implements Snapshots {
    @Override
    public void save(String tag) throws InterruptedException {
        machine.save(tag);
    }

    @Override
    public void load(String tag) throws InterruptedException {
        machine.load(tag);
        dropConnection.run();
    }

    @Override
    public void remove(String tag) throws InterruptedException {
        machine.remove(tag);
    }

    @Override
    public Listing list() throws InterruptedException {
        return machine.list();
    }
}
