// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.mount.sshfs.internal.sftp;

import org.jspecify.annotations.NullMarked;
