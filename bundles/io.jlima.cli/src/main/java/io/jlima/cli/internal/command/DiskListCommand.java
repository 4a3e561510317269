// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import io.jlima.api.instance.Disks.DataDisk;
import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.Sizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk list}. */
@Component(service = Command.class)
public final class DiskListCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskListCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk list", Group.ADVANCED, "List disks")
                .alias("ls")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.DISK)
                .with(new Option("json", null, null, "one JSON object a line"));
    }

    @Override
    public int run(Invocation invocation) {
        List<DataDisk> shown = new ArrayList<>();
        if (invocation.arguments().isEmpty()) {
            shown.addAll(disks.list());
            if (shown.isEmpty()) {
                invocation.log().warn("No disk found. Run `limactl disk create NAME --size SIZE` to create a disk.");
            }
        }
        for (String name : invocation.arguments()) {
            disks.find(name)
                    .ifPresentOrElse(shown::add, () -> invocation.log().warn("No disk matching " + name + " found."));
        }
        if (invocation.has("json")) {
            shown.forEach(d -> invocation.out().println(Json.compact(json(d))));
        } else {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("NAME", "SIZE", "FORMAT", "DIR", "IN-USE-BY"));
            for (DataDisk disk : shown) {
                rows.add(List.of(
                        disk.name(),
                        Sizes.text(disk.size()),
                        disk.format(),
                        HomePath.shorten(disk.directory(), invocation.caller()),
                        disk.instance() == null ? "" : disk.instance()));
            }
            invocation.out().print(Table.of(rows));
        }
        return 0;
    }

    private static Map<String, Object> json(DataDisk disk) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", disk.name());
        json.put("size", disk.size());
        json.put("format", disk.format());
        json.put("dir", disk.directory().toString());
        json.put("instance", disk.instance() == null ? "" : disk.instance());
        json.put(
                "instanceDir",
                disk.instance() == null
                        ? ""
                        : disk.directory()
                                .resolve("../..")
                                .resolve(disk.instance())
                                .normalize()
                                .toString());
        json.put("mountPoint", "/mnt/lima-" + disk.name());
        return json;
    }
}
