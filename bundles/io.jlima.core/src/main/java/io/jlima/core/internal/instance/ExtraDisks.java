// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Device.DiskRole;
import io.jlima.core.internal.disk.DataDisks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The additional disks of one instance: taken for a run, and given back after it. */
final class ExtraDisks {
    private final DataDisks disks;
    private final InstanceFolder folder;

    ExtraDisks(DataDisks disks, InstanceFolder folder) {
        this.disks = disks;
        this.folder = folder;
    }

    /**
     * Takes all disks or none.
     *
     * @param busy whether an instance of that name runs; a disk that a stopped one has kept is taken from it
     * @throws LimaException when there is no such disk, or another instance has it
     */
    List<Device.Disk> take(InstanceConfig config, Predicate<String> busy, Progress progress) {
        // Who looks must be the one who takes, or two that start at the same time get the same disk.
        return disks.alone(() -> takeFree(config, busy, progress));
    }

    private List<Device.Disk> takeFree(InstanceConfig config, Predicate<String> busy, Progress progress) {
        List<Device.Disk> devices = new ArrayList<>();
        for (InstanceConfig.AdditionalDisk wanted : config.additionalDisks()) {
            String name = wanted.name();
            if (!disks.exists(name)) {
                throw new LimaException(
                        "instance `" + folder.name() + "` wants disk `" + name + "`, and there is none of that name",
                        "Make it with `limactl disk create " + name + " --size 10GiB`");
            }
            Optional<String> holder = disks.holder(name).filter(h -> !h.equals(folder.name()));
            if (holder.filter(busy).isPresent()) {
                throw new LimaException(
                        "disk `" + name + "` is in use by instance `" + holder.get() + "`",
                        "A disk serves one running instance at a time; stop the other one first");
            }
            holder.ifPresent(h -> progress.warn("Disk `" + name + "` was left locked by `" + h
                    + "`, which does not run; `" + folder.name() + "` takes it"));
            try {
                devices.add(new Device.Disk(
                        DiskRole.DATA, disks.file(name), disks.format(name).word(), false));
            } catch (IOException e) {
                throw InstanceFolder.trouble("cannot read the disk `" + name + "`", e);
            }
        }
        config.additionalDisks().forEach(d -> disks.lock(d.name(), folder.path()));
        return devices;
    }

    /** Gives them back. */
    void giveBack() {
        disks.unlockAllOf(folder.name());
    }
}
