#!/bin/sh
# Alpine running from a RAM disk: keeps what must outlive a restart on a disk with the label data-volume, which is the
# first unused one at the first boot.
set -eu
[ -f /etc/alpine-release ] || exit 0
case $(awk '$2 == "/" { type = $3 } END { print type }' /proc/mounts) in
tmpfs | rootfs | ramfs) ;;
*) exit 0 ;;
esac
kept="etc home root tmp usr/local var/lib"
data=/mnt/data

# A disk counts as unused when it has no partitions and no signature of anything.
unused_disk() {
	for block in /sys/block/vd* /sys/block/sd* /sys/block/nvme*; do
		disk=${block##*/}
		if [ -e "$block/size" ] && [ "$(cat "$block/size")" -gt 0 ] && [ "$(cat "$block/ro")" = 0 ] &&
			[ -z "$(find "$block/" -maxdepth 1 -name "$disk*")" ] && [ -z "$(blkid "/dev/$disk")" ]; then
			echo "/dev/$disk"
			return 0
		fi
	done
	return 1
}

if ! mountpoint -q "$data"; then
	if ! device=$(findfs LABEL=data-volume 2>/dev/null); then
		if ! device=$(unused_disk); then
			echo "no unused disk: changes to this guest are lost when it stops"
			exit 0
		fi
		mkfs.ext4 -q -L data-volume "$device"
	fi
	mkdir -p "$data"
	resize2fs "$device" 2>/dev/null || true
	mount -t ext4 "$device" "$data"
fi
for directory in $kept; do
	if [ ! -d "$data/$directory" ]; then
		# Copied under another name first: a restart in between must not leave half of it to be taken for all.
		rm -rf "$data/.new"
		mkdir -p "$data/$(dirname "$directory")" "$data/.new"
		# Not across mounts: a directory of the host may be below.
		(cd "/$directory" && find . -xdev | cpio -pdm "$data/.new")
		chown "$(stat -c %u:%g "/$directory")" "$data/.new"
		chmod "$(stat -c %a "/$directory")" "$data/.new"
		mv "$data/.new" "$data/$directory"
	fi
	mount --bind "$data/$directory" "/$directory"
done

# Packages that were added live in RAM; their files come again from the cache on the disk.
mkdir -p "$data/apk-cache"
[ -e /etc/apk/cache ] || ln -s "$data/apk-cache" /etc/apk/cache
apk fix --no-network || echo "some packages are not in the cache on the disk"
