#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the native client for this machine, and for the others that Debian's cross compilers are installed for.
#   build.sh FOLDER LAUNCHER    to FOLDER/lib/limactl-linux-MACHINE; FOLDER/bin/limactl is the one for this machine, or
#                               the launcher, which looks for a client that fits
set -eu

folder=$1
launcher=$2
here=$(dirname -- "$0")
# shellcheck source=bundles/io.jlima.client/src/main/c/flags.sh
. "$here/flags.sh"
mkdir -p "$folder/lib" "$folder/bin"

# compile COMPILER MACHINE: a program that needs nothing but the kernel.
compile() {
    program=$folder/lib/limactl-linux-$2
    ! fresh "$program" "$here" || return 0
    # shellcheck disable=SC2086 # a list of words
    "$1" $flags -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -static -s -o "$program.new" "$here"/*.c
    mv "$program.new" "$program"
}

machine=$(uname -m)
if [ "$(uname -s)" != Linux ]; then
    echo "The native client is for Linux; here limactl is the Java client."
elif command -v "${CC:-cc}" >/dev/null; then
    compile "${CC:-cc}" "$machine"
    for other in x86_64 aarch64; do
        if [ "$other" != "$machine" ] && command -v "$other-linux-gnu-gcc" >/dev/null; then
            compile "$other-linux-gnu-gcc" "$other"
        fi
    done
else
    echo "No C compiler (Debian: gcc, libc6-dev): limactl is the Java client, which takes ten times as long." >&2
fi
own=$folder/lib/limactl-linux-$machine
[ -x "$own" ] || own=$launcher
cp -f "$own" "$folder/bin/limactl"
