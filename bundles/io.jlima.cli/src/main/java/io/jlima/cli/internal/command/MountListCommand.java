// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.guest.GuestWords;
import io.jlima.api.instance.Instances;
import io.jlima.api.instance.Mounts;
import io.jlima.api.mount.MountAttachment.State;
import io.jlima.cli.internal.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl mount list}. */
@Component(service = Command.class)
public final class MountListCommand implements Command {
    private final Instances instances;
    private final Mounts mounts;

    @Activate
    public MountListCommand(@Reference Instances instances, @Reference Mounts mounts) {
        this.instances = instances;
        this.mounts = mounts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("mount list", Group.ADVANCED, "List what an instance shows its guest, and how")
                .alias("ls")
                .takes("INSTANCE", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("json", null, null, "one JSON object a line"));
    }

    @Override
    public int run(Invocation invocation) {
        String instance = invocation.arguments().getFirst();
        GuestTarget.sound(instances, instance);
        StringBuilder text = new StringBuilder();
        for (State state : mounts.list(instance)) {
            text.append(
                            invocation.has("json")
                                    ? json(state, mounts.mountType(instance))
                                    : GuestWords.plain(line(state)))
                    .append('\n');
        }
        invocation.out().print(text);
        return 0;
    }

    private static String line(State state) {
        String how = state.server().isEmpty() ? state.transport() : state.transport() + ", " + state.server();
        return state.mount().location() + " on " + state.mount().mountPoint() + " ("
                + (state.mount().writable() ? "rw" : "ro") + ", " + how + ")"
                + (state.trouble() == null ? "" : ": " + state.trouble());
    }

    private static String json(State state, String mountType) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("location", state.mount().location());
        object.put("mountPoint", state.mount().mountPoint());
        object.put("writable", state.mount().writable());
        object.put("mountType", mountType);
        object.put("transport", state.transport());
        object.put("server", state.server());
        object.put("errors", state.trouble() == null ? List.of() : List.of(state.trouble()));
        return Json.compact(object);
    }
}
