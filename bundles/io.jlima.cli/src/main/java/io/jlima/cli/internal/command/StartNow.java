// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import java.time.Duration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What several commands end with: the start of the instance they have dealt with, if that is wanted. */
@Component(service = StartNow.class)
public final class StartNow {
    public static final Option START =
            new Option("start", null, null, "start the instance afterwards, without a question");

    /** As long as {@code limactl start} waits. */
    static final Duration LIMIT = Duration.ofMinutes(10);

    private final Instances instances;
    private final ReadyMessage ready;

    @Activate
    public StartNow(@Reference Instances instances, @Reference ReadyMessage ready) {
        this.instances = instances;
        this.ready = ready;
    }

    /** Starts the instance when the option asks for it, or somebody at the terminal says so. */
    public void offer(Invocation invocation, String name) throws InterruptedException {
        if (wanted(invocation, "Do you want to start the instance `" + name + "` now?")) {
            start(invocation, name);
            ready.tell(invocation, name);
        }
    }

    /** Whether the option is given, or somebody at the terminal answers the question with yes. */
    static boolean wanted(Invocation invocation, String question) {
        if (invocation.value("start").isPresent()) {
            return invocation.has("start");
        }
        return Questions.possible(invocation) && Questions.confirm(invocation, question);
    }

    void start(Invocation invocation, String name) throws InterruptedException {
        instances.start(name, LIMIT, invocation.caller(), invocation.log());
    }
}
