// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestStream;
import java.io.IOException;

/** Makes one connection into the guest. */
@FunctionalInterface
interface Dial {
    /** Blocks until the guest's side is connected. */
    GuestStream open() throws IOException, InterruptedException;
}
