# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the tests of the scripts share. Sourced with $here, the checkout. Each test file runs alone: sh FILE.

: "${here:?}"
held=0
failed=0
work=$(mktemp -d)
cleanup=

# At the end, whatever happened: stop what was started, remove what was made, say the count.
finish() {
    status=$?
    trap - EXIT
    if [ -n "$cleanup" ]; then
        kill "$cleanup" 2>/dev/null || :
        wait "$cleanup" || :
    fi
    rm -rf "$work"
    [ "$failed" = 0 ] || status=1
    [ "$held" != 0 ] || status=1
    printf '  %d checks held, %d did not\n' "$held" "$failed"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# same WHAT EXPECTED ACTUAL
same() {
    if [ "$2" = "$3" ]; then
        held=$((held + 1))
    else
        failed=$((failed + 1))
        printf '  FAILED: %s\n    expected: %s\n    but was:  %s\n' "$1" "$2" "$3"
    fi
}

# has WHAT PART WHOLE
has() {
    case $3 in
        *"$2"*) held=$((held + 1)) ;;
        *)
            failed=$((failed + 1))
            printf '  FAILED: %s\n    expected to contain: %s\n    but was: %s\n' "$1" "$2" "$3"
            ;;
    esac
}

# run COMMAND...: $status is its exit code, $output what it said on both streams.
# shellcheck disable=SC2034 # the tests look at both
run() {
    status=0
    output=$("$@" 2>&1) || status=$?
}

# program FILE: makes a program of the text on standard input.
program() {
    mkdir -p "$(dirname "$1")"
    {
        printf '#!/bin/sh\n'
        cat
    } >"$1"
    chmod +x "$1"
}

# jdk_at FOLDER VERSION: what a JDK looks like from outside.
jdk_at() {
    program "$1/bin/javac" </dev/null
    program "$1/bin/java" </dev/null
    printf 'IMPLEMENTOR="Nobody"\nJAVA_VERSION="%s"\nJAVA_VERSION_DATE="2026-01-01"\n' "$2" >"$1/release"
}
