// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.Spans;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl watch}: what happens to instances, as it happens, until it is interrupted. */
@Component(service = Command.class)
public final class WatchCommand implements Command {
    private final Instances instances;

    @Activate
    public WatchCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("watch", Group.ADVANCED, "Watch what happens to instances")
                .describe("Without names, every instance is watched, those that are made later too. Ends by Ctrl-C.")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.INSTANCE)
                .with(
                        new Option("json", null, null, "one JSON object a line"),
                        new Option("history", null, null, "begin with what has happened since the last start"),
                        new Option("verbose", null, null, "steps of starts and stops too"));
    }

    @Override
    public int run(Invocation invocation) throws Exception {
        Set<String> names = Set.copyOf(invocation.arguments());
        names.forEach(name -> GuestTarget.existing(instances, name));
        CountDownLatch end = new CountDownLatch(1);
        invocation.onSignal(signal -> end.countDown());
        try (AutoCloseable watching = instances.watch(null, event -> {
            if (names.isEmpty() || names.contains(event.instance())) {
                tell(invocation, event);
            }
        })) {
            if (invocation.has("history")) {
                instances.list().stream()
                        .filter(i -> names.isEmpty() || names.contains(i.name()))
                        .forEach(i -> history(invocation, i));
            }
            if (invocation.has("verbose")) {
                invocation.log().info("Watching " + (names.isEmpty() ? "all instances" : String.join(", ", names)));
            }
            end.await();
            return watching == null ? 1 : 0;
        }
    }

    /** What the host agent's file has kept of the present or last run. */
    private static void history(Invocation invocation, Instance instance) {
        Path file = instance.directory().resolve("ha.stdout.log");
        try {
            for (String line : Files.readAllLines(file)) {
                if (invocation.has("json")) {
                    print(
                            invocation.out(),
                            "{\"instance\":" + Json.compact(instance.name()) + ",\"event\":" + line + "}");
                } else {
                    print(invocation.out(), instance.name() + " | " + line);
                }
            }
        } catch (NoSuchFileException e) {
            // It was never started.
            return;
        } catch (IOException e) {
            throw new LimaException("cannot read " + file, e);
        }
    }

    private static void tell(Invocation invocation, InstanceEvent event) {
        boolean step = event instanceof InstanceEvent.StepBegun || event instanceof InstanceEvent.StepDone;
        if (step && !invocation.has("verbose")) {
            return;
        }
        print(
                invocation.out(),
                invocation.has("json")
                        ? Json.compact(json(event))
                        : event.time().truncatedTo(java.time.temporal.ChronoUnit.SECONDS) + " " + event.instance()
                                + " | " + text(event));
    }

    private static void print(PrintStream out, String line) {
        synchronized (out) {
            out.println(line);
            out.flush();
        }
    }

    private static String text(InstanceEvent event) {
        return switch (event) {
            case InstanceEvent.StatusChanged changed -> changed.status().word();
            case InstanceEvent.StepBegun begun -> begun.step();
            case InstanceEvent.StepDone done ->
                done.step() + ": done in " + Spans.text(done.duration().toNanos());
            case InstanceEvent.Trouble trouble -> "trouble: " + trouble.message();
        };
    }

    /** As Lima's own host agent writes events; what Lima has no word for stands under other keys. */
    private static Map<String, Object> json(InstanceEvent event) {
        Map<String, Object> status = new LinkedHashMap<>();
        Map<String, Object> inner = new LinkedHashMap<>();
        inner.put("time", event.time().toString());
        inner.put("status", status);
        switch (event) {
            case InstanceEvent.StatusChanged changed -> {
                switch (changed.status()) {
                    case RUNNING -> status.put("running", true);
                    case STOPPED -> status.put("exiting", true);
                    default -> {
                        // Lima has no event for it.
                    }
                }
                inner.put("state", changed.status().word());
            }
            case InstanceEvent.StepBegun begun -> inner.put("step", begun.step());
            case InstanceEvent.StepDone done -> {
                inner.put("step", done.step());
                inner.put("milliseconds", done.duration().toMillis());
            }
            case InstanceEvent.Trouble trouble -> {
                status.put("degraded", true);
                status.put("errors", List.of(trouble.message()));
            }
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("instance", event.instance());
        line.put("event", inner);
        return line;
    }
}
