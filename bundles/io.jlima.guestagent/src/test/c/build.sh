#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the agent for this machine with the compiler's sanitizers, and its fuzzer; and what stands for sshfs, with each
# libc that is here, with glibc's checks, and for aarch64.
#   build.sh FOLDER    to FOLDER/lima-guestagent, FOLDER/fuzz and FOLDER/sshfs-LIBC
# With clang, libFuzzer takes the place of our simple driver:
#   clang -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -Dmain=agent_main -I src/main/c
#       -o fuzz src/test/c/fuzz.c src/main/c/*.c
set -eu

folder=$1
here=$(dirname -- "$0")
source=$here/../../main/c
# shellcheck source=bundles/io.jlima.guestagent/src/main/c/flags.sh
. "$source/flags.sh"
mkdir -p "$folder"

# compile PROGRAM WORD...: unless it is there already.
compile() {
    program=$folder/$1
    shift
    ! fresh "$program" "$source" "$here" || return 0
    # shellcheck disable=SC2086 # a list of words
    "${CC:-cc}" $flags -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
        -o "$program.new" "$@"
    mv "$program.new" "$program"
}

if ! command -v "${CC:-cc}" >/dev/null || [ "$(uname -s)" != Linux ]; then
    echo "No C compiler for Linux here: the agent is not tested." >&2
    exit 0
fi
compile lima-guestagent "$source"/*.c
# The agent's main() has no place beside the fuzzer's.
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
    -Dmain=agent_main -c -o "$folder/main.o" "$source/main.c"
set --
for file in "$source"/*.c; do
    [ "$file" = "$source/main.c" ] || set -- "$@" "$file"
done
compile fuzz -DDRIVER -I "$source" "$here/fuzz.c" "$@" "$folder/main.o"

for libc in glibc fortified musl aarch64; do
    compiler=${CC:-cc}
    more=-O1
    case $libc in
        fortified) more="-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Wno-cpp" ;;
        musl)
            compiler=musl-gcc
            more="-idirafter /usr/include -idirafter /usr/include/$(uname -m)-linux-gnu"
            ;;
        aarch64) compiler=aarch64-linux-gnu-gcc ;;
    esac
    program=$folder/sshfs-$libc
    if command -v "$compiler" >/dev/null && ! fresh "$program" "$here/preload"; then
        # shellcheck disable=SC2086 # a list of words
        "$compiler" $flags $more -o "$program" "$here/preload/sshfs.c"
    fi
done
