#!/bin/sh
# Additional disks: made ready when they are blank, mounted on /mnt/lima-NAME and grown to the size of the disk. A disk
# with anything on it is never formatted, whatever its label says, because the order of disks can change.
set -eu
code=0

field() {
	eval "printf '%s\n' \"\$LIMA_CIDATA_DISK_$1_$2\""
}

label_of() {
	case $fstype in
	xfs) longest=12 ;;
	swap) longest=15 ;;
	vfat | fat | msdos) longest=11 ;;
	*) longest=16 ;;
	esac
	printf 'lima-%s' "$name" | cut -c "-$longest"
}

# Prints what is on a device: TYPE of its file system or PTTYPE of its partition table, nothing when it is blank. Fails
# when that cannot be told, which must not be taken for blank.
signature() {
	if blkid -V 2>/dev/null | grep -q util-linux; then
		# Status 2 is for a device on which nothing was found.
		blkid -p -o value -s "$1" "$2" || [ $? -eq 2 ]
	else
		blkid "$2" | sed -n "s/.* $1=\"\([^\"]*\)\".*/\1/p"
	fi
}

# Puts one partition on a disk where a program for that is at hand; prints what is to be formatted.
partition() {
	if ! command -v sfdisk >/dev/null; then
		echo "$disk"
		return 0
	fi
	echo 'type=linux' | sfdisk -q --label gpt "$disk" >&2
	if command -v udevadm >/dev/null; then
		udevadm settle
	fi
	echo "${disk}1"
}

format() {
	# The words of fsArgs are arguments of their own.
	if [ "$fstype" = swap ]; then
		# shellcheck disable=SC2086
		mkswap $fsargs -L "$(label_of)" "$1"
	else
		# shellcheck disable=SC2086
		"mkfs.$fstype" $fsargs -L "$(label_of)" "$1"
	fi
}

grow() {
	if [ "$1" != "$disk" ] && command -v growpart >/dev/null; then
		# Status 1 says that there was nothing to do.
		growpart "$disk" 1 || [ $? -eq 1 ]
	fi
	case $fstype in
	ext[234]) resize2fs "$1" ;;
	xfs) xfs_growfs "/mnt/lima-$name" ;;
	btrfs) btrfs filesystem resize max "/mnt/lima-$name" ;;
	esac
}

make_ready() {
	if [ ! -b "$disk" ]; then
		echo "there is no $disk for the disk $name"
		return 1
	fi
	target=$disk
	if [ -b "${disk}1" ]; then
		target=${disk}1
	fi
	found=$(signature TYPE "$target")
	if [ "$wanted" = true ] && [ -z "$found" ]; then
		if [ "$target" = "$disk" ]; then
			table=$(signature PTTYPE "$disk")
			if [ -n "$table" ]; then
				echo "$disk has a partition table ($table) without a first partition; it is left alone"
				return 1
			fi
			target=$(partition)
		fi
		format "$target"
		found=$fstype
	fi
	if [ -z "$found" ]; then
		echo "$target has no file system and format is false; it is not mounted"
		return 0
	fi
	if [ "$fstype" = swap ]; then
		grep -q "^$target " /proc/swaps || swapon "$target"
		return
	fi
	mkdir -p "/mnt/lima-$name"
	mountpoint -q "/mnt/lima-$name" || mount "$target" "/mnt/lima-$name"
	grow "$target"
}

index=0
while [ "$index" -lt "$LIMA_CIDATA_DISKS" ]; do
	name=$(field "$index" NAME)
	disk=/dev/$(field "$index" DEVICE)
	wanted=$(field "$index" FORMAT)
	fstype=$(field "$index" FSTYPE)
	fsargs=$(field "$index" FSARGS)
	# A subshell of its own, not a condition: there "set -e" would not count.
	set +e
	(
		set -e
		make_ready
	)
	status=$?
	set -e
	if [ "$status" -ne 0 ]; then
		echo "the disk $name is not ready"
		code=1
	fi
	index=$((index + 1))
done
exit "$code"
