#compdef limactl
# SPDX-License-Identifier: Apache-2.0
# zsh completion for limactl: source <(limactl completion zsh)

_limactl() {
    local -a candidates
    local line hints=0
    for line in "${(@f)$(${words[1]} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            :*) hints=${line#:} ;;
            *$'\t'*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            *) candidates+=("${line//:/\\:}") ;;
        esac
    done
    if (( $#candidates )); then
        _describe -V 'limactl' candidates
    elif [[ $hints == 0 ]]; then
        _files
    fi
}

if [[ $funcstack[1] == _limactl ]]; then
    _limactl "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u }
    compdef _limactl limactl
fi
