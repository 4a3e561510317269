#!/bin/sh
# Without a clock of its own, a guest waits until its time has come from the network: certificates would seem invalid.
set -eu
[ ! -e /dev/rtc0 ] || exit 0
[ -d /run/systemd/system ] || exit 0

# Until then the day on which this volume was written is nearer to the truth than 1970.
written=$(date -r "$LIMA_CIDATA_MNT/user-data" +%s)
if [ "$(date +%s)" -lt "$written" ]; then
	date -s "@$written"
fi
if systemctl is-active --quiet systemd-timesyncd.service; then
	timeout 60 systemctl start systemd-time-wait-sync.service
elif command -v chronyc >/dev/null; then
	timeout 60 chronyc waitsync 60 0 0 1
fi
