# Mounts by sshfs in the guest. Run by the guest user's shell; what to do comes after this text, one call for each mount.
# Each call says on standard output, in one line after its number, how it ended: "N kept", "N mounted", "N detached",
# "N later" when the guest shuts down, or "N failed" after the words of whoever failed, each after "N : ".
LC_ALL=C
export LC_ALL

# say NUMBER FILE: passes words on.
say() {
	sed "s/^/$1 : /" "$2"
}

# mounted POINT-AS-IN-MOUNTINFO: whether sshfs is mounted there; prints nothing.
mounted() {
	while read -r _ _ _ _ place rest; do
		if [ "$place" = "$1" ]; then
			case $rest in
			*' - fuse.sshfs '*) return 0 ;;
			esac
		fi
	done </proc/self/mountinfo
	return 1
}

# unmount POINT: what is gone on the other side would make an ordinary unmount wait, so this one does not look.
unmount() {
	if command -v fusermount3 >/dev/null; then
		fusermount3 -u -z -- "$1"
	else
		fusermount -u -z -- "$1"
	fi
}

# is_ready: whether the guest has what sshfs needs. A first boot installs it, and says when that is done.
is_ready() {
	[ -e /run/lima-fuse-ready ] || [ -e /run/lima-boot-done ]
}

# prepare POINT: a mount that came after the boot finds what the boot makes for the others.
prepare() {
	[ -d "$1" ] || mkdir -p -- "$1" 2>/dev/null || {
		sudo -n mkdir -p -- "$1" && sudo -n chown "$(id -u):$(id -g)" -- "$1"
	} || return 1
	cat /etc/fuse.conf /etc/fuse3.conf 2>/dev/null | grep -qx user_allow_other ||
		sudo -n sh -c 'echo user_allow_other >>/etc/fuse.conf'
}

# with_links OPTIONS: prints them, and what this sshfs needs to be told beside them. Newer ones refuse links with ".." or
# an absolute target, for fear of the server; this server is the user's own host, and such links are in many a tree.
with_links() {
	if sshfs --help 2>&1 | grep -q no_contain_symlinks; then
		echo "$1,no_contain_symlinks"
	else
		echo "$1"
	fi
}

# settle POINT PLACE: makes the mount what it is to be at its place, "ro" or nothing. A user who may not do that finds a
# place that is said to be writable, and a host that refuses.
settle() {
	[ "$2" != ro ] || sudo -n mount -i -o remount,bind,ro,nosuid,nodev -- "$1" >/dev/null 2>&1 || true
}

# attach NUMBER POINT POINT-AS-IN-MOUNTINFO SOURCE OPTIONS PLACE
attach() {
	words=$(mktemp)
	if mounted "$3"; then
		# The first look may meet a connection that has ended, and makes sshfs connect again.
		if timeout 5 stat -- "$2" >/dev/null 2>&1 || timeout 5 stat -- "$2" >/dev/null 2>&1; then
			echo "$1 kept"
			rm -f -- "$words"
			return
		fi
		unmount "$2" >"$words" 2>&1
	fi
	if [ "$(systemctl is-system-running 2>/dev/null)" = stopping ]; then
		rm -f -- "$words"
		echo "$1 later"
		return
	elif ! command -v sshfs >/dev/null; then
		echo "there is no sshfs in this guest" >"$words"
	elif prepare "$2" >"$words" 2>&1 && timeout 20 sshfs "$4" "$2" -o "$(with_links "$5")" >"$words" 2>&1 </dev/null; then
		if mounted "$3"; then
			settle "$2" "$6"
			echo "$1 mounted"
			rm -f -- "$words"
			return
		fi
		echo "sshfs ended well, but nothing is mounted" >>"$words"
	fi
	say "$1" "$words"
	rm -f -- "$words"
	echo "$1 failed"
}

# detach NUMBER POINT POINT-AS-IN-MOUNTINFO
detach() {
	words=$(mktemp)
	if mounted "$3" && ! unmount "$2" >"$words" 2>&1; then
		say "$1" "$words"
		echo "$1 failed"
	else
		echo "$1 detached"
	fi
	rm -f -- "$words"
}

# passive NUMBER POINT POINT-AS-IN-MOUNTINFO SOURCE OPTIONS PLACE: sshfs speaks through this shell's own input and output.
passive() {
	if mounted "$3"; then
		unmount "$2" >&2
	fi
	prepare "$2" >&2 || exit 1
	(
		until mounted "$3"; do
			kill -0 $$ 2>/dev/null || exit
			sleep 0.1
		done
		settle "$2" "$6"
		echo "$1 mounted" >&2
	) </dev/null >/dev/null &
	exec sshfs "$4" "$2" -f -o "passive,$(with_links "$5" </dev/null)"
}

waited=0
until is_ready || [ "$waited" -ge 3000 ]; do
	sleep 0.2
	waited=$((waited + 1))
done
