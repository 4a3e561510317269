# SPDX-License-Identifier: Apache-2.0
# bash completion for limactl: source <(limactl completion bash)

_limactl() {
    # readline takes words apart at colons and equals signs; limactl does not. Put them together again.
    local -a words=()
    local i word rest=${COMP_LINE:0:COMP_POINT}
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i > 0)) && [[ $rest == "${rest#[[:blank:]]}" && -n $rest ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
        fi
        rest=${rest#"${rest%%[![:blank:]]*}"}
        rest=${rest#"$word"}
    done
    local current=${words[${#words[@]}-1]} line hints=0
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) hints=${line#:} ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    # Only what follows the last breaking character is replaced.
    local prefix=
    if [[ $current == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then
        prefix=${current%"${current##*[:=]}"}
    fi
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=$(printf '%q' "${COMPREPLY[i]#"$prefix"}")
    done
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[:=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    if ((hints == 0 && ${#COMPREPLY[@]} == 0)); then
        compopt -o default 2>/dev/null
    fi
    return 0
}
complete -F _limactl limactl
