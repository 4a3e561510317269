// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.instance;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An instance as it was when somebody looked.
 *
 * @param config null when lima.yaml cannot be used; {@code errors} says why
 * @param tree the filled lima.yaml as a tree for output; empty when there is none
 * @param mountChoice how directories are mounted; null when nothing is mounted, or no driver could
 * @param sshPort port on 127.0.0.1, 0 when not known
 * @param hostAgentPid process that looks after the machine, 0 when none does
 * @param driverPid process of the machine, 0 when it does not run
 * @param activity what a start or stop is at, empty otherwise
 */
public record Instance(
        String name,
        Status status,
        Path directory,
        @Nullable InstanceConfig config,
        Map<String, Object> tree,
        String vmType,
        @Nullable MountChoice mountChoice,
        Arch arch,
        int sshPort,
        long hostAgentPid,
        long driverPid,
        boolean isProtected,
        String limaVersion,
        List<String> errors,
        String activity) {

    /** Host name that the guest gets. */
    public String hostname() {
        return "lima-" + name.replace('.', '-').replace('_', '-');
    }

    /**
     * The mount driver of an instance.
     *
     * @param mountType its word
     * @param reason why this one, for people
     */
    public record MountChoice(String mountType, String reason) {}

    /** What an instance can be at. */
    public enum Status {
        BROKEN("Broken"),
        STOPPED("Stopped"),
        STARTING("Starting"),
        RUNNING("Running"),
        STOPPING("Stopping");

        private final String word;

        Status(String word) {
            this.word = word;
        }

        /** As {@code limactl list} shows it. */
        public String word() {
            return word;
        }
    }
}
