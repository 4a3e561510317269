// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.io.IOException;

/** The guest has sent what no agent sends. Ends the session with it, and nothing else. */
final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1;

    ProtocolException(String what) {
        super("the guest's agent sent " + what);
    }
}
