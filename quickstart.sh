#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a bare Debian to a shell in a Linux guest. Safe to run again: what is done already is not done twice.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=scripts/say.sh
. "$here/scripts/say.sh"
# shellcheck source=scripts/setup.sh
. "$here/scripts/setup.sh"

set_up run
build "$here" "$jdk"
bin=$(distribution "$here")/bin

if [ "$(id -u)" != 0 ]; then
    me=$(id -un 2>/dev/null || id -u)
    grep -qs "^$me:" /etc/subuid ||
        say "note: $me has no line in /etc/subuid, without which no guest image can be built here (man 5 subuid)"
    [ ! -e /dev/kvm ] || [ -w /dev/kvm ] ||
        say "note: guests are faster once you may use /dev/kvm: sudo adduser $me kvm, and log in again"
fi

say "starting the instance 'default' (the first time its image is fetched or built)"
"$bin/limactl" start --tty=false </dev/null || die "the instance did not start (why is said above)" \
    "Mend that and run this again, or begin anew: $bin/limactl delete -f default"
uname=$("$bin/lima" uname -a </dev/null) || die "the guest is up, but gave no shell" \
    "Look at its console: ${LIMA_HOME:-${HOME:-}/.lima}/default/serial.log"
say "the guest says:"
printf '%s\n\nWhat to type next:\n' "$uname"
printf '  export PATH="%s:%sPATH"\n' "$bin" '$'
case $jdk in
    /usr/lib/jvm/*) ;;
    *) printf '  export JLIMA_JAVA_HOME="%s"\n' "$jdk" ;;
esac
cat <<'END'
  lima                a shell in the guest (lima uname -a runs one command)
  limactl list        the instances and their state
  limactl stop        shuts the guest down; limactl start brings it back
END
