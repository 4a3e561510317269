#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the AOT caches of client and daemon for this build: a short life of both in a LIMA_HOME of their own, which the
# JVMs write down. Costs some seconds of processor time once; a cache that is lost is made again.

parent=${_JLIMA_AOT%/*}
mkdir -p -- "$parent" || exit 1
# As it is behind all links: a daemon whose LIMA_HOME went away with a link could not be told to end.
parent=$(CDPATH='' cd -- "$parent" && pwd -P) || exit 1
aot=$parent/${_JLIMA_AOT##*/}
# One at a time: a directory is the lock, and one that was left by a crash is taken over after an hour.
lock=$aot.lock
find "$lock" -maxdepth 0 -mmin +60 -exec rmdir {} + 2>/dev/null
mkdir -- "$lock" 2>/dev/null || exit 0
trap 'rmdir -- "$lock"' EXIT
trap 'exit 1' INT TERM HUP
work=$(mktemp -d "$parent/.training.XXXXXX") || exit 1

daemon=
client=
clean_up() {
    for process in $client $daemon; do
        kill -KILL "$process" 2>/dev/null
    done
    kill "$watchdog" 2>/dev/null
    rm -rf -- "$work"
    rmdir -- "$lock"
}
# Nothing here takes minutes, even where all else comes first; what stands still must not hold the lock.
(
    trap 'kill "$nap"; exit 0' TERM
    sleep 1800 &
    nap=$!
    wait "$nap" && kill "$$"
) </dev/null >/dev/null 2>&1 &
watchdog=$!
trap clean_up EXIT
# What was killed could not clean up.
find "$parent" -mindepth 1 -maxdepth 1 -name '.training.*' -mmin +60 -exec rm -rf -- {} +

home=$work/h
mkdir -p "$home/_daemon" "$work/aot"
chmod 700 "$home/_daemon"
flags="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xlog:disable"
launcher=$_JLIMA_PREFIX/lib/launcher

# The class path must be spelled as in daemon.sh, else the JVM does not take the cache.
mkfifo "$work/ready" || exit 1
# shellcheck disable=SC2086 # a list of words
"$_JLIMA_JAVA/bin/java" $flags -Xms8m -Xmn4m -Xmx256m -XX:AOTCacheOutput="$work/aot/daemon.aot" -Djlima.training=true \
    --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
    -cp "$launcher/io.jlima.launcher.jar:$launcher/org.apache.felix.framework.jar:$launcher/slf4j-api.jar" \
    io.jlima.launcher.Launcher "$home" "$_JLIMA_PREFIX" "$_JLIMA_VERSION" >"$work/ready" 2>"$work/log" &
daemon=$!
# The daemon closes its output when it serves. Whatever is waited for runs beside, so that a signal ends the waiting.
cat "$work/ready" >/dev/null &
wait "$!"
# Without it, each client would start one of its own.
[ -S "$home/_daemon/sock" ] || exit 1

client() {
    # shellcheck disable=SC2086
    _JLIMA_HOME=$home _JLIMA_TRAINING=1 _JLIMA_UMASK=$(umask) _JLIMA_TERMINALS=000 _JLIMA_SIZE='' \
        "$_JLIMA_JAVA/bin/java" $flags -Xmx16m "$@" </dev/null &
    client=$!
    wait "$client"
    code=$?
    client=
    return "$code"
}
client -XX:AOTCacheOutput="$work/aot/client.aot" -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client list
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client info
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client daemon status
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client daemon stop ||
    # What cannot be spoken to must not live on without anybody who knows of it.
    kill "$daemon"
wait "$daemon"
daemon=

if [ -s "$work/aot/daemon.aot" ] && [ -s "$work/aot/client.aot" ] && ! [ -e "$aot" ]; then
    # Builds come and go, several may be in use; what nobody has made for a month is not worth its 40 MB.
    find "$parent" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf -- {} +
    mv -- "$work/aot" "$aot"
fi
