// SPDX-License-Identifier: Apache-2.0
/** Keys, the wait for a guest's sshd, and kept connections, on Apache MINA SSHD. */
@NullMarked
package io.jlima.ssh.internal;

import org.jspecify.annotations.NullMarked;
