# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A JDK 25 or newer: found, or fetched into .jdk of the checkout. Sourced after say.sh.

# is_jdk FOLDER: whether a JDK of our release or newer lies there, by its `release` file; no JVM is started.
is_jdk() (
    [ -n "$1" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || exit 1
    release=$(sed -n 's/^JAVA_VERSION="\([0-9]\{1,\}\).*/\1/p' "$1/release" | head -n 1)
    [ "${release:-0}" -ge 25 ]
)

# system_jdks: where a system keeps its JDKs.
system_jdks() {
    printf '%s\n' /usr/lib/jvm/* /opt/* /opt/java/*
}

# jdk_places CHECKOUT: the folders where a JDK may lie, the caller's own choice first.
jdk_places() (
    printf '%s\n' "${JLIMA_JAVA_HOME:-}" "${JAVA_HOME:-}"
    if java=$(command -v java); then
        java=$(readlink -f "$java")
        printf '%s\n' "${java%/bin/java}"
    fi
    printf '%s\n' "$1"/.jdk/* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/*
    system_jdks
)

# find_jdk CHECKOUT: prints the first JDK that will do; fails if there is none.
find_jdk() {
    jdk_places "$1" | {
        while read -r place; do
            if is_jdk "$place"; then
                printf '%s\n' "$place"
                exit 0
            fi
        done
        exit 1
    }
}

# fetch_jdk CHECKOUT: the pinned JDK into .jdk of the checkout, whole or not at all.
fetch_jdk() (
    data=${JLIMA_JDK_DATA:-$1/scripts/jdk.data}
    machine=$(uname -m)
    by_hand="Unpack a JDK 25 or newer (https://adoptium.net/temurin/releases/?version=25) into $1/.jdk/ and run this again."

    row=$(sed 's/#.*//' "$data" | grep "^${machine}[[:space:]]") || die "$data has no JDK for this machine ($machine)" "$by_hand"
    read -r _ version sum url <<ROW
$row
ROW
    mkdir -p "$1/.jdk" || die "no folder can be made in $1" "Make the checkout writable, then run this again."
    new=$(mktemp -d "$1/.jdk/.new.XXXXXX") || die "nothing can be written to $1/.jdk" "Make it writable, then run this again."
    trap 'rm -rf "$new"' EXIT
    trap 'exit 130' INT TERM

    say "no JDK 25 or newer on this machine: fetching Temurin $version into $1/.jdk"
    if [ -t 2 ]; then meter=--progress-bar; else meter=--silent; fi
    curl --fail --location "$meter" --show-error --connect-timeout 10 --speed-limit 1000 --speed-time 30 --retry 2 \
        --output "$new/jdk.tar.gz" "$url" || die "the JDK could not be fetched from $url" "$by_hand"
    got=$(sha256sum <"$new/jdk.tar.gz")
    got=${got%% *}
    [ "$got" = "$sum" ] || die "what came from $url is not the pinned JDK: its SHA-256 is $got, not $sum" \
        "Nothing was unpacked. Try again later, or: $by_hand"

    mkdir "$new/jdk"
    tar -xzf "$new/jdk.tar.gz" -C "$new/jdk" --strip-components=1 --no-same-owner ||
        die "the JDK could not be unpacked in $1/.jdk" "Look for free room there (df -h) and run this again."
    is_jdk "$new/jdk" || die "what came from $url holds no JDK 25 or newer" "$by_hand"
    rm -rf "$1/.jdk/temurin-$version"
    mv "$new/jdk" "$1/.jdk/temurin-$version" || die "the JDK could not be moved into $1/.jdk" "$by_hand"
    say "Temurin $version is in place"
)
