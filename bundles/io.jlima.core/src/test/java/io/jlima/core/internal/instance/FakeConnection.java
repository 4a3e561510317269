// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.ssh.SshConnector;
import io.jlima.testing.BareConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A connection that notes its commands. */
class FakeConnection extends BareConnection {
    final SshConnector.Target target;
    final List<String> commands = new CopyOnWriteArrayList<>();

    FakeConnection(SshConnector.Target target) {
        this.target = target;
    }

    @Override
    public Result run(String command, String stdin, Duration timeout) {
        commands.add(command);
        return super.run(command, stdin, timeout);
    }
}
