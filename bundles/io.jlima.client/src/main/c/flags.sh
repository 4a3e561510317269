# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# How the native client is compiled, whatever for. Sourced.

# shellcheck disable=SC2034 # for whoever sources this
flags="-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Werror"

# fresh PROGRAM SOURCE...: whether the program is there and no source is newer.
fresh() (
    program=$1
    shift
    [ -x "$program" ] && [ -z "$(find "$@" -newer "$program")" ]
)
