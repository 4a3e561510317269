# SPDX-License-Identifier: Apache-2.0
# fish completion for limactl: limactl completion fish | source

function __limactl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] __complete $words[2..-1] $current 2>/dev/null)
    set -l candidates (string match -rv '^:' -- $answer)
    if test (count $candidates) -gt 0
        printf '%s\n' $candidates
    else if contains -- ':0' $answer
        __fish_complete_path $current
    end
end

complete -c limactl -f -a '(__limactl_complete)'
