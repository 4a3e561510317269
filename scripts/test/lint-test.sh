#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every script is plain POSIX sh that shellcheck has nothing to say about, and can be started.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
# shellcheck source=scripts/test/check.sh
. "$here/scripts/test/check.sh"

cd "$here"
for script in quickstart.sh test.sh .ci/run scripts/*.sh scripts/test/*.sh distribution/src/bin/* \
    distribution/src/lib/*.sh distribution/src/lib/client/* bundles/*/src/*/c/*.sh itests/*.sh itests/bench/*.sh; do
    run shellcheck -x -s sh "$script"
    same "shellcheck of $script" "" "$output"
done
for script in quickstart.sh test.sh .ci/run; do
    run test -x "$script"
    same "$script is executable" 0 "$status"
done
