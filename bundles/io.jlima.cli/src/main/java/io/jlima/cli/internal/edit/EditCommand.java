// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.command.Creation;
import io.jlima.cli.internal.command.GuestTarget;
import io.jlima.cli.internal.command.StartNow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl edit}: changes the lima.yaml of an instance, or any such file, by flags or in an editor. */
@Component(service = Command.class)
public final class EditCommand implements Command {
    private final Instances instances;
    private final EditFlags flags;
    private final StartNow startNow;

    @Activate
    public EditCommand(@Reference Instances instances, @Reference EditFlags flags, @Reference StartNow startNow) {
        this.instances = instances;
        this.flags = flags;
        this.startNow = startNow;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("edit", Group.BASIC, "Edit the configuration of an instance, or a template file")
                .describe("""
                    Without flags the text is opened in $VISUAL or $EDITOR. With flags only the lines that they mean
                    are changed; comments and order stay. What is refused is kept as lima.REJECTED.yaml. The instance
                    must not run. Without an argument it is "default".\
                    """)
                .takes("[NAME | FILE.yaml]", 0, 1, ArgumentKind.INSTANCE_OR_TEMPLATE)
                .with(EditFlags.with(EditFlags.forEditing(), StartNow.START));
    }

    @Override
    public int run(Invocation invocation) throws Exception {
        String word = invocation.arguments().isEmpty()
                ? "default"
                : invocation.arguments().getFirst();
        Instance instance = Creation.isInstanceName(word) ? stopped(word) : null;
        Path file = instance != null
                ? instance.directory().resolve("lima.yaml")
                : invocation.caller().resolve(word);
        if (instance == null && !Files.isRegularFile(file)) {
            throw new LimaException("there is no file " + file, "name an instance or a YAML file");
        }
        String before = Files.readString(file);
        String after;
        if (EditFlags.given(invocation)) {
            after = flags.apply(invocation, before, file.toString(), instance != null);
        } else if (invocation.interactive()) {
            after = new Editor(invocation).edit(word, before);
        } else {
            invocation.log().info("There are no flags and no terminal for an editor: nothing is changed");
            return 0;
        }
        if (after.isBlank()) {
            invocation.log().info("The text is empty: nothing is changed");
            return 0;
        }
        if (after.equals(before)) {
            invocation.log().info("The text is as it was: nothing is changed");
        } else {
            save(invocation, instance, file, after);
        }
        if (instance != null) {
            startNow.offer(invocation, instance.name());
        }
        return 0;
    }

    private Instance stopped(String name) {
        Instance instance = instances
                .find(name)
                .orElseThrow(() ->
                        new LimaException("instance `" + name + "` not found", "`limactl list` shows all instances"));
        if (instance.status() != Instance.Status.STOPPED && instance.status() != Instance.Status.BROKEN) {
            throw new LimaException("cannot edit a running instance", "Stop it first: limactl stop " + instance.name());
        }
        return GuestTarget.withConfiguration(instances, name);
    }

    private void save(Invocation invocation, @Nullable Instance instance, Path file, String text) {
        try {
            if (instance != null) {
                instances.configure(instance.name(), text, invocation.caller(), invocation.log());
                invocation.log().info("Instance `" + instance.name() + "` configuration edited");
                return;
            }
            instances
                    .check(text, file.toString(), invocation.caller())
                    .warnings()
                    .forEach(invocation.log()::warn);
        } catch (LimaException e) {
            throw new LimaException(e.what(), e.evidence(), rejected(invocation, text, e.remedy()), e);
        }
        TextFiles.overwrite(file, text);
    }

    /** Keeps what somebody has written, and says where. */
    static String rejected(Invocation invocation, String text, @Nullable String remedy) {
        Path kept = invocation.caller().workingDirectory().resolve("lima.REJECTED.yaml");
        String words;
        try {
            Files.writeString(kept, text);
            words = "The text is kept as " + kept;
        } catch (IOException e) {
            words = "The text could not be kept as " + kept + ": " + e;
        }
        return remedy == null ? words : remedy + "\n" + words;
    }
}
