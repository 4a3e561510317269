// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.config.InstanceConfig.Mount;

/**
 * What a mount's options are in the words of sshfs(1).
 *
 * @param events whether watchers in the guest are to be told of changes. The guest's agent does that by a mount of its
 *     own, so one that is read-only is that only where people find it, and on the host
 */
record SshfsOptions(Mount mount, boolean events) {
    /** Each after a comma. */
    String text() {
        return common() + (mount.writable() || events ? "" : ",ro");
    }

    /** The same without what one sshfs can do differently for each of several mounts. */
    String common() {
        return ",allow_other"
                + (mount.sshfs().cache() ? "" : ",cache=no")
                + (mount.sshfs().followSymlinks() ? ",follow_symlinks" : "");
    }

    /** What the guest's shell is told to do with the place: {@code ro} or nothing. */
    String place() {
        return !mount.writable() && events ? "ro" : "";
    }

    /** How the guest shows it: {@code rw}, {@code ro}, or {@code view} if it is read-only only where people find it. */
    String show() {
        return mount.writable() ? "rw" : events ? "view" : "ro";
    }
}
