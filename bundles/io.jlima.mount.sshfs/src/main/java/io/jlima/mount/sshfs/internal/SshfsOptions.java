// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.config.InstanceConfig.Mount;

/** What a mount's options are in the words of sshfs(1). */
final class SshfsOptions {
    private SshfsOptions() {}

    /** Each after a comma. */
    static String of(Mount mount) {
        return ",allow_other"
                + (mount.writable() ? "" : ",ro")
                + (mount.sshfs().cache() ? "" : ",cache=no")
                + (mount.sshfs().followSymlinks() ? ",follow_symlinks" : "");
    }
}
