#!/bin/sh
# Lets the user show an sshfs mount to others, root included, then says that the host may mount.
set -eu
root=${LIMA_ROOT:-}
if [ "$LIMA_CIDATA_MOUNTTYPE" != reverse-sshfs ] || [ "$LIMA_CIDATA_MOUNTS" -eq 0 ]; then
	exit 0
fi
if ! command -v sshfs >/dev/null; then
	echo "there is no sshfs in this guest, so the host's directories cannot be shown"
	exit 1
fi
config=
for file in "$root/etc/fuse.conf" "$root/etc/fuse3.conf"; do
	if [ -e "$file" ]; then
		config=$file
		grep -qx 'user_allow_other' "$file" || echo 'user_allow_other' >>"$file"
	fi
done
[ -n "$config" ] || echo 'user_allow_other' >"$root/etc/fuse.conf"

# Ubuntu's profile for fusermount3 knows only mount points in the usual places.
profile=$root/etc/apparmor.d/fusermount3
local=$root/etc/apparmor.d/local/fusermount3
rule='mount fstype=@{fuse_types} options=(nosuid,nodev) options in (ro,rw,noatime,dirsync,nodiratime,noexec,sync) -> /**/,
umount /**/,'
if [ -e "$profile" ] && [ "$(cat "$local" 2>/dev/null)" != "$rule" ]; then
	mkdir -p "$root/etc/apparmor.d/local"
	printf '%s\n' "$rule" >"$local"
	apparmor_parser -r "$profile"
fi
printf '%s\n' "$LIMA_CIDATA_IID" >"$root/run/lima-fuse-ready"
