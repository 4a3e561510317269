// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.edit.EditFlag.Values;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the flags about mounts do. */
final class MountFlags {
    private static final String WRITABLE = ":w";

    private MountFlags() {}

    static void refuseContradictions(Invocation invocation) {
        boolean only = invocation.value("mount-only").isPresent();
        if (only && invocation.value("mount").isPresent()) {
            throw new LimaException("--mount and --mount-only cannot be given together", "use --mount-only for all");
        }
        if (invocation.has("plain") && (only || invocation.value("mount").isPresent())) {
            throw new LimaException("--plain mounts nothing, so it goes with no --mount", "leave one of the flags out");
        }
        if (invocation.has("mount-none") && (only || invocation.value("mount").isPresent())) {
            throw new LimaException("--mount-none goes with no other mount", "leave one of the flags out");
        }
    }

    /** The last flag becomes the first mount. */
    static void add(Tree tree, Values values) {
        List<@Nullable Object> mounts = tree.items("mounts");
        given(values).forEach(mounts::addFirst);
        tree.put("mounts", mounts);
    }

    static void only(Tree tree, Values values) {
        tree.put("mounts", new ArrayList<@Nullable Object>(given(values)));
    }

    static void none(Tree tree, Values values) {
        if (values.on()) {
            tree.put("mounts", null);
        }
    }

    static void writable(Tree tree, Values values) {
        List<@Nullable Object> mounts = tree.items("mounts");
        if (mounts.isEmpty()) {
            return;
        }
        for (int i = 0; i < mounts.size(); i++) {
            Tree.open(mounts, i).put("writable", values.on());
        }
        tree.put("mounts", mounts);
    }

    private static List<Map<String, Object>> given(Values values) {
        HostEnvironment caller = values.invocation().caller();
        List<Map<String, Object>> mounts = new ArrayList<>();
        for (String value : values.all()) {
            for (String part : parts(value, caller)) {
                mounts.add(mount(part, caller));
            }
        }
        return mounts;
    }

    /** Commas part directories, unless there is one whose name has them. */
    private static List<String> parts(String value, HostEnvironment caller) {
        return Files.isDirectory(caller.resolve(directory(value))) ? List.of(value) : List.of(value.split(","));
    }

    private static String directory(String value) {
        return value.endsWith(WRITABLE) ? value.substring(0, value.length() - WRITABLE.length()) : value;
    }

    private static Map<String, Object> mount(String value, HostEnvironment caller) {
        String directory = directory(value);
        if (directory.isBlank()) {
            throw new LimaException("the directory to mount is missing", "for example: --mount ~/src:w");
        }
        String path = caller.resolve(directory).toString();
        Map<String, Object> mount = new LinkedHashMap<>();
        mount.put("location", path);
        mount.put("mountPoint", path);
        mount.put("writable", value.endsWith(WRITABLE));
        return mount;
    }
}
