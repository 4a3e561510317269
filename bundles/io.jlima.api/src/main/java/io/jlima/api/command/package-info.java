// SPDX-License-Identifier: Apache-2.0
/** Commands of limactl, which are commands of the Gogo shell too. */
@Export
@Version("0.1.0")
@NullMarked
package io.jlima.api.command;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
