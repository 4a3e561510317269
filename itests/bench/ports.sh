# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Ports, names and the agent, through guests of their own. Sourced by bench.sh.

: "${distribution:?}" "${java:?}" "${here:?}"
"$java" -XX:TieredStopAtLevel=1 "$here/Ports.java" "$distribution"
