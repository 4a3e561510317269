#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the figures of docs/benchmarks.md on this machine. Whatever is compared is measured in the same run, by turns.
#   bench.sh [DISTRIBUTION [PART...]]    without an argument all parts, of the distribution that the build made
# Parts: clients (a minute), texts (two), and where the guest's processor is emulated: guest (some five minutes), ports
# (thirty) and mounts (some forty; see mounts.sh for how to shorten it).
# Needs what test.sh installs, and a machine that does nothing else meanwhile.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
distribution=${1:-$(find "$here/../../distribution/target" -maxdepth 1 -type d -name 'jlima-*' | head -n 1)}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- clients texts guest ports mounts
distribution=$(readlink -f -- "$distribution")
limactl=$distribution/bin/limactl
[ -x "$limactl" ] || { echo "bench.sh: no limactl in $distribution; build first, or name a distribution" >&2; exit 1; }

work=$(mktemp -d /tmp/jlbench.XXXXXX)
LIMA_HOME=$work/h
export LIMA_HOME
mkdir "$LIMA_HOME"
cleanup() {
    LIMA_HOME=$work/h
    "$limactl" delete -f bench c mounts >/dev/null 2>&1 || :
    for home in "$work/h" "$work/m" "$work/o"; do
        [ ! -d "$home" ] || LIMA_HOME=$home "$limactl" daemon stop >/dev/null 2>&1 || :
    done
    # Those of mounts.sh, if the machine that takes them with it never came.
    # shellcheck disable=SC2086 # several words
    [ -z "${daemons:-}" ] || kill $daemons 2>/dev/null || :
    rm -rf -- "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

now() { date +%s%N; }

# Runs a command without its output and input; appends how long it took, in milliseconds, to a file. The clock is in the
# process that starts the command, since a native client takes no longer than the processes of a script.
# Arguments: file, command.
timed() {
    into=$1
    shift
    perl -MTime::HiRes=clock_gettime,CLOCK_MONOTONIC -e '
        my ($into, $errors) = splice(@ARGV, 0, 2);
        open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null"); open(STDERR, ">", $errors);
        my $begun = clock_gettime(CLOCK_MONOTONIC);
        my $status = system { $ARGV[0] } @ARGV;
        my $took = clock_gettime(CLOCK_MONOTONIC) - $begun;
        exit 1 if $status;
        open(my $file, ">>", $into); printf $file "%.3f\n", 1000 * $took' "$work/$into" "$work/stderr" "$@" || {
        cat "$work/stderr" >&2
        echo "bench.sh: this failed: $*" >&2
        exit 1
    }
}

median() { sort -n "$work/$1" | awk '{ v[NR] = $1 } END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# One line of the result. Arguments: what, figure, aim.
line() { printf '%-58s %-30s %s\n' "$1" "$2" "$3"; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# Waits until a condition holds. Arguments: seconds, command.
until_true() {
    left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "bench.sh: gave up waiting for: $*" >&2; exit 1; }
        sleep 0.05
    done
}

daemon_pid() { cat "$LIMA_HOME/_daemon/lock"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

end_daemon() {
    pid=$(daemon_pid)
    "$limactl" daemon stop
    until_true 20 is_gone "$pid"
}

# Duration of a step of the latest start, in seconds; the log writes PT1M7.5S.
step() {
    "$limactl" daemon log --all | awk -v step="$1" '
        index($0, "StepDone[instance=bench,") && index($0, "step=" step ", ") {
            d = $0; sub(/.*duration=PT/, "", d); sub(/\].*/, "", d)
            m = 0
            if (d ~ /M/) { m = d; sub(/M.*/, "", m); sub(/.*M/, "", d) }
            sub(/S/, "", d); seconds = m * 60 + d
        }
        END { printf "%.3f", seconds }'
}

"$limactl" list -q >/dev/null 2>&1
# The daemon says best which Java it is that limactl has found.
java=$(readlink -f -- "/proc/$(daemon_pid)/exe")
# shellcheck source=distribution/src/lib/aot.sh disable=SC2034
aot=$(prefix=$distribution && _JLIMA_VERSION=$(cat "$distribution/lib/version") && . "$distribution/lib/aot.sh" &&
    printf %s "$_JLIMA_AOT/daemon.aot")
until_true 120 test -s "$aot"
end_daemon

printf 'machine: %s, %s processors, load %s\n' \
    "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(cut -d ' ' -f 1 /proc/loadavg)"
printf 'java:    %s\n' "$("$java" -version 2>&1 | sed -n 2p)"
printf 'jlima:   %s\n\n' "$(cat "$distribution/lib/version")"
line WHAT FIGURE AIM

for part; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done
