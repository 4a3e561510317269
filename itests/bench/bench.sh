#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the figures of docs/benchmarks.md on this machine. Whatever is compared is measured in the same run, by turns.
#   bench.sh [DISTRIBUTION]    without an argument the distribution that the build made
# Needs what test.sh installs, about ten minutes, and a machine that does nothing else meanwhile.
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
    for home in "$LIMA_HOME" "$work/m" "$work/o"; do
        [ ! -d "$home" ] || LIMA_HOME=$home "$limactl" daemon stop >/dev/null 2>&1 || :
    done
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
java_client=$distribution/lib/client/limactl-java
[ "$(head -c 4 "$limactl" | od -An -c | tr -d ' ')" = '177ELF' ] ||
    echo "note: there is no native client in this distribution; limactl is the Java client" >&2
cat >"$work/valid.yaml" <<YAML
images: [{location: "debian:bookworm"}]
memory: 1GiB
mounts: []
YAML
"$limactl" list -q >/dev/null 2>&1
commands="list version complete"
"$limactl" validate "$work/valid.yaml" >/dev/null 2>&1 && commands="$commands validate"
call() {
    case $2 in
        version) timed "$1-$2" "$3" --version ;;
        complete) timed "$1-$2" "$3" __complete shell '' ;;
        validate) timed "$1-$2" "$3" validate "$work/valid.yaml" ;;
        *) timed "$1-$2" "$3" "$2" ;;
    esac
}
i=0
while [ "$i" -lt "$rounds" ]; do
    timed java "$java" -version
    for command in $commands; do
        call native "$command" "$limactl"
        call twin "$command" "$java_client"
    done
    i=$((i + 1))
done
line "java -version" "$(median java) ms" ""
for command in $commands; do
    line "$command, native client" "$(median "native-$command") ms = x $(ratio "$(median "native-$command")" "$(median java)")" "x 0.4"
done
for command in $commands; do
    line "$command, Java client" "$(median "twin-$command") ms = x $(ratio "$(median "twin-$command")" "$(median java)")" "x 2.2"
done

# Instances that cost nothing: their files are all that list looks at. What changed within two seconds is not taken for
# settled, hence the pause.
many=$work/m
mkdir "$many"
number=1
while [ "$number" -le 50 ]; do
    mkdir "$many/i$number"
    cp "$work/valid.yaml" "$many/i$number/lima.yaml"
    printf '2.2.0' >"$many/i$number/lima-version"
    : >"$many/i$number/disk"
    number=$((number + 1))
done
mkdir "$work/o"
cp -R "$many/i1" "$work/o/i1"
sleep 3
[ "$(LIMA_HOME=$many "$limactl" list -q | wc -l)" = 50 ] && [ "$(LIMA_HOME=$work/o "$limactl" list -q)" = i1 ]
i=0
while [ "$i" -lt $((3 * rounds)) ]; do
    timed one env LIMA_HOME="$work/o" "$limactl" list
    timed fifty env LIMA_HOME="$many" "$limactl" list
    i=$((i + 1))
done
LIMA_HOME=$many "$limactl" daemon stop
LIMA_HOME=$work/o "$limactl" daemon stop
line "list of 50 instances" "$(median fifty) ms" ""
line "  the same in the list of one ($(median one) ms)" "x $(ratio "$(median fifty)" "$(median one)")" "x 1.3"

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

# A command in the guest; ssh uses a connection that it keeps.
enter() { ssh -F "$LIMA_HOME/bench/ssh.config" lima-bench "$@"; }
enter true
"$limactl" shell bench true
i=0
while [ "$i" -lt "$rounds" ]; do
    timed ssh ssh -F "$LIMA_HOME/bench/ssh.config" lima-bench true
    timed shell "$limactl" shell bench true
    i=$((i + 1))
done
line "shell true" "$(median shell) ms" ""
line "  the same in ssh over its kept connection ($(median ssh) ms)" "x $(ratio "$(median shell)" "$(median ssh)")" "x 2"

# Much at once: seconds each where the guest's processor is emulated, so each is taken once.
size=200
enter "head -c ${size}M /dev/zero >/tmp/zeros"
timed bulk-ssh ssh -F "$LIMA_HOME/bench/ssh.config" lima-bench cat /tmp/zeros
timed bulk-shell "$limactl" shell bench cat /tmp/zeros
line "$size MB through shell bench cat" "$(median bulk-shell) ms" ""
line "  the same in ssh ($(median bulk-ssh) ms)" "x $(ratio "$(median bulk-shell)" "$(median bulk-ssh)")" ""
if "$limactl" copy --help >/dev/null 2>&1; then
    timed scp scp -q -F "$LIMA_HOME/bench/ssh.config" lima-bench:/tmp/zeros "$work/zeros"
    rm -f "$work/zeros"
    timed copied "$limactl" copy bench:/tmp/zeros "$work/zeros"
    rm -f "$work/zeros"
    line "copy of $size MB from the guest" "$(median copied) ms" ""
    line "  the same in scp ($(median scp) ms)" "x $(ratio "$(median copied)" "$(median scp)")" "x 1"
fi
ssh -F "$LIMA_HOME/bench/ssh.config" -O exit lima-bench 2>/dev/null

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
