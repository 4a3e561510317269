// SPDX-License-Identifier: Apache-2.0
package io.jlima.testing;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configurations in which a test says only what it is about. */
public final class Configs {
    private static final InstanceConfig USUAL = new InstanceConfig(
            "qemu",
            Map.of(),
            "Linux",
            Arch.X86_64,
            List.of(),
            4,
            4L << 30,
            100L << 30,
            List.of(),
            List.of(),
            null,
            List.of(),
            false,
            new InstanceConfig.Ssh(0, false, false, false, false, null),
            new InstanceConfig.Firmware(false, List.of()),
            new InstanceConfig.Audio("", ""),
            new InstanceConfig.Video("none", null),
            List.of(),
            false,
            new InstanceConfig.Containerd(false, false, List.of()),
            "/usr/local",
            List.of(),
            List.of(),
            List.of(),
            "",
            List.of(),
            Map.of(),
            Map.of(),
            List.of(),
            new InstanceConfig.HostResolver(true, false, Map.of()),
            true,
            new InstanceConfig.CaCerts(false, List.of(), List.of()),
            false,
            "",
            false,
            new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/bash", true),
            false,
            Map.of());

    private Configs() {}

    /**
     * A usual configuration with other values in some places.
     *
     * @param others a component of {@link InstanceConfig}, its value, and so on
     */
    public static InstanceConfig with(@Nullable Object... others) {
        Map<String, @Nullable Object> values = new HashMap<>();
        for (int i = 0; i < others.length; i += 2) {
            values.put((String) others[i], others[i + 1]);
        }
        RecordComponent[] parts = InstanceConfig.class.getRecordComponents();
        @Nullable Object[] all = new @Nullable Object[parts.length];
        try {
            for (int i = 0; i < parts.length; i++) {
                String name = parts[i].getName();
                all[i] = values.containsKey(name)
                        ? values.remove(name)
                        : parts[i].getAccessor().invoke(USUAL);
            }
            if (!values.isEmpty()) {
                throw new IllegalArgumentException("InstanceConfig has no " + values.keySet());
            }
            return InstanceConfig.class
                    .getDeclaredConstructor(
                            Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new))
                    .newInstance(all);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A mount with the options that are given to all. */
    public static Mount mount(String location, String mountPoint, boolean writable) {
        return new Mount(
                location,
                mountPoint,
                writable,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("mapped-xattr", "9p2000.L", 131072, writable ? "mmap" : "fscache"),
                null);
    }
}
