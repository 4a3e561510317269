#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the native client so that it ends at any use of memory or arithmetic that C does not define.
#   build.sh FOLDER    to FOLDER/test/limactl-sanitized; where there is no compiler there is none to test
set -eu

folder=$1
main=$(dirname -- "$0")/../../main/c
# shellcheck source=bundles/io.jlima.client/src/main/c/flags.sh
. "$main/flags.sh"
program=$folder/test/limactl-sanitized

if [ "$(uname -s)" != Linux ] || ! command -v "${CC:-cc}" >/dev/null || fresh "$program" "$main"; then
    exit 0
fi
mkdir -p "$folder/test"
# shellcheck disable=SC2086 # a list of words
"${CC:-cc}" $flags -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
    -o "$program" "$main"/*.c
