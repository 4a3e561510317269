#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts the daemon of the LIMA_HOME named by the first argument, and ends when the daemon serves or has given up. The
# client has said by _JLIMA_PREFIX and _JLIMA_VERSION what is to be started, and perhaps by _JLIMA_JAVA with which Java.

home=$1
prefix=$_JLIMA_PREFIX

fail() {
    echo "limactl: $1" >&2
    exit 1
}

words=$(mkdir -p -- "$home/_daemon" 2>&1) || fail "LIMA_HOME $home cannot be used: $words"
home=$(CDPATH='' cd -- "$home" && pwd -P) || exit 1
words=$(chmod 700 -- "$home/_daemon" 2>&1) || fail "LIMA_HOME $home cannot be used: $words"
words=$( (: >>"$home/_daemon/log") 2>&1) || fail "LIMA_HOME $home cannot be written to: ${words##*log: }"

# One old log is kept; a daemon writes little, but it may live for years.
if [ "$(wc -c <"$home/_daemon/log")" -gt 4194304 ]; then
    mv -f -- "$home/_daemon/log" "$home/_daemon/log.1"
fi

if [ -z "$_JLIMA_JAVA" ]; then
    # shellcheck source=distribution/src/lib/java.sh
    . "$prefix/lib/java.sh" || exit 1
    _JLIMA_JAVA=$java
fi
# shellcheck source=distribution/src/lib/aot.sh
. "$prefix/lib/aot.sh" || exit 1
export _JLIMA_JAVA _JLIMA_AOT

user=$(id -un)
scope=
if [ -e "/var/lib/systemd/linger/$user" ] && [ -S "$XDG_RUNTIME_DIR/systemd/private" ] \
    && command -v systemd-run >/dev/null 2>&1; then
    # A scope of the user manager outlives this login, and so does everything that the daemon starts.
    scope="systemd-run --user --scope --quiet --collect"
elif grep -qsi '^[[:space:]]*KillUserProcesses[[:space:]]*=[[:space:]]*\(yes\|true\|on\|1\)' /etc/systemd/logind.conf; then
    echo "limactl: this host ends all processes at logout, virtual machines too; prevent it with: loginctl enable-linger" >&2
fi
if command -v setsid >/dev/null 2>&1; then
    session=setsid
else
    session="perl -MPOSIX -e POSIX::setsid();exec(@ARGV)"
fi

aot=-Xshare:auto
[ -f "$_JLIMA_AOT/daemon.aot" ] && aot=-XX:AOTCache=$_JLIMA_AOT/daemon.aot

# Only what belongs to the user as such: everything else is the affair of each caller of its own.
run() {
    exec env -i HOME="$HOME" USER="$user" LOGNAME="$user" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
        ${XDG_RUNTIME_DIR:+XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR"} \
        "$@" "$_JLIMA_JAVA/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData \
        -Xms8m -Xmn4m -Xmx256m -XX:+ExitOnOutOfMemoryError -Xlog:disable "$aot" \
        --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
        ${JLIMA_IDLE:+-Djlima.idle="$JLIMA_IDLE"} ${JLIMA_LOG:+-Djlima.log="$JLIMA_LOG"} \
        ${JLIMA_PORT_TRANSPORT:+-Djlima.port.transport="$JLIMA_PORT_TRANSPORT"} \
        ${JLIMA_RESOLV_CONF:+-Djlima.resolv.conf="$JLIMA_RESOLV_CONF"} \
        -cp "$prefix/lib/launcher/io.jlima.launcher.jar:$prefix/lib/launcher/org.apache.felix.framework.jar:$prefix/lib/launcher/slf4j-api.jar" \
        io.jlima.launcher.Launcher "$home" "$prefix" "$_JLIMA_VERSION"
}
umask 022
cd / || exit 1
# The daemon closes its standard output when it serves: the end of the pipe is the news that cat waits for.
# shellcheck disable=SC2086 # both are lists of words
{
    run $scope $session </dev/null 2>>"$home/_daemon/log" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
} | cat

if ! [ -f "$_JLIMA_AOT/daemon.aot" ] && [ -z "$_JLIMA_TRAINING" ]; then
    # shellcheck disable=SC2086
    $session nice -n 19 /bin/sh "$prefix/lib/train.sh" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
fi
exit 0
