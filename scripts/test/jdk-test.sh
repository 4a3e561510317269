#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which JDKs will do, where they are looked for, and the fetching of one: from a mirror on localhost.
# Needs a JDK to run that mirror: $JAVA_HOME, or the one that is found.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
# shellcheck source=scripts/test/check.sh
. "$here/scripts/test/check.sh"
# shellcheck source=scripts/say.sh
. "$here/scripts/say.sh"
# shellcheck source=scripts/jdk.sh
. "$here/scripts/jdk.sh"

real=$(find_jdk "$here")
unset JLIMA_JAVA_HOME JLIMA_JDK_DATA JAVA_HOME http_proxy HTTP_PROXY all_proxy ALL_PROXY
HOME=$work/home
export HOME
checkout="$work/check out"
mkdir -p "$checkout"

# The release file decides.
while read -r version expected; do
    jdk_at "$work/jdk" "$version"
    run is_jdk "$work/jdk"
    same "JAVA_VERSION $version will do ($expected)" "$expected" "$status"
done <<END
25 0
25.0.3 0
25.0.4.1 0
25-ea 0
26-internal 0
101 0
24.0.2 1
17.0.15 1
1.8.0_402 1
2 1
x 1
END
jdk_at "$work/jdk" 25
rm "$work/jdk/release"
run is_jdk "$work/jdk"
same "without a release file it will not do" 1 "$status"
jdk_at "$work/jdk" 25
rm "$work/jdk/bin/javac"
run is_jdk "$work/jdk"
same "a JRE will not do" 1 "$status"
run is_jdk ""
same "no folder will not do" 1 "$status"

# Places, from the last in order to the first: each newcomer is preferred.
system_jdks() { printf '%s\n' "$work"/system/*; }
# shellcheck disable=SC2123 # that few programs, and no java
without_java() (
    PATH=$work/tools
    "$@"
)
mkdir "$work/tools"
for tool in sed head; do ln -s "$(command -v "$tool")" "$work/tools/$tool"; done
found() {
    run without_java find_jdk "$checkout"
    same "$1" "$2" "$output"
}

found "nothing anywhere" ""
same "nothing anywhere: status" 1 "$status"
jdk_at "$work/system/jdk-17" 17.0.1
found "only an old one" ""
jdk_at "$work/system/jdk-25" 25.0.1
found "the system's" "$work/system/jdk-25"
jdk_at "$HOME/.jdks/temurin-26" 26
found "the .jdks of the home folder" "$HOME/.jdks/temurin-26"
jdk_at "$HOME/.sdkman/candidates/java/25-tem" 25
found "sdkman" "$HOME/.sdkman/candidates/java/25-tem"
jdk_at "$checkout/.jdk/any" 25
found "the checkout's" "$checkout/.jdk/any"
jdk_at "$work/on path/jdk" 25
ln -s "$work/on path/jdk/bin/java" "$work/tools/java"
ln -s "$(command -v readlink)" "$work/tools/readlink"
found "the one that java on PATH links to" "$work/on path/jdk"
jdk_at "$work/home-17" 17
JAVA_HOME=$work/home-17
found "JAVA_HOME that is too old is passed over" "$work/on path/jdk"
jdk_at "$work/home-25" 25
JAVA_HOME=$work/home-25
found "JAVA_HOME" "$work/home-25"
unset JAVA_HOME
rm -r "$checkout/.jdk"

# The mirror.
mkdir "$work/mirror" "$work/archive"
jdk_at "$work/archive/jdk-25.0.9+1" 25.0.9
# Something that does not shrink, so that half of the archive is no archive.
head -c 300000 /dev/urandom >"$work/archive/jdk-25.0.9+1/modules"
tar -czf "$work/mirror/jdk.tar.gz" -C "$work/archive" jdk-25.0.9+1
jdk_at "$work/archive/jdk-24" 24
tar -czf "$work/mirror/old.tar.gz" -C "$work/archive" jdk-24
head -c 150000 "$work/mirror/jdk.tar.gz" >"$work/mirror/half.tar.gz"
mkfifo "$work/port"
"$real/bin/java" "$here/scripts/test/Mirror.java" "$work/mirror" >"$work/port" &
cleanup=$!
read -r port <"$work/port"

sum_of() {
    sum=$(sha256sum <"$work/mirror/$1")
    printf '%s\n' "${sum%% *}"
}
# fetch SHA-256 URL
fetch() {
    printf '# a comment\nother 25.0.8 none none\n%s   25.0.9+1  %s  %s\n' "$(uname -m)" "$1" "$2" >"$work/jdk.data"
    JLIMA_JDK_DATA=$work/jdk.data
    export JLIMA_JDK_DATA
    run fetch_jdk "$checkout"
}
# refused WHAT WORDS: it ended with a message that has these words and the way out, and left nothing behind.
refused() {
    same "$1: status" 1 "$status"
    has "$1: what" "$2" "$output"
    has "$1: what to do" "https://adoptium.net/" "$output"
    same "$1: nothing is left behind" "" "$(ls -A "$checkout/.jdk")"
}
good=$(sum_of jdk.tar.gz)
site=http://127.0.0.1:$port

fetch "$(printf '%064d' 0)" "$site/jdk.tar.gz"
refused "another sum" "its SHA-256 is $good, not 0000"
fetch "$good" "$site/half.tar.gz"
refused "a file that is truncated on the mirror" "is not the pinned JDK"
fetch "$good" "$site/cut/jdk.tar.gz"
has "a connection that breaks off: curl's words" "curl: (18)" "$output"
refused "a connection that breaks off" "could not be fetched from $site/cut/"
fetch "$good" "$site/nothing.tar.gz"
has "404: curl's words" "curl: (22)" "$output"
refused "404" "could not be fetched from $site/nothing"
# Port 1 of localhost: nobody listens there.
fetch "$good" "http://127.0.0.1:1/jdk.tar.gz"
has "unreachable: curl's words" "curl: (7)" "$output"
refused "unreachable" "could not be fetched from http://127.0.0.1:1/"
fetch "$(sum_of old.tar.gz)" "$site/old.tar.gz"
refused "an archive of something else" "holds no JDK 25"
printf 'pdp11 25 none none\n' >"$work/jdk.data"
run fetch_jdk "$checkout"
refused "a machine that is not in the table" "has no JDK for this machine"

fetch "$good" "$site/moved/jdk.tar.gz"
same "the right archive, after a redirect: status" "0" "$status"
same "and only it is there" "temurin-25.0.9+1" "$(ls -A "$checkout/.jdk")"
rm "$work/tools/java"
found "it is found" "$checkout/.jdk/temurin-25.0.9+1"
rm "$checkout/.jdk/temurin-25.0.9+1/release"
fetch "$good" "$site/jdk.tar.gz"
same "over a damaged one: status" 0 "$status"
found "it is found again" "$checkout/.jdk/temurin-25.0.9+1"

# The real table: a row per machine, whole.
while read -r machine version sum url rest; do
    case $machine in '#'* | '') continue ;; esac
    same "$machine: the sum is a SHA-256" "64" "$(printf '%s' "$sum" | tr -cd 0-9a-f | wc -c | tr -d ' ')"
    has "$machine: the address is of that version" "/jdk-$(printf '%s' "$version" | sed 's/+/%2B/')/" "$url"
    same "$machine: four words" "" "$rest"
done <"$here/scripts/jdk.data"
same "both kinds of machine" "aarch64 x86_64 " "$(sed -n 's/^\([a-z0-9_]*\) .*/\1/p' "$here/scripts/jdk.data" | sort | tr '\n' ' ')"
