# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A guest from its creation to its end, and what is done in it meanwhile. Sourced by bench.sh.

: "${work:?}" "${limactl:?}"
rounds=20

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

# How late we hear that its sshd answers. The guest's journal says when it listened and had an address, by the guest's
# clock; of some answers that tell that clock, the fastest tells its difference to ours best. An answer also needs the
# time of a greeting.
"$limactl" daemon log --all | perl -ne '
    $time = $1 if /StepDone\[instance=bench, time=([^,]+), step=Waiting for the guest to boot/;
    END { print $time }' >"$work/heard"
"$limactl" shell bench sudo journalctl -b -o short-unix -u ssh -u sshd -u systemd-networkd >"$work/journal"
perl -MTime::HiRes=time -MIO::Socket::INET -MTime::Local=timegm -e '
    my ($limactl, $port, $heard, $journal) = @ARGV;
    my ($least, $ahead) = (1e9, 0);
    for (1 .. 7) {
        my $begun = time; my $guest = `$limactl shell bench date +%s.%N`; my $ended = time;
        ($least, $ahead) = ($ended - $begun, $guest - ($begun + $ended) / 2) if $ended - $begun < $least;
    }
    open(my $file, "<", $journal);
    my ($listened) = sort { $b <=> $a } map { /^([0-9.]+).*(?:Server listening on 0|DHCPv4 address)/ ? $1 : () } <$file>;
    open($file, "<", $heard); <$file> =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(\.\d+)?/;
    my $at = timegm($6, $5, $4, $3, $2 - 1, $1) + ($7 // 0);
    my @greetings;
    for (1 .. 7) {
        my $begun = time; my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die; my $line = <$socket>;
        push @greetings, time - $begun;
    }
    my $greeting = (sort { $a <=> $b } @greetings)[3];
    my $late = $at - ($listened - $ahead);
    printf "%.0f %.0f %.0f %.0f", 1000 * $late, 1000 * $greeting, 1000 * ($late - $greeting), 500 * $least
    ' "$limactl" "$(awk '/Port / { print $2 }' "$LIMA_HOME/bench/ssh.config")" "$work/heard" "$work/journal" >"$work/detection"
read -r late greeting rest give <"$work/detection" || :
line "sshd heard after it listens and has an address by" "$late ms (+- $give)" ""
line "  less the time it takes to greet ($greeting ms)" "$rest ms" "300 ms"

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
