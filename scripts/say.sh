# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# How the scripts talk. Sourced.

begun=$(date +%s)

# say WORD...: one line of progress, with the seconds since the script began.
say() {
    printf '[%4d s] %s\n' "$(($(date +%s) - begun))" "$*"
}

# die WHAT TO_DO: the end, with what failed and what to do about it.
die() {
    printf '%s: %s\n  %s\n' "${0##*/}" "$1" "$2" >&2
    exit 1
}

# show_end FILE: the last lines of a program's own words, set off from ours.
show_end() {
    tail -n 15 "$1" | sed 's/^/  | /' >&2
}
