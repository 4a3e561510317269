// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Component;

/** {@code limactl completion}: a script that teaches a shell to complete limactl's words. */
@Component(service = Command.class)
public final class CompletionCommand implements Command {
    private static final String BASH = """
            # bash completion for limactl
            _limactl() {
                local IFS=$'\\n' answer word=${COMP_WORDS[COMP_CWORD]} line hints=
                answer=$(limactl __complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$word" 2>/dev/null)
                COMPREPLY=()
                for line in $answer; do
                    case $line in
                        :*) hints=${line#:} ;;
                        *) COMPREPLY+=("${line%%$'\\t'*}") ;;
                    esac
                done
                # A word with a colon is several words to readline, which completes the last of them only.
                if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
                    local i prefix=${word%"${word##*:}"}
                    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}; done
                fi
                if [[ $hints == 0 && ${#COMPREPLY[@]} -eq 0 ]]; then
                    compopt -o default
                fi
            }
            complete -F _limactl limactl
            """;

    private static final String ZSH = """
            #compdef limactl
            _limactl() {
                local -a candidates
                local line hints=
                for line in "${(@f)$(limactl __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
                    case $line in
                        :*) hints=${line#:} ;;
                        *) candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}") ;;
                    esac
                done
                _describe 'limactl' candidates
                [[ $hints == 0 ]] && _files
            }
            if [[ $funcstack[1] == _limactl ]]; then _limactl "$@"; else compdef _limactl limactl; fi
            """;

    private static final String FISH = """
            # fish completion for limactl
            function __limactl_complete
                set -l words (commandline -opc) (commandline -ct)
                limactl __complete $words[2..-1] 2>/dev/null | string match -rv '^:'
            end
            complete -c limactl -f -a '(__limactl_complete)'
            """;

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
    public int run(Invocation invocation) {
        invocation
                .out()
                .print(
                        switch (invocation.arguments().getFirst()) {
                            case "bash" -> BASH;
                            case "zsh" -> ZSH;
                            case "fish" -> FISH;
                            default ->
                                throw new LimaException(
                                        "no completion script for `"
                                                + invocation.arguments().getFirst() + "`",
                                        "Use bash, zsh or fish");
                        });
        return 0;
    }
}
