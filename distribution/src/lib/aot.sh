# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# To be sourced, with $prefix and $_JLIMA_VERSION set. Sets _JLIMA_AOT, the directory of the JVMs' AOT caches: one for each
# build and place, since a JVM takes a cache only of the very jars it was made of. No process is needed for that.

_JLIMA_AOT=${XDG_CACHE_HOME:-$HOME/.cache}/lima/aot/$_JLIMA_VERSION$(
    set -f
    IFS=/
    # shellcheck disable=SC2086 # to be split
    set -- ${prefix:?}
    IFS=%
    printf '%s' "$*"
)
