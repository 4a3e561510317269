// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Component;

/** {@code limactl help yq-restrictions}: a page of the help, and no command that does anything. */
@Component(service = Command.class)
public final class YqRestrictionsCommand implements Command {
    private static final String TEXT = """
        The expressions of --set, --yq, --filter and `template yq` are those of the yq program.

          .cpus = 2 | .memory = "4GiB"               assign; a pipe joins changes
          .mounts[0].writable = true                 one item of a list
          .mounts[].writable = true                  all of them; none is no error
          (.mounts[] | select(.location == "~")).writable = true
          .env.FOO = "x" | del(.env.BAR)             keys come and go
          .mounts += {"location": "/srv"}            append
          .images |= map(select(.arch == "x86_64"))  change by what is there
          with(.ssh; .localPort = 0 | .forwardAgent = true)
          .absent // "default"                       what to take instead of nothing

        Paths, =, |=, +=, *=, //, arithmetic, == (as text, with * and ? as wildcards), and, or, not, if, reduce,
        select, map, filter, del, has, length, keys, unique, unique_by, sort_by, group_by, to_entries,
        with_entries, pick, omit, split, join, sub, test, match, contains, upcase, downcase, trim, tag and "\\(…)"
        in texts work.

        An expression sees the tree and nothing else: env, strenv, $ENV, load, input and system are refused, and so
        is what could run for ever: def, range, repeat, while, until, recurse. Let the shell put values in. Comments
        and styles cannot be edited; they stay as they are.\
        """;

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("yq-restrictions", Group.HIDDEN, "What expressions can do")
                .describe(TEXT);
    }

    @Override
    public int run(Invocation invocation) {
        invocation.out().println(TEXT);
        return 0;
    }
}
