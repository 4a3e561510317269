#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the AOT caches of client and daemon for this build: a short life of both in a LIMA_HOME of their own, which the
# JVMs write down. Costs some seconds of processor time once; a cache that is lost is made again.

parent=${_JLIMA_AOT%/*}
mkdir -p -- "$parent" || exit 1
work=$(mktemp -d "$parent/.training.XXXXXX") || exit 1
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' INT TERM HUP

# One at a time: a directory is the lock, and one that was left by a crash is taken over after an hour.
lock=$_JLIMA_AOT.lock
find "$lock" -maxdepth 0 -mmin +60 -exec rmdir {} + 2>/dev/null
mkdir -- "$lock" 2>/dev/null || exit 0
trap 'rm -rf -- "$work"; rmdir -- "$lock"' EXIT

home=$work/h
mkdir -p "$home/_daemon" "$work/aot"
chmod 700 "$home/_daemon"
flags="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xlog:disable"
launcher=$_JLIMA_PREFIX/lib/launcher

# The class path must be spelled as in daemon.sh, else the JVM does not take the cache.
mkfifo "$work/ready"
# shellcheck disable=SC2086 # a list of words
"$_JLIMA_JAVA/bin/java" $flags -Xms8m -Xmn4m -Xmx256m -XX:AOTCacheOutput="$work/aot/daemon.aot" -Djlima.training=true \
    --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
    -cp "$launcher/io.jlima.launcher.jar:$launcher/org.apache.felix.framework.jar:$launcher/slf4j-api.jar" \
    io.jlima.launcher.Launcher "$home" "$_JLIMA_PREFIX" "$_JLIMA_VERSION" >"$work/ready" 2>"$work/log" &
daemon=$!
# The daemon closes its output when it serves.
cat "$work/ready" >/dev/null

client() {
    # shellcheck disable=SC2086
    _JLIMA_HOME=$home _JLIMA_TRAINING=1 _JLIMA_UMASK=$(umask) _JLIMA_TERMINALS=000 _JLIMA_SIZE='' \
        "$_JLIMA_JAVA/bin/java" $flags -Xmx16m "$@"
}
client -XX:AOTCacheOutput="$work/aot/client.aot" -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client \
    validate template:default
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client list
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client info
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client daemon status
client -cp "$_JLIMA_PREFIX/lib/client.jar" io.jlima.client.Client daemon stop ||
    # What cannot be spoken to must not live on without anybody who knows of it.
    kill "$daemon"
wait "$daemon"

if [ -s "$work/aot/daemon.aot" ] && [ -s "$work/aot/client.aot" ]; then
    # Builds come and go, several may be in use; what nobody has made for a month is not worth its 40 MB.
    find "$parent" -mindepth 1 -maxdepth 1 -type d -mtime +30 ! -path "$_JLIMA_AOT" -exec rm -rf -- {} +
    mv -- "$work/aot" "$_JLIMA_AOT"
fi
