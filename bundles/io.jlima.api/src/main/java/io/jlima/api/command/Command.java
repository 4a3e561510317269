// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.command;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A command of limactl. Register it as a service and it is {@code limactl NAME} and {@code lima:NAME} in the Gogo shell.
 * Stateless; several callers may run it at once.
 */
@ConsumerType
public interface Command {
    /** Its name, words and options. */
    CommandSpec spec();

    /**
     * Does it. The thread is interrupted when the caller goes away.
     *
     * @return exit code
     * @throws Exception any failure; a {@link io.jlima.api.LimaException} is shown to the user as it is
     */
    int run(Invocation invocation) throws Exception;
}
