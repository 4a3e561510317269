#!/bin/sh
# Puts the variables of lima.yaml's env into /etc/environment, then says that sessions begun from now on have them.
set -eu
root=${LIMA_ROOT:-}
file=$root/etc/environment
[ -e "$file" ] || : >"$file"
wanted=$(
	awk '/^#LIMA-START$/ { inside = 1 } !inside { print } /^#LIMA-END$/ { inside = 0 }' "$file"
	# A block without variables would change the file for nothing.
	grep -q = "$LIMA_CIDATA_MNT/etc_environment" && cat "$LIMA_CIDATA_MNT/etc_environment" || true
)
if [ "$wanted" != "$(cat "$file")" ]; then
	printf '%s\n' "$wanted" >"$file"
	# A session of before would keep the old ones for as long as its connection lives.
	if [ -z "${LIMA_GUEST_EARLY:-}" ] && [ -d "$root/run/user/$LIMA_CIDATA_UID" ]; then
		if [ -d "$root/run/systemd/system" ]; then
			loginctl terminate-user "$LIMA_CIDATA_USER" || true
		fi
	fi
fi
printf '%s\n' "$LIMA_CIDATA_IID" >"$root/run/lima-ssh-ready"
