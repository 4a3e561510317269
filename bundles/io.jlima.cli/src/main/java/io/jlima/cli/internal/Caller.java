// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.command.Invocation.Streams;
import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;

/** Whoever gives a command: a client of the socket, or somebody at the Gogo console. */
interface Caller {
    /** The command's name and everything after it. */
    List<String> words();

    HostEnvironment environment();

    Streams streams();

    InputStream in();

    PrintStream out();

    PrintStream err();

    AutoCloseable rawTerminal();

    void onResize(Consumer<Terminal> listener);

    void onSignal(Consumer<String> listener);

    /** From now on a signal cancels the command in an orderly way instead of just ending the client. */
    void catchSignals();

    /** Whether the command was told to give up. */
    boolean interrupted();
}
