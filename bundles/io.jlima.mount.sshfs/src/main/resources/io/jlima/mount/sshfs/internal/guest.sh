# Mounts by sshfs in the guest. Run by the guest user's shell; what to do comes after this text, one call for each mount.
# Each call says on standard output, in one line after its number, how it ended: "N kept", "N mounted", "N detached",
# "N later" when the guest shuts down, or "N failed" after the words of whoever failed, each after "N : ".
LC_ALL=C
export LC_ALL

# say NUMBER WORDS: passes words on.
say() {
	printf '%s\n' "$2" | sed "s/^/$1 : /"
}

# look: reads the mount table, as far as it is about sshfs. A process for that would take an emulated guest longer.
look() {
	table=
	while IFS= read -r line; do
		case $line in
		*' - fuse.sshfs '*)
			table="$table$line
"
			;;
		esac
	done </proc/self/mountinfo
}

# seen POINT-AS-IN-MOUNTINFO: whether sshfs was mounted there at the last look.
seen() {
	ifs=$IFS
	IFS='
'
	set -f
	found=1
	for line in $table; do
		case $line in
		*' - fuse.sshfs '*)
			# The fifth word: the fourth is a place within the file system, which may read the same.
			case ${line#* * * * } in "$1 "*) found=0 ;; esac
			;;
		esac
	done
	set +f
	IFS=$ifs
	return "$found"
}

# mounted POINT-AS-IN-MOUNTINFO: whether sshfs is mounted there now.
mounted() {
	look
	seen "$1"
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

# learn first|again: what is the same for all mounts, each of which would start processes for it. What stays the same
# is kept until the user has no session any more. What has been mounted before may have been lost because the guest shuts
# down. Newer programs refuse links with ".." or an absolute target, for fear of the server; this server is the user's own
# host, and such links are in many a tree.
learned=
state=
learn() {
	if [ "$1" = again ] && [ -z "$state" ]; then
		state=$(systemctl is-system-running 2>/dev/null) || state=${state:-unknown}
	fi
	[ -z "$learned" ] || return 0
	learned=${XDG_RUNTIME_DIR:-/nowhere}/lima-sshfs
	if [ -r "$learned" ]; then
		read -r links <"$learned"
		return
	fi
	case $(sshfs --help 2>&1) in
	*no_contain_symlinks*) links=,no_contain_symlinks ;;
	*) links= ;;
	esac
	grep -qsx user_allow_other /etc/fuse.conf /etc/fuse3.conf ||
		sudo -n sh -c 'echo user_allow_other >>/etc/fuse.conf' 2>/dev/null
	if [ -d "${learned%/*}" ] && command -v sshfs >/dev/null; then
		echo "$links" >"$learned"
	fi
}

# prepare POINT: a mount that came after the boot finds what the boot makes for the others.
prepare() {
	[ -d "$1" ] || mkdir -p -- "$1" 2>/dev/null || {
		sudo -n mkdir -p -- "$1" && sudo -n chown "$(id -u):$(id -g)" -- "$1"
	}
}

# settle POINT PLACE: makes the mount what it is to be at its place, "ro" or nothing. A user who may not do that finds a
# place that is said to be writable, and a host that refuses.
settle() {
	[ "$2" != ro ] || sudo -n mount -i -o remount,bind,ro,nosuid,nodev -- "$1" >/dev/null 2>&1 || true
}

# attach NUMBER POINT POINT-AS-IN-MOUNTINFO SOURCE OPTIONS PLACE first|again: goes on by itself.
attach() {
	if seen "$3"; then
		keep "$@" &
	else
		learn "$7" </dev/null
		make "$@" &
	fi
}

# keep, with the arguments of attach: what is mounted stays if it works.
keep() {
	# The first of two looks may meet a connection that has ended, and makes sshfs connect again.
	if [ -n "$(timeout 5 stat -c . -- "$2" "$2" 2>/dev/null)" ]; then
		echo "$1 kept"
	else
		unmount "$2" >/dev/null 2>&1
		learn "$7"
		make "$@"
	fi
}

# make, with the arguments of attach
make() {
	if [ "$state" = stopping ]; then
		echo "$1 later"
		return
	elif ! command -v sshfs >/dev/null; then
		words="there is no sshfs in this guest"
	elif words=$(prepare "$2" 2>&1 && timeout 20 sshfs "$4" "$2" -o "$5$links" 2>&1 </dev/null); then
		if mounted "$3"; then
			settle "$2" "$6"
			echo "$1 mounted"
			return
		fi
		words="$words
sshfs ended well, but nothing is mounted"
	fi
	say "$1" "$words"
	echo "$1 failed"
}

# detach NUMBER POINT POINT-AS-IN-MOUNTINFO
detach() {
	if seen "$3" && ! words=$(unmount "$2" 2>&1); then
		say "$1" "$words"
		echo "$1 failed"
	else
		echo "$1 detached"
	fi
}

# succeed POINT: ends the sshfs that was there before, if its end has not been noticed yet: left alone, it would unmount
# what comes after it as long as somebody in the guest holds a file of its own. Its pid is in a file that lasts as long as
# the user has a session; what is found there may be somebody else by now.
succeed() {
	[ -d "$XDG_RUNTIME_DIR" ] || return 0
	ifs=$IFS
	IFS=/
	set -f
	point=$1
	# shellcheck disable=SC2086 # to be split
	set -- $1
	IFS=%
	pid_file=$XDG_RUNTIME_DIR/lima-sshfs$*
	set +f
	IFS=$ifs
	if read -r pid 2>/dev/null <"$pid_file"; then
		command=
		read -r command 2>/dev/null <"/proc/$pid/cmdline"
		case $command in
		sshfs*"$point-f-opassive,"*) kill -KILL "$pid" 2>/dev/null ;;
		esac
	fi
	# sshfs takes the place of this shell.
	{ echo $$ >"$pid_file"; } 2>/dev/null
}

# passive NUMBER POINT POINT-AS-IN-MOUNTINFO SOURCE OPTIONS PLACE: sshfs speaks through this shell's own input and output.
passive() {
	succeed "$2"
	if seen "$3"; then
		unmount "$2" >&2
	fi
	learn first </dev/null
	prepare "$2" >&2 || exit 1
	(
		# Nothing tells of a new mount but a process that takes longer to start than this.
		while kill -0 $$ 2>/dev/null; do
			sleep 0.1
			if mounted "$3"; then
				settle "$2" "$6"
				echo "$1 mounted" >&2
				break
			fi
		done
	) </dev/null >/dev/null &
	exec sshfs "$4" "$2" -f -o "passive,$5$links"
}

waited=0
until is_ready || [ "$waited" -ge 3000 ]; do
	sleep 0.2
	waited=$((waited + 1))
done
look
