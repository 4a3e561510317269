#!/bin/sh
# Gives network interfaces the names asked for. Arguments: NAME=MAC, with the MAC address in lower case.
net=${LIMA_ROOT:-}/sys/class/net
renamed=

link_with() {
	for link in "$net"/*; do
		# Only hardware counts: a bridge or bond shares the address of one of its members.
		if [ -e "$link/device" ] && [ "$(cat "$link/address" 2>/dev/null)" = "$1" ]; then
			echo "${link##*/}"
			return 0
		fi
	done
	return 1
}

rename() {
	if command -v ip >/dev/null; then
		ip link set dev "$1" down && ip link set dev "$1" name "$2"
	else
		# udev renames by the .link files when it is told that the interface is new.
		udevadm trigger --settle --action=add "$net/$1"
		[ -e "$net/$2" ]
	fi
}

for nic; do
	name=${nic%%=*}
	if ! now=$(link_with "${nic#*=}"); then
		echo "nic-names: no interface has the address ${nic#*=}"
		continue
	fi
	[ "$now" != "$name" ] || continue
	if [ -e "$net/$name" ]; then
		rename "$name" "lima$$" || continue
	fi
	if rename "$now" "$name"; then
		echo "nic-names: $now is now $name"
		renamed=1
	fi
done

if [ -n "$renamed" ] && [ -z "${LIMA_GUEST_EARLY:-}" ]; then
	for nic; do
		ip link set dev "${nic%%=*}" up
	done
	if command -v netplan >/dev/null; then
		netplan apply
	elif command -v networkctl >/dev/null; then
		networkctl reload
	fi
fi
exit 0
