#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests of ports and names in a guest (PortsIT), whose agent has gcc's address and undefined-behaviour sanitizers.
# The build is the one that is there (see README.md). Needs what test.sh installs; on Debian 12, whose C library guests of
# the template debian-local have, too.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
agent=$(mktemp /tmp/jlima-agent.XXXXXX)
trap 'rm -f "$agent"' EXIT
trap 'exit 1' INT TERM HUP

# The guest has no libasan: the agent brings both sanitizers along.
"${CC:-gcc}" -std=gnu11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all -static-libasan -static-libubsan -o "$agent" \
    "$here"/../bundles/io.jlima.guestagent/src/main/c/*.c
cd "$here/.."
JLIMA_ITEST_AGENT=$agent env --default-signal=INT,QUIT,HUP mvn -B verify -Dtest=BundleTableTest \
    -Dsurefire.failIfNoSpecifiedTests=false -Dit.test="${1:-PortsIT}" -Dfailsafe.failIfNoSpecifiedTests=false
