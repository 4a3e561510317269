#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up a machine and runs every test, those that boot guests too. Safe to run again.
# Whatever runs us in the background may have us ignore interrupts, and so would all that the tests interrupt. A shell
# cannot take that back, env(1) can.
if [ -z "${JLIMA_SIGNALS:-}" ] && env --default-signal=INT true 2>/dev/null; then
    JLIMA_SIGNALS=default exec env --default-signal=INT,QUIT,HUP sh "$0" "$@"
fi

set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=scripts/say.sh
. "$here/scripts/say.sh"
# shellcheck source=scripts/setup.sh
. "$here/scripts/setup.sh"
# shellcheck source=scripts/virtiofsd.sh
. "$here/scripts/virtiofsd.sh"

# Only the program sshd is wanted, not a service: Debian's ssh units and init script start nothing where this file is.
before_install() {
    case " $(printf '%s' "$1" | tr '\n' ' ') " in
        *' openssh-server '*)
            say "no ssh service will be started: /etc/ssh/sshd_not_to_be_run"
            as_root sh -c 'mkdir -p /etc/ssh && : >>/etc/ssh/sshd_not_to_be_run'
            ;;
    esac
}

# The tests fetch a JDK too, from this machine.
set_up run jdk test
# A machine without systemd makes this folder when the service starts; sshd as root refuses to run without it.
[ "$(id -u)" != 0 ] || mkdir -p /run/sshd

# As root, virtiofs is tested with the virtiofsd of this machine, and with the one that is named.
if [ "$(id -u)" = 0 ] && [ -z "${JLIMA_TEST_VIRTIOFSD:-}" ]; then
    if fetch_virtiofsd "$here/target/virtiofsd"; then
        export JLIMA_TEST_VIRTIOFSD="$here/target/virtiofsd/virtiofsd"
    else
        say "no virtiofsd of Debian 13 (mmdebstrap's last words are above): its tests are skipped"
    fi
fi

for test in "$here"/scripts/test/*-test.sh; do
    say "${test##*/}"
    JAVA_HOME=$jdk sh "$test" || die "${test##*/} failed" "Run it alone: JAVA_HOME=$jdk sh $test"
done

say "mvn verify: every module, and tests that boot guests"
maven "$here" "$jdk" verify
