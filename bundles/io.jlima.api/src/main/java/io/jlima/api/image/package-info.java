// SPDX-License-Identifier: Apache-2.0
/** Image sources: how an image location becomes files on this host. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.image;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
