#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the agent for guests of each architecture that there is a compiler for.
#   build.sh FOLDER    to FOLDER/lima-guestagent-ARCH
set -eu

folder=$1
here=$(dirname -- "$0")
# shellcheck source=bundles/io.jlima.guestagent/src/main/c/flags.sh
. "$here/flags.sh"
mkdir -p "$folder"

# compile ARCH COMPILER FLAG...: a program that needs nothing but the kernel.
compile() {
    program=$folder/lima-guestagent-$1
    compiler=$2
    shift 2
    ! fresh "$program" "$here" || return 0
    # shellcheck disable=SC2086 # a list of words
    "$compiler" $flags -Os -static -s -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
        -fstack-protector-strong -Wl,--gc-sections,--build-id=none "$@" -o "$program.new" "$here"/*.c
    mv "$program.new" "$program"
}

# musl(7) makes the smallest program; it has none of the kernel's headers, which are found behind its own.
compile_musl() {
    compile "$1" musl-gcc -idirafter /usr/include -idirafter "/usr/include/$1-linux-gnu"
}

machine=$(uname -m)
for arch in x86_64 aarch64 armv7l riscv64 ppc64le s390x; do
    case $arch in
        armv7l) triplet=arm-linux-gnueabihf ;;
        ppc64le) triplet=powerpc64le-linux-gnu ;;
        *) triplet=$arch-linux-gnu ;;
    esac
    if [ "$arch" = "$machine" ] && command -v musl-gcc >/dev/null; then
        compile_musl "$arch"
    elif command -v "$triplet-gcc" >/dev/null; then
        compile "$arch" "$triplet-gcc"
    elif [ "$arch" = "$machine" ] && [ "$(uname -s)" = Linux ] && command -v "${CC:-cc}" >/dev/null; then
        compile "$arch" "${CC:-cc}"
    else
        case $arch in
            x86_64 | aarch64)
                echo "No compiler for $arch (Debian: gcc-$(printf '%s' "$triplet" | tr _ -)): guests of $arch get no agent." >&2
                ;;
        esac
    fi
done
