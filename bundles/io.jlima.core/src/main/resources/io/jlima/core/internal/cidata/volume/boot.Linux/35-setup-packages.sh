#!/bin/sh
# Lets the user show an sshfs mount to others, root included, then says that the host may mount.
set -eu
root=${LIMA_ROOT:-}
[ "$LIMA_CIDATA_MOUNTTYPE" = reverse-sshfs ] || exit 0
if ! command -v sshfs >/dev/null; then
	# Who has none may add one while the guest runs, and finds all this done if sshfs is there.
	[ "$LIMA_CIDATA_MOUNTS" -ne 0 ] || exit 0
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

# Ubuntu's profile for fusermount3 knows only mount points in the usual places. What else is in the file stays; at the
# next boot the guest loads both by itself, and long before this.
profile=$root/etc/apparmor.d/fusermount3
local=$root/etc/apparmor.d/local/fusermount3
mount='mount fstype={fuse,fuse.*} options=(nosuid,nodev) options in (ro,rw,noatime,dirsync,nodiratime,noexec,sync) -> /**/,'
if [ -e "$profile" ] && ! grep -qsxF "$mount" "$local"; then
	mkdir -p "$root/etc/apparmor.d/local"
	printf '\n%s\numount /**/,\n' "$mount" >>"$local"
	# A kernel without AppArmor, or with another guard in its place, keeps nobody from anything.
	if [ "$(cat "$root/sys/module/apparmor/parameters/enabled" 2>/dev/null)" = Y ]; then
		apparmor_parser -r "$profile" || [ "$LIMA_CIDATA_MOUNTS" -eq 0 ]
	fi
fi
printf '%s\n' "$LIMA_CIDATA_IID" >"$root/run/lima-fuse-ready"
