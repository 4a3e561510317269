// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests whose instances are of one guest that never answers. */
abstract class OnSilentGuest {
    static SilentGuest guest;

    @BeforeAll
    static void makeGuest() {
        guest = new SilentGuest();
    }

    @AfterAll
    static void removeGuest() throws IOException {
        guest.close();
    }
}
