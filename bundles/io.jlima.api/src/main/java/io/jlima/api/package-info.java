// SPDX-License-Identifier: Apache-2.0
/** What every room shares: errors for people, progress, host facts. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
