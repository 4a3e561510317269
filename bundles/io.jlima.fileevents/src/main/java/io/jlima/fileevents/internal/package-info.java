// SPDX-License-Identifier: Apache-2.0
/** What changes in the host's shared directories, for watchers in the guest. */
@NullMarked
package io.jlima.fileevents.internal;

import org.jspecify.annotations.NullMarked;
