// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.instance.Instance;
import io.jlima.cli.internal.Sizes;
import java.util.ArrayList;
import java.util.List;

/** Which columns of {@code limactl list} are shown: a narrow terminal does without those that say least. */
record ListColumns(boolean vmType, boolean arch, boolean directory) {
    static final ListColumns ALL = new ListColumns(true, true, true);

    /** Lima counts every column as this wide. */
    private static final int WIDTH = 8;

    /** NAME is one of those, STATUS and SSH are two each. */
    private static final int FIRST_THREE = 5;

    private static final int VM_TYPE = 3;
    private static final int ARCH = 4;
    private static final int DIRECTORY = 8;

    /** @param width of the terminal in characters, 0 if not known */
    static ListColumns fitting(int width, List<Instance> shown) {
        if (width <= 0) {
            return ALL;
        }
        int columns = FIRST_THREE;
        boolean oneType = shown.stream().map(Instance::vmType).distinct().count() == 1;
        boolean vmType = (columns + 7) * WIDTH <= width || !oneType;
        columns += vmType ? 1 : 0;
        boolean ofHost = shown.stream().allMatch(i -> i.arch() == Arch.host());
        boolean arch = (columns + 6) * WIDTH <= width || !ofHost;
        columns += arch ? 1 : 0;
        // CPUS, MEMORY and DISK are always there.
        columns += 3;
        return new ListColumns(vmType, arch, (columns + 2) * WIDTH <= width);
    }

    /** The words of those columns that are shown. */
    List<String> of(String... all) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < all.length; i++) {
            boolean hidden = i == VM_TYPE && !vmType || i == ARCH && !arch || i == DIRECTORY && !directory;
            if (!hidden) {
                words.add(all[i]);
            }
        }
        return words;
    }

    static String[] words(Instance i, HostEnvironment caller) {
        return new String[] {
            i.name(),
            i.status().word(),
            "127.0.0.1:" + i.sshPort(),
            i.vmType(),
            i.arch().word(),
            Integer.toString(i.config() == null ? 0 : i.config().cpus()),
            Sizes.text(i.config() == null ? 0 : i.config().memory()),
            Sizes.text(i.config() == null ? 0 : i.config().disk()),
            HomePath.shorten(i.directory(), caller)
        };
    }
}
