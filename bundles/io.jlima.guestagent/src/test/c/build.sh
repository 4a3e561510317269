#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the agent for this machine with the compiler's sanitizers.
#   build.sh FOLDER    to FOLDER/lima-guestagent
set -eu

folder=$1
here=$(dirname -- "$0")
source=$here/../../main/c
# shellcheck source=bundles/io.jlima.guestagent/src/main/c/flags.sh
. "$source/flags.sh"
mkdir -p "$folder"
program=$folder/lima-guestagent
if ! fresh "$program" "$source" "$here"; then
    # shellcheck disable=SC2086 # a list of words
    "${CC:-cc}" $flags -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
        -o "$program.new" "$source"/*.c
    mv "$program.new" "$program"
fi
