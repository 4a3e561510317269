# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# The part that quickstart.sh and test.sh share. Sourced after say.sh; $here is the checkout.

: "${here:?}"

# shellcheck source=scripts/packages.sh
. "$here/scripts/packages.sh"
# shellcheck source=scripts/jdk.sh
. "$here/scripts/jdk.sh"
# shellcheck source=scripts/build.sh
. "$here/scripts/build.sh"

# set_up PURPOSE...: installs the packages that are missing for these purposes; then $jdk is the JDK to use.
set_up() {
    jdk=$(find_jdk "$here") || jdk=
    [ -n "$jdk" ] || set -- "$@" jdk
    missing=$(missing_packages "$here/scripts/packages.data" "$@")
    if [ -z "$missing" ]; then
        say "nothing is missing of Debian's packages"
    else
        before_install "$missing"
        # shellcheck disable=SC2086 # one word is one package
        install_packages $missing
    fi
    if [ -z "$jdk" ]; then
        fetch_jdk "$here"
        jdk=$(find_jdk "$here")
    fi
    say "JDK: $jdk"
}

# before_install PACKAGES: test.sh has something to see to here.
before_install() { :; }
