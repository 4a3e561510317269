// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/**
 * The word of the mount driver that a running machine was started with. A file keeps it: what is chosen where lima.yaml
 * says nothing depends on the drivers there are, and those come and go while the machine runs.
 */
final class MountType {
    private static final String FILE = "mount-type";

    private final InstanceFolder folder;
    private volatile @Nullable String word;

    MountType(InstanceFolder folder) {
        this.folder = folder;
    }

    /** Keeps the word for the machine that is started now; empty when nothing is mounted. */
    static void keep(InstanceFolder folder, String word) {
        folder.write(FILE, word + "\n", "rw-r--r--");
    }

    /** The mounts of this machine are those of this driver from now on. */
    void settle(String chosen) {
        word = chosen;
    }

    /** @throws LimaException when nothing tells the word and no driver is there to choose */
    String of(InstanceConfig config, Drivers drivers) {
        String known = word;
        if (known == null) {
            known = kept();
            word = known.isEmpty() ? MachinePlan.mountType(config, drivers) : known;
        }
        return String.valueOf(word);
    }

    boolean is(String other, InstanceConfig config, Drivers drivers) {
        try {
            return other.equals(of(config, drivers));
        } catch (LimaException e) {
            return false;
        }
    }

    private String kept() {
        try {
            return Files.readString(folder.file(FILE)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
