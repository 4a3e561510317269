// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.DaemonControl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What is said when an instance is ready: three commands that work here, and what its lima.yaml has to say. */
@Component(service = ReadyMessage.class)
public final class ReadyMessage {
    private final Instances instances;
    private final DaemonControl daemon;

    @Activate
    public ReadyMessage(@Reference Instances instances, @Reference DaemonControl daemon) {
        this.instances = instances;
        this.daemon = daemon;
    }

    void tell(Invocation invocation, String name) {
        invocation.log().info("READY. " + shellHint(invocation, name));
        String limactl = program(invocation, "limactl");
        instances.find(name).ifPresent(instance -> {
            invocation
                    .log()
                    .info("`" + limactl + " shell " + name + " uname -a` runs one command, `ssh -F "
                            + instance.directory().resolve("ssh.config") + " lima-" + name + "` logs in with ssh.");
            message(invocation, instance);
        });
    }

    /** The line that tells how to get in. */
    String shellHint(Invocation invocation, String name) {
        String command = name.equals("default")
                ? program(invocation, "lima")
                : program(invocation, "limactl") + " shell " + name;
        return "Run `" + command + "` to open the shell.";
    }

    /** By its bare name where that finds this installation, else with its place. */
    private String program(Invocation invocation, String name) {
        Path own = daemon.prefix().resolve("bin").resolve(name);
        return invocation
                .caller()
                .findProgram(name)
                .filter(found -> same(found, own))
                .map(found -> name)
                .orElse(own.toString());
    }

    private static boolean same(Path a, Path b) {
        try {
            return Files.isSameFile(a, b);
        } catch (IOException e) {
            return false;
        }
    }

    private static void message(Invocation invocation, Instance instance) {
        String message = InstanceMessage.of(instance);
        if (!message.isEmpty()) {
            invocation.log().info("Message from the instance `" + instance.name() + "`:");
            invocation.err().println(message);
            invocation.err().flush();
        }
    }
}
