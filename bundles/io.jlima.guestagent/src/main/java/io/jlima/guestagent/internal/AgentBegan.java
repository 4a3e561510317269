// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.io.IOException;

/** The agent has begun anew, and knows nothing of the session. */
final class AgentBegan extends IOException {
    private static final long serialVersionUID = 1;

    AgentBegan() {
        super("the guest's agent has begun anew");
    }
}
