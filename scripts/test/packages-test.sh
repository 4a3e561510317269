#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is found missing, and how it is installed: apt-get, sudo and id are stand-ins that record what they were asked.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
# shellcheck source=scripts/test/check.sh
. "$here/scripts/test/check.sh"
# shellcheck source=scripts/say.sh
. "$here/scripts/say.sh"
# shellcheck source=scripts/packages.sh
. "$here/scripts/packages.sh"

unset DEBIAN_FRONTEND
# with_bin COMMAND...: with the stand-ins first on PATH.
with_bin() (
    PATH=$work/bin:$PATH
    "$@"
)
missing() { missing_packages "$work/table" "$@" | tr '\n' ' '; }

cat >"$work/table" <<END
# a comment
run  any           sh                   there-by-path
run  any           no-such-command-9    absent-by-path    # and a comment
run  any           no-such-command-8    absent-by-path

run  any           $work/table          there-by-file
run  any           $work/nothing        absent-by-file
run  $(uname -m)   no-such-command-9    absent-on-this-machine
run  pdp11         no-such-command-9    absent-elsewhere
test any           no-such-command-9    absent-for-tests
END
same "what is missing" "absent-by-file absent-by-path absent-on-this-machine " "$(missing run)"
same "what is missing for two purposes" "absent-by-file absent-by-path absent-for-tests absent-on-this-machine " "$(missing run test)"
same "for no known purpose" "" "$(missing ru)"
program "$work/bin/no-such-command-9" </dev/null
same "a command anywhere on PATH counts" "absent-by-file absent-by-path " "$(with_bin missing run test)"
printf 'run any mke2fs e2fsprogs\n' >"$work/table"
same "the sbin folders count without being on PATH" "" "$(PATH=/usr/bin:/bin; missing run)"

# Every line of the real table is whole and names a package once per probe.
while read -r purpose where probe package rest; do
    case $purpose in '#'* | '') continue ;; esac
    has "a known purpose: $purpose" " $purpose " " run jdk test "
    has "a known machine: $where" " $where " " any x86_64 aarch64 "
    same "four words: $probe" "yes" "${package:+yes}$rest"
done <"$here/scripts/packages.data"

# Installing.
log=$work/asked
program "$work/bin/apt-get" <<END
echo "\${DEBIAN_FRONTEND:-} apt-get \$*" >>"$log"
case " \$* " in
*' update '*) [ ! -e "$work/no-update" ] || { echo "no mirror today"; exit 100; } ;;
*) [ ! -e "$work/no-install" ] || { echo "E: unable to locate"; exit 100; } ;;
esac
END
program "$work/bin/sudo" <<END
echo sudo >>"$log"
exec "\$@"
END
program "$work/bin/id" <<END
cat "$work/uid"
END
install_as() {
    : >"$log"
    printf '%s\n' "$1" >"$work/uid"
    shift
    run with_bin install_packages "$@"
}

install_as 0
same "nothing to install: nothing asked" "0" "$status$output$(cat "$log")"

install_as 0 alpha beta
same "root: status" 0 "$status"
same "root: one update, then one install, without recommended packages and without questions" \
    " apt-get -q update
noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends alpha beta" "$(cat "$log")"
has "says what it installs" "alpha beta" "$output"

install_as 1000 alpha
same "a user: sudo for both" 2 "$(grep -c sudo "$log")"
has "a user is told" "sudo" "$output"

: >"$work/no-update"
install_as 0 alpha
same "an update that fails stops nothing" 0 "$status"
has "and is said" "no mirror today" "$output"

: >"$work/no-install"
install_as 0 alpha
same "an install that fails: status" 1 "$status"
has "its own words" "E: unable to locate" "$output"
has "what to do" "apt-get install --no-install-recommends alpha" "$output"

# A PATH with all but the program in question.
mkdir "$work/few"
for tool in id date mktemp rm cat tail sed; do ln -s "$(command -v "$tool")" "$work/few/$tool"; done
ln -sf "$work/bin/id" "$work/few/id"
run env PATH="$work/few" /bin/sh -c ". '$here/scripts/say.sh'; . '$here/scripts/packages.sh'; install_packages alpha"
same "no apt-get: status" 1 "$status"
has "no apt-get: said" "no apt-get here: alpha" "$output"
ln -s "$work/bin/apt-get" "$work/few/apt-get"
echo 1000 >"$work/uid"
run env PATH="$work/few" /bin/sh -c ". '$here/scripts/say.sh'; . '$here/scripts/packages.sh'; install_packages alpha"
same "no sudo: status" 1 "$status"
has "no sudo: said" "no sudo here: alpha" "$output"
has "no sudo: what to do" "as root: apt-get install --no-install-recommends alpha" "$output"
