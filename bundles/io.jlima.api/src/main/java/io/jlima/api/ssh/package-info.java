// SPDX-License-Identifier: Apache-2.0
/** Keys, and connections to guests. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.ssh;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
