#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the figures of docs/benchmarks.md on this machine. Whatever is compared is measured in the same run, by turns.
#   bench.sh [DISTRIBUTION]    without an argument the distribution that the build made
# Needs what test.sh installs, about five minutes, and a machine that does nothing else meanwhile.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
distribution=${1:-$(find "$here/../../distribution/target" -maxdepth 1 -type d -name 'jlima-*' | head -n 1)}
distribution=$(readlink -f -- "$distribution")
limactl=$distribution/bin/limactl
[ -x "$limactl" ] || { echo "bench.sh: no limactl in $distribution; build first, or name a distribution" >&2; exit 1; }
rounds=20

work=$(mktemp -d /tmp/jlbench.XXXXXX)
LIMA_HOME=$work/h
export LIMA_HOME
mkdir "$LIMA_HOME"
cleanup() {
    "$limactl" delete -f bench c >/dev/null 2>&1 || :
    "$limactl" daemon stop >/dev/null 2>&1 || :
    rm -rf -- "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

now() { date +%s%N; }

# Runs a command without its output; appends how long it took, in milliseconds, to a file. Arguments: file, command.
timed() {
    into=$1
    shift
    begun=$(now)
    "$@" >/dev/null 2>"$work/stderr" </dev/null || { cat "$work/stderr" >&2; exit 1; }
    ended=$(now)
    awk -v a="$begun" -v b="$ended" 'BEGIN { printf "%.1f\n", (b - a) / 1e6 }' >>"$work/$into"
}

median() { sort -n "$work/$1" | awk '{ v[NR] = $1 } END { printf "%.1f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

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
aot=${XDG_CACHE_HOME:-$HOME/.cache}/lima/aot/$(cat "$distribution/lib/version")/daemon.aot
until_true 120 test -s "$aot"
end_daemon

printf 'machine: %s, %s processors, load %s\n' \
    "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(cut -d ' ' -f 1 /proc/loadavg)"
printf 'java:    %s\n' "$("$java" -version 2>&1 | sed -n 2p)"
printf 'jlima:   %s\n\n' "$(cat "$distribution/lib/version")"
line WHAT FIGURE AIM

# A daemon that starts.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    timed cold-java "$java" -version
    timed cold "$limactl" list -q
    end_daemon
done
line "first command, daemon start included" "$(median cold) ms" "600 ms"
line "  the same in java -version ($(median cold-java) ms)" "x $(ratio "$(median cold)" "$(median cold-java)")" ""

# A daemon that is there.
"$limactl" list -q >/dev/null 2>&1
i=0
while [ "$i" -lt "$rounds" ]; do
    timed java "$java" -version
    timed list "$limactl" list
    i=$((i + 1))
done
line "list, warm" "$(median list) ms" ""
line "  the same in java -version ($(median java) ms)" "x $(ratio "$(median list)" "$(median java)")" "x 2.2"

# The first create builds the image if need be.
cat >"$work/bench.yaml" <<YAML
images: [{location: "debian:bookworm"}]
memory: 1GiB
mounts: []
YAML
"$limactl" create --tty=false --name bench "$work/bench.yaml" 2>/dev/null
image=$(readlink -f -- "$LIMA_HOME/bench/basedisk")
qcow2=$(find "${XDG_CACHE_HOME:-$HOME/.cache}/lima/debian" -name disk.qcow2 | head -n 1)
[ -s "$image" ] && [ -s "$qcow2" ]
for _ in 1 2 3 4 5 6 7; do
    timed copy cp --reflink=never "$qcow2" "$work/disk"
    rm -f "$work/disk"
    timed create "$limactl" create --tty=false --name c "$work/bench.yaml"
    "$limactl" delete -f c 2>/dev/null
done
line "create from a cached image" "$(median create) ms" "300 ms"
line "  the same in cp of the image ($(median copy) ms, $(du -m "$qcow2" | cut -f 1) MiB)" \
    "x $(ratio "$(median create)" "$(median copy)")" ""

# The first start makes the host's files; the second one is measured.
"$limactl" start bench >/dev/null 2>&1
"$limactl" stop bench 2>/dev/null
timed start "$limactl" start bench
total=$(awk '{ printf "%.3f", $1 / 1000 }' "$work/start")
boot=$(step 'Waiting for the guest to boot')
login=$(step 'Logging in')
setup=$(step "Finishing the guest's set-up")
own=$(awk -v t="$total" -v a="$boot" -v b="$login" -v c="$setup" 'BEGIN { printf "%.2f", t - a - b - c }')
line "second start" "$total s" ""
line "  boot $boot + log in $login + guest's set-up $setup" "" ""
line "  our own: the rest" "$own s" "1 s"

# Idle with one machine.
pid=$(daemon_pid)
ticks() { sed 's/.*) //' "/proc/$pid/stat" | awk '{ print $12 + $13 }'; }
sleep 5
before=$(ticks)
sleep 20
after=$(ticks)
line "idle daemon, one machine: resident" \
    "$(awk '/^VmRSS/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$pid/status")" "100 MiB"
line "idle daemon, one machine: share of a processor in 20 s" \
    "$(awk -v a="$before" -v b="$after" -v t="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f %%", (b - a) / t / 20 * 100 }')" "0.2 %"

# The end.
machine=$(cat "$LIMA_HOME/bench/qemu.pid")
{ tail --pid="$machine" -s 0.005 -f /dev/null; now >"$work/gone"; } &
watcher=$!
"$limactl" stop bench 2>/dev/null
stopped=$(now)
wait "$watcher"
line "stop returns after QEMU's exit by" "$(((stopped - $(cat "$work/gone")) / 1000000)) ms" "200 ms"
