#!/bin/sh
# Makes the mount points of reverse-sshfs, which the user mounts himself and therefore must own, also where the guest has
# such a directory of its own. The home of root, where what root shares from its home belongs, is closed to the user.
set -eu
root=${LIMA_ROOT:-}
[ "$LIMA_CIDATA_MOUNTTYPE" = reverse-sshfs ] || exit 0
code=0

make_directory() {
	[ ! -d "$root$1" ] || return 0
	make_directory "$(dirname -- "$1")" && mkdir "$root$1" || return 1
	case $1 in
	"$LIMA_CIDATA_HOME"/*) chown "$LIMA_CIDATA_USER:" "$root$1" ;;
	esac
}

index=0
while [ "$index" -lt "$LIMA_CIDATA_MOUNTS" ]; do
	eval "point=\$LIMA_CIDATA_MOUNTS_${index}_MOUNTPOINT"
	if ! make_directory "$point"; then
		code=1
	elif ! mountpoint -q "$root$point"; then
		chown "$LIMA_CIDATA_USER:" "$root$point" || code=1
	fi
	case $point in
	/root/*) chmod o+x "$root/root" || code=1 ;;
	esac
	index=$((index + 1))
done
exit "$code"
