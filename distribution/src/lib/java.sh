# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sets $java to the home of a Java that is new enough, and remembers it for the LIMA_HOME $home; $prefix is the
# installation. Fails if there is none. Sourced.

: "${home:?}" "${prefix:?}"

# Prints the home of the first Java that is new enough, judged without starting it.
find_java() {
    on_path=$(command -v java) && on_path=$(readlink -f "$on_path" 2>/dev/null) && on_path=${on_path%/bin/java}
    for candidate in "$JLIMA_JAVA_HOME" "$prefix/lib/jre" "$JAVA_HOME" "$on_path" /usr/lib/jvm/* "$HOME"/.jdks/* \
        "$HOME"/.sdkman/candidates/java/* /opt/*jdk* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        if [ -z "$candidate" ] || ! [ -x "$candidate/bin/java" ] || ! [ -r "$candidate/release" ]; then
            continue
        fi
        found=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$candidate/release")
        if [ "${found:-0}" -ge 25 ]; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

java=
[ -n "$JLIMA_JAVA_HOME" ] || { [ -r "$home/_daemon/java" ] && read -r java <"$home/_daemon/java"; }
if [ -z "$java" ] || ! [ -x "$java/bin/java" ]; then
    if java=$(find_java); then
        # Not worth a word when it cannot be.
        [ -d "$home/_daemon" ] && printf '%s\n' "$java" 2>/dev/null >"$home/_daemon/java"
    else
        echo "limactl: no Java 25 or newer was found. Install one (https://adoptium.net) and set JLIMA_JAVA_HOME to it." >&2
    fi
fi
[ -n "$java" ]
