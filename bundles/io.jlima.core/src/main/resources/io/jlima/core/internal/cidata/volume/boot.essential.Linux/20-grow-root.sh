#!/bin/sh
# Grows a root file system that fills a whole disk, where cloud-init is off and does not. Cheap when the disk has not
# grown since the last time.
set -eu
root=${LIMA_ROOT:-}
grep -qw 'cloud-init=disabled' "$root/proc/cmdline" || exit 0
case $(awk '$2 == "/" { type = $3 } END { print type }' "$root/proc/mounts") in
ext[234]) ;;
*) exit 0 ;;
esac
device=$root/sys/dev/block/$(mountpoint -d /)
if [ ! -e "$device/size" ] || [ -e "$device/partition" ]; then
	exit 0
fi
size=$(cat "$device/size")
mark=$root/var/lib/lima/root-sectors
if [ "$(cat "$mark" 2>/dev/null)" = "$size" ]; then
	exit 0
fi
resize2fs "/dev/$(sed -n 's/^DEVNAME=//p' "$device/uevent")"
mkdir -p "$root/var/lib/lima"
echo "$size" >"$mark"
