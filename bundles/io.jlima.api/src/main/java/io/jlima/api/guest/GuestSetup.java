// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.machine.Device;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a service needs in the machine and in the guest.
 *
 * @param devices for the machine; one that the hypervisor cannot realise refuses the start
 * @param files for the configuration volume, which the guest mounts at {@code /mnt/lima-cidata}
 * @param scripts run by the guest as root at each boot, in the order of their names among those of the platform
 * @param variables lines of {@code lima.env}; names without the prefix {@code LIMA_CIDATA_}
 */
public record GuestSetup(
        List<Device> devices, List<VolumeFile> files, List<BootScript> scripts, Map<String, String> variables) {
    /** Needs nothing. */
    public static final GuestSetup NOTHING = new GuestSetup(List.of(), List.of(), List.of(), Map.of());

    public GuestSetup {
        devices = List.copyOf(devices);
        files = List.copyOf(files);
        scripts = List.copyOf(scripts);
        variables = Map.copyOf(variables);
    }

    /**
     * A file of the volume.
     *
     * @param path relative path on the volume, for example {@code lima-guestagent}
     * @param content what is copied
     */
    public record VolumeFile(String path, Content content, boolean executable) {
        /** A copy of a file of the host. */
        public VolumeFile(String path, Path content, boolean executable) {
            this(path, () -> Files.newInputStream(content), executable);
        }
    }

    /** Where the bytes of a file come from; asked at each start. */
    @FunctionalInterface
    public interface Content {
        InputStream open() throws IOException;
    }

    /**
     * A boot script in POSIX sh; the variables of {@code lima.env} are set.
     *
     * @param name file name: two digits that give its place, a word, {@code .sh}; see {@code boot.Linux} of the core
     * @param inPlainMode whether it runs in plain mode too
     */
    public record BootScript(String name, String text, boolean inPlainMode) {}
}
