// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.time.Duration;

/**
 * How long a silent server is waited for.
 *
 * @param connect for its address, and again for its taking a connection
 * @param silence between one sign of life and the next, once connected
 */
record Patience(Duration connect, Duration silence) {
    static final Patience DEFAULT = new Patience(Duration.ofSeconds(5), Duration.ofSeconds(30));
}
