// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.hypervisor.qemu.internal;

import org.jspecify.annotations.NullMarked;
