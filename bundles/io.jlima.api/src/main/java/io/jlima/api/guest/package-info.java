// SPDX-License-Identifier: Apache-2.0
/** What works for a guest while its machine runs: services beside it, the agent inside it, forwards to it. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.guest;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
