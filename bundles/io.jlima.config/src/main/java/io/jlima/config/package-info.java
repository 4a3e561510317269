// SPDX-License-Identifier: Apache-2.0
/** Values derived from the configuration's facts that other rooms compute too. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.config;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
