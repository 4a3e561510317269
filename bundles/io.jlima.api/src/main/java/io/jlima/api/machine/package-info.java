// SPDX-License-Identifier: Apache-2.0
/** Hypervisors, the machines they run, and the neutral device records that drivers exchange. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.machine;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
