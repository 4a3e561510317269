# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What is missing of packages.data, and its installation. Sourced after say.sh.

# missing_packages TABLE PURPOSE...: prints the packages to install, one a line.
missing_packages() (
    table=$1
    shift
    purposes=" $* "
    machine=$(uname -m)
    sed 's/#.*//' "$table" | while read -r purpose where probe package; do
        [ -n "$package" ] || continue
        case $purposes in *" $purpose "*) ;; *) continue ;; esac
        case $where in any | "$machine") ;; *) continue ;; esac
        case $probe in
            /*) [ -e "$probe" ] ;;
            # An ordinary user's PATH lacks the folders of mke2fs and sshd.
            *) command -v "$probe" >/dev/null || [ -x "/usr/sbin/$probe" ] || [ -x "/sbin/$probe" ] ;;
        esac || printf '%s\n' "$package"
    done | sort -u
)

# as_root COMMAND...: runs it as root, through sudo unless we are root.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages PACKAGE...: installs them, and nothing that they merely recommend.
install_packages() (
    [ $# -gt 0 ] || exit 0
    by_hand="as root: apt-get install --no-install-recommends $*"
    command -v apt-get >/dev/null || die "missing, and there is no apt-get here: $*" \
        "Install what your system calls these, then run this again."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || die "missing, and there is no sudo here: $*" "Run $by_hand"

    say "installing from Debian (some minutes the first time): $*"
    [ "$(id -u)" = 0 ] || say "sudo does that, and may ask for your password"
    log=$(mktemp) || die "no temporary file can be made" "Free some room in ${TMPDIR:-/tmp}."
    trap 'rm -f "$log"' EXIT
    trap 'exit 130' INT TERM
    # A failed update is not the end: one unreachable source of many, or an index that is still good.
    as_root apt-get -q update </dev/null >"$log" 2>&1 || {
        say "apt-get update failed; going on with the index that is here"
        show_end "$log"
    }
    # The lock timeout lets a new machine's own first upgrade finish.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@" </dev/null >"$log" 2>&1 || {
        show_end "$log"
        die "the packages could not be installed (apt-get's last words are above)" "Mend that, or run $by_hand"
    }
    say "installed"
)
