// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.cli.internal.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.osgi.service.component.annotations.Component;

/** {@code limactl completion}: a script that teaches a shell to complete limactl's words. */
@Component(service = Command.class)
public final class CompletionCommand implements Command {
    private static final List<String> SHELLS = List.of("bash", "zsh", "fish");

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("completion", Group.ADVANCED, "Print a completion script for a shell")
                .describe("""
                        bash: source <(limactl completion bash)
                        zsh:  source <(limactl completion zsh)
                        fish: limactl completion fish | source""")
                .takes("bash | zsh | fish", 1, 1, ArgumentKind.OTHER);
    }

    @Override
    public int run(Invocation invocation) throws IOException {
        String shell = invocation.arguments().getFirst();
        if (!SHELLS.contains(shell)) {
            List<String> near = Spelling.near(shell, SHELLS);
            throw new LimaException(
                    "no completion script for `" + shell + "`",
                    near.isEmpty() ? "Use bash, zsh or fish" : "Did you mean " + String.join(" or ", near) + "?");
        }
        try (InputStream script =
                CompletionCommand.class.getResourceAsStream("/io/jlima/cli/internal/completion/limactl." + shell)) {
            if (script == null) {
                throw new IllegalStateException("the bundle has lost its script for " + shell);
            }
            script.transferTo(invocation.out());
        }
        return 0;
    }
}
