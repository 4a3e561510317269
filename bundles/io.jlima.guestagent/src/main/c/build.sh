#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles what runs in guests, for each architecture that there is a compiler for.
#   build.sh FOLDER    to FOLDER/lima-guestagent-ARCH, FOLDER/lima-sshfs-enospc-ARCH.so
set -eu

folder=$1
here=$(dirname -- "$0")
# shellcheck source=bundles/io.jlima.guestagent/src/main/c/flags.sh
. "$here/flags.sh"
mkdir -p "$folder"

# make PROGRAM WORD...: unless it is there already.
make() {
    program=$folder/$1
    shift
    ! fresh "$program" "$here" || return 0
    "$@" -o "$program.new"
    mv "$program.new" "$program"
}

# compile ARCH COMPILER FLAG...: a program that needs nothing but the kernel, and what takes the libc that it finds.
compile() {
    arch=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    set -- "$@" $flags -Os -s -Wl,--build-id=none
    make "lima-guestagent-$arch" "$@" -static -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
        -fstack-protector-strong -Wl,--gc-sections "$here"/*.c
    # It is loaded at the start, and threads are cancelled within it.
    make "lima-sshfs-enospc-$arch.so" "$@" -shared -fPIC -nostdlib -ffreestanding -fno-stack-protector -U_FORTIFY_SOURCE \
        -ftls-model=initial-exec -fasynchronous-unwind-tables "$here"/preload/sshfs-enospc.c
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
