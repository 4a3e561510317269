#!/bin/sh
# Mounts the host's directories that are not mounted yet: all of them where cloud-init is off; else those that it could
# not write into /etc/fstab, that failed, or that another mount has hidden.
set -eu
root=${LIMA_ROOT:-}
code=0

# Makes a directory and those above it; what is made inside the user's home belongs to the user.
make_directory() {
	[ ! -d "$root$1" ] || return 0
	make_directory "$(dirname -- "$1")" && mkdir "$root$1" || return 1
	case $1 in
	"$LIMA_CIDATA_HOME"/*) chown "$LIMA_CIDATA_USER:" "$root$1" ;;
	esac
}

unescaped() {
	case $1 in
	*\\*) printf '%s\n' "$1" | unescape_fstab.sh ;;
	*) printf '%s\n' "$1" ;;
	esac
}

while read -r source point type options _; do
	source=$(unescaped "$source")
	point=$(unescaped "$point")
	options=$(unescaped "$options")
	! mountpoint -q "$root$point" || continue
	if ! make_directory "$point" || ! mount -t "$type" -o "$options" -- "$source" "$root$point"; then
		echo "the host's directory for $point ($type, $source) could not be mounted"
		# The kernel has looked for a module by now.
		if ! grep -qw -- "$type" "$root/proc/filesystems" 2>/dev/null; then
			echo "$type" >>"$root/run/lima-no-filesystem" || true
			code=1
		elif [ "$type" != virtiofs ]; then
			code=1
		fi
		# One by virtiofs may have been taken away while the guest ran before. The host tries what is to be there again,
		# and says what is missing.
	fi
done <"$LIMA_CIDATA_MNT/guest/fstab"

# cloud-init makes mount points as root, which shuts the user out of directories of his own home above them.
while read -r _ point _; do
	point=$(dirname -- "$(unescaped "$point")")
	while [ "${point#"$LIMA_CIDATA_HOME"/}" != "$point" ]; do
		if [ -n "$(find "$root$point" -prune -user 0 2>/dev/null)" ] && ! mountpoint -q "$root$point"; then
			chown "$LIMA_CIDATA_USER:" "$root$point"
		fi
		point=$(dirname -- "$point")
	done
done <"$LIMA_CIDATA_MNT/guest/fstab"
exit "$code"
