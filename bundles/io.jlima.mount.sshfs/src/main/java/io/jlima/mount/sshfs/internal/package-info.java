// SPDX-License-Identifier: Apache-2.0
/** The driver reverse-sshfs: host directories by sshfs in the guest and an SFTP server on the host. */
@NullMarked
package io.jlima.mount.sshfs.internal;

import org.jspecify.annotations.NullMarked;
