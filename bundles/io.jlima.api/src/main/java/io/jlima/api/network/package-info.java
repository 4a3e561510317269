// SPDX-License-Identifier: Apache-2.0
/** Network drivers: how a guest's network interface is realised. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.network;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
