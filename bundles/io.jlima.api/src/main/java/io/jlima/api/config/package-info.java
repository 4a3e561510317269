// SPDX-License-Identifier: Apache-2.0
/** The resolved content of a lima.yaml as immutable records, and the service that reads one. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.config;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
