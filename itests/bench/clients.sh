# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What a command costs that needs no guest: daemon, clients, lists. Sourced by bench.sh.

: "${work:?}" "${distribution:?}" "${limactl:?}" "${java:?}"
rounds=20

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
    LIMA_HOME=$work/o
    timed one "$limactl" list
    LIMA_HOME=$many
    timed fifty "$limactl" list
    i=$((i + 1))
done
LIMA_HOME=$many "$limactl" daemon stop
LIMA_HOME=$work/o "$limactl" daemon stop
export LIMA_HOME="$work/h"
line "list of 50 instances" "$(median fifty) ms" ""
line "  the same in the list of one ($(median one) ms)" "x $(ratio "$(median fifty)" "$(median one)")" "x 1.3"
