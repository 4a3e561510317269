// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

/** A test that holds for both clients, named by where they are in the distribution. */
abstract class EitherClient extends OnSilentGuest {
    final String client;

    EitherClient(String client) {
        this.client = client;
    }

    Home home() {
        return guest.home().through(client);
    }
}
