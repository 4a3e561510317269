// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import io.jlima.api.ssh.SshConnection;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/** One call of a command: what was asked, by whom, and where the answer goes. */
@ProviderType
public interface Invocation {
    /** The words that are not flags. */
    List<String> arguments();

    /** Whether a switch was given, or was given as true. */
    boolean has(String option);

    /** The last value given for an option; empty when it was not given. */
    Optional<String> value(String option);

    /** All values given for an option, in order. */
    List<String> values(String option);

    /** The shell that the call came from. */
    HostEnvironment caller();

    /** Standard input of the caller. Reading may block for ever. */
    InputStream in();

    /** Standard output of the caller: data only. */
    PrintStream out();

    /** Standard error of the caller, for what a child process prints there; messages go to {@link #log}. */
    PrintStream err();

    /** Messages for the user and progress of long work; they appear on the caller's standard error. */
    Progress log();

    /** Which of the caller's streams are terminals, and how large the terminal is. */
    Streams streams();

    /** Asks the caller's terminal to pass every key as it is, until the handle is closed. */
    AutoCloseable rawTerminal();

    /** Is told each new size of the caller's terminal; columns and rows are set, the type is not. */
    void onResize(Consumer<SshConnection.Terminal> listener);

    /** Is told each signal the caller receives, by name without SIG, instead of the call being cancelled by it. */
    void onSignal(Consumer<String> listener);

    /** Whether prompts are welcome: {@code --tty}, or by default whether standard output is a terminal. */
    boolean interactive();

    /**
     * @param columns width of the terminal, 0 when there is none
     * @param rows height of the terminal, 0 when there is none
     */
    record Streams(boolean inTerminal, boolean outTerminal, boolean errTerminal, int columns, int rows) {}
}
