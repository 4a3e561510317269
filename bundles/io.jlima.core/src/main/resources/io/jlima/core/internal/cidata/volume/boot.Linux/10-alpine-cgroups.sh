#!/bin/sh
# Alpine: control groups for containers.
set -eu
[ -f /etc/alpine-release ] || exit 0
if [ -e /etc/init.d/cgroups ]; then
	rc-service cgroups --ifstopped start
fi
