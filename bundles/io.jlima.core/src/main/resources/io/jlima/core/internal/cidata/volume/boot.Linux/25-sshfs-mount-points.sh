#!/bin/sh
# Makes the mount points of reverse-sshfs, which the user mounts himself and therefore must own.
set -eu
root=${LIMA_ROOT:-}
[ "$LIMA_CIDATA_MOUNTTYPE" = reverse-sshfs ] || exit 0
code=0
point=

make_directory() {
	[ ! -d "$root$1" ] || return 0
	make_directory "$(dirname -- "$1")" && mkdir "$root$1" || return 1
	case $1 in
	"$point" | "$LIMA_CIDATA_HOME"/*) chown "$LIMA_CIDATA_USER:" "$root$1" ;;
	esac
}

index=0
while [ "$index" -lt "$LIMA_CIDATA_MOUNTS" ]; do
	eval "point=\$LIMA_CIDATA_MOUNTS_${index}_MOUNTPOINT"
	make_directory "$point" || code=1
	index=$((index + 1))
done
exit "$code"
