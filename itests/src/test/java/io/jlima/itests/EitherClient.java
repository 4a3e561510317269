// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A test that holds for both clients, named by where they are in the distribution. */
abstract class EitherClient {
    static SilentGuest guest;

    final String client;

    EitherClient(String client) {
        this.client = client;
    }

    @BeforeAll
    static void makeGuest() {
        guest = new SilentGuest();
    }

    @AfterAll
    static void removeGuest() throws IOException {
        guest.close();
    }

    Home home() {
        return guest.home().through(client);
    }
}
