#!/bin/sh
# The host trusts only the key that came with this volume, so it becomes the only one of this guest.
set -eu
directory=${LIMA_ROOT:-}/etc/ssh
key=ssh_host_ed25519_key
changed=
[ -d "$directory" ] || exit 0
umask 077
if ! cmp -s "$LIMA_CIDATA_MNT/guest/$key" "$directory/$key"; then
	rm -f "$directory"/ssh_host_*
	cat "$LIMA_CIDATA_MNT/guest/$key" >"$directory/$key"
	changed=1
fi
if ! cmp -s "$LIMA_CIDATA_MNT/guest/$key.pub" "$directory/$key.pub"; then
	cat "$LIMA_CIDATA_MNT/guest/$key.pub" >"$directory/$key.pub"
	chmod 0644 "$directory/$key.pub"
fi
chmod 0600 "$directory/$key"

if [ -z "$changed" ] || [ -n "${LIMA_GUEST_EARLY:-}" ]; then
	exit 0
fi
if [ -d "${LIMA_ROOT:-}/run/systemd/system" ]; then
	systemctl try-restart ssh.service sshd.service
elif command -v rc-service >/dev/null; then
	rc-service --ifstarted sshd restart
fi
