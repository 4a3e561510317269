// SPDX-License-Identifier: Apache-2.0
/** Mount drivers: how host directories appear in the guest. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.mount;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
