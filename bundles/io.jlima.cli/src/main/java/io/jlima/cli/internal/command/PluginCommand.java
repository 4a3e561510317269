// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.Plugins;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program of the host that is a command of limactl: it gets the words after its name as they are. */
public final class PluginCommand {
    private PluginCommand() {}

    /** @return the program's exit code */
    public static int run(Invocation invocation, Plugins plugins, Path program) throws InterruptedException {
        List<String> words = new ArrayList<>();
        words.add(program.toString());
        words.addAll(invocation.arguments());
        return HostTool.run(invocation, words, Map.of("PATH", plugins.path()), true, invocation.out());
    }
}
