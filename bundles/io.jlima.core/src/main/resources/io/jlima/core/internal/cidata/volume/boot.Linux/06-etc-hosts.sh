#!/bin/sh
# Names for the host, and for the guest itself, without which sudo complains.
set -eu
hosts=${LIMA_ROOT:-}/etc/hosts
read -r hostname <"$LIMA_CIDATA_MNT/guest/hostname"

# Makes a line the only one with its name. Arguments: address, name.
set_host() {
	line=$1$(printf '\t')$2
	! grep -qxF "$line" "$hosts" || return 0
	others=$(awk -v name="$2" '{
		for (i = 2; i <= NF && $i !~ /^#/; i++) if ($i == name) next
		print
	}' "$hosts")
	# Written in place: the file may be a mount of its own.
	printf '%s\n%s\n' "$others" "$line" >"$hosts"
}

[ -e "$hosts" ] || printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' >"$hosts"
if [ -n "$LIMA_CIDATA_SLIRP_GATEWAY" ]; then
	set_host "$LIMA_CIDATA_SLIRP_GATEWAY" host.lima.internal
fi
if ! awk -v name="$hostname" '{
	for (i = 2; i <= NF && $i !~ /^#/; i++) if ($i == name) found = 1
} END { exit !found }' "$hosts"; then
	set_host 127.0.1.1 "$hostname"
fi
