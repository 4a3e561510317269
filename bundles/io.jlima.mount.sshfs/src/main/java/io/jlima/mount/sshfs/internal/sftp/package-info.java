// SPDX-License-Identifier: Apache-2.0
/** SFTP servers: the one in this process, which keeps to its directory, and OpenSSH's. */
@NullMarked
package io.jlima.mount.sshfs.internal.sftp;

import org.jspecify.annotations.NullMarked;
