// SPDX-License-Identifier: Apache-2.0
/** Instances: their life cycle, status and events. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.instance;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
