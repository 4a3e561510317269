# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What validating costs on a warm daemon: all shipped templates in one call, and texts made to take time and memory.
# Sourced by bench.sh.

: "${work:?}" "${distribution:?}" "${limactl:?}" "${java:?}"
warm=30
rounds=15
mebi=1048576

repeated() { perl -e 'print $ARGV[0] x ($ARGV[2] / length $ARGV[0]), $ARGV[1]' -- "$1" "$2" "$3"; }

# Each is refused.
hostile=$work/hostile
mkdir "$hostile"
perl -e 'for ($i = 0; $n < $ARGV[0]; $i++) { $n += length($l = "key$i: 1\n"); print $l }' "$mebi" >"$hostile/unknown-keys"
perl -e 'print "images:\n"; print "- {location: /x", "x" x 600, "$_, arch: nine}\n" for 1 .. $ARGV[0] / 640' "$mebi" \
    >"$hostile/errors"
{ echo 'mounts:'; repeated '- {location: x, writable: y}
' '' "$mebi"; } >"$hostile/small-errors"
{ echo 'dns:'; repeated '- 1
' '' "$mebi"; } >"$hostile/items"
{ printf 'dns: ['; repeated '1,' ']' "$mebi"; } >"$hostile/commas"
{ echo 'message: |'; repeated '  0123456789abcdef0123456789abcdef
' 'cpus: x
' "$mebi"; } >"$hostile/text"
perl -e 'print "a0: &a0 [", join(",", ("lol") x 10), "]\n";
    print "a$_: &a$_ [", join(",", ("*a" . ($_ - 1)) x 10), "]\n" for 1 .. 9' >"$hostile/billion-laughs"
perl -e 'print "a0: &a0 {k: v}\n"; print "a$_: &a$_ {l: *a", $_ - 1, ", r: *a", $_ - 1, "}\n" for 1 .. 60' \
    >"$hostile/doubling-anchors"
perl -e 'print "a: ", "[" x 10000, "]" x 10000, "\n"' >"$hostile/nested-lists"
perl -e 'print "a: ", "{a: " x 10000, "1", "}" x 10000, "\n"' >"$hostile/nested-mappings"
perl -e 'print "- " x 10000, "x\n"' >"$hostile/nested-dashes"
perl -e 'print " " x $_, "a:\n" for 0 .. 1440' >"$hostile/nested-indentation"

export LIMA_HOME="$work/h"
"$limactl" list -q >/dev/null 2>&1
templates=$(find "$distribution" -path '*/templates/*.yaml' ! -path '*/templates/_*' | sort)
# Names of templates have no blanks.
# shellcheck disable=SC2086
all_templates() { "$@" "$limactl" validate $templates; }
refused() { timed "$1" sh -c '! "$@"' sh "$limactl" validate "$hostile/$1"; }

heap() {
    "${java%/java}/jcmd" "$(daemon_pid)" GC.class_histogram | awk '/^Total/ { printf "%.0f", $3 / 1024 }'
}

i=0
while [ "$i" -lt "$warm" ]; do
    [ $((i % 5)) -ne 0 ] || all_templates timed warm-up
    for text in "$hostile"/*; do
        refused "${text##*/}"
    done
    i=$((i + 1))
done
before=$(heap)
rm "$work/warm-up"
for text in "$hostile"/*; do
    rm "$work/${text##*/}"
done
i=0
while [ "$i" -lt "$rounds" ]; do
    all_templates timed templates
    for text in "$hostile"/*; do
        refused "${text##*/}"
    done
    i=$((i + 1))
done
after=$(heap)
line "validate of all $(echo "$templates" | wc -w) templates in one call" "$(median templates) ms" "300 ms"
for text in "$hostile"/*; do
    line "refused: ${text##*/}, $(wc -c <"$text") bytes" "$(median "${text##*/}") ms" "200 ms"
done
count=$(find "$hostile" -type f | wc -l)
line "KiB of live objects before and after those $((rounds * count)) refusals" "$before, $after" "no growth"
