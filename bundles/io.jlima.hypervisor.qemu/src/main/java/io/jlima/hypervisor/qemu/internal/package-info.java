// SPDX-License-Identifier: Apache-2.0
/** The QEMU driver: command line, accelerator, process and QMP connection. */
@NullMarked
package io.jlima.hypervisor.qemu.internal;

import org.jspecify.annotations.NullMarked;
