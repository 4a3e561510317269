# Mounts by sshfs in the guest. Run by the guest user's shell; what to do comes after this text, one call for each mount.
# Each call says on standard output, in one line after its number, how it ended: "N kept", "N mounted", "N detached",
# "N later" when the guest shuts down, or "N failed" after the words of whoever failed, each after "N : ".
LC_ALL=C
export LC_ALL
agent=/usr/local/bin/lima-guestagent

# say NUMBER WORDS: passes words on.
say() {
	printf '%s\n' "$2" | sed "s/^/$1 : /"
}

# look: reads the mount table, and makes of it a list of what sshfs has mounted, each between two line feeds. A process
# for reading it would take an emulated guest longer.
line_feed='
'
look() {
	places=$line_feed
	while IFS= read -r line; do
		case $line in
		*' - fuse.sshfs '*)
			# The fifth word: the fourth is a place within the file system, which may read the same.
			line=${line#* * * * }
			places=$places${line%% *}$line_feed
			;;
		esac
	done </proc/self/mountinfo
}

# seen POINT-AS-IN-MOUNTINFO: whether sshfs was mounted there at the last look.
seen() {
	case $places in *"$line_feed$1$line_feed"*) return 0 ;; esac
	return 1
}

# mounted POINT-AS-IN-MOUNTINFO: whether sshfs is mounted there now.
mounted() {
	look
	seen "$1"
}

# unmount POINT: what is gone on the other side would make an ordinary unmount wait, so this one does not look. AppArmor
# may keep fusermount3 from a place, but not root.
unmount() {
	if command -v fusermount3 >/dev/null; then
		fusermount3 -u -z -- "$1"
	else
		fusermount -u -z -- "$1"
	fi || timeout 20 sudo -n umount -l -- "$1" 2>/dev/null
}

# is_ready: whether the guest has what sshfs needs. A first boot installs it, and says when that is done.
is_ready() {
	[ -e /run/lima-fuse-ready ] || [ -e /run/lima-boot-done ]
}

# learn: what is the same for all mounts, each of which would start processes for it. What stays the same
# is kept until the user has no session any more. What has been mounted before may have been lost because the guest shuts
# down. Newer programs refuse links with ".." or an absolute target, for fear of the server; this server is the user's own
# host, and such links are in many a tree.
learned=
state=
learn() {
	if [ "$again" = again ] && [ -z "$state" ]; then
		state=$(systemctl is-system-running 2>/dev/null) || state=${state:-unknown}
	fi
	[ -z "$learned" ] || return 0
	learned=${XDG_RUNTIME_DIR:-/nowhere}/lima-sshfs-words
	if [ -r "$learned" ]; then
		read -r passive links <"$learned"
		return
	fi
	help=$(sshfs --help 2>&1)
	# What it was called before 2020.
	case $help in
	*passive*) passive=passive ;;
	*) passive=slave ;;
	esac
	case $help in
	*no_contain_symlinks*) links=,no_contain_symlinks ;;
	*) links= ;;
	esac
	grep -qsx user_allow_other /etc/fuse.conf /etc/fuse3.conf ||
		sudo -n sh -c 'echo user_allow_other >>/etc/fuse.conf' 2>/dev/null
	if [ -d "${learned%/*}" ] && command -v sshfs >/dev/null; then
		echo "$passive $links" >"$learned"
	fi
}

# prepare POINT: a mount that came after the boot finds what the boot makes for the others.
prepare() {
	[ -d "$1" ] || mkdir -p -- "$1" 2>/dev/null || {
		sudo -n mkdir -p -- "$1" && sudo -n chown "$(id -u):$(id -g)" -- "$1"
	}
}

# own POINT: what was there before may be somebody else's, and sshfs wants a directory that its user may write to. Whether
# that has helped, sshfs says.
own() {
	[ -w "$1" ] || sudo -n chown "$(id -u):$(id -g)" -- "$1" 2>/dev/null || true
}

# settle POINT PLACE: makes the mount what it is to be at its place, "ro" or nothing. A user who may not do that finds a
# place that is said to be writable, and a host that refuses.
settle() {
	[ "$2" != ro ] || sudo -n mount -i -o remount,bind,ro,nosuid,nodev -- "$1" >/dev/null 2>&1 || true
}

# attach NUMBER POINT POINT-AS-IN-MOUNTINFO HOST PATH OPTIONS PLACE first|again: notes a mount for attach_all. Those with
# one host and options can be had by one sshfs. Place is "rw", or "ro", or "view" for one that is read-only where people
# find it but not below that.
count=0
again=first
attach() {
	count=$((count + 1))
	eval "number_$count=\$1 point_$count=\$2 entry_$count=\$3 host_$count=\$4 path_$count=\$5"
	eval "options_$count=\$6 place_$count=\$7"
	[ "$8" = first ] || again=again
}

# pick INDEX: sets the variables of a mount that was noted.
number='' point='' entry='' host='' path='' options='' place='' outer=''
pick() {
	eval "number=\$number_$1 point=\$point_$1 entry=\$entry_$1 host=\$host_$1 path=\$path_$1"
	eval "options=\$options_$1 place=\$place_$1"
}

# find_places: makes the mount points. The table has each by its real name, which is another one if a link leads there.
find_places() {
	found_any=
	i=0
	while [ "$i" -lt "$count" ]; do
		i=$((i + 1))
		pick "$i"
		if ! seen "$entry"; then
			prepare "$point" >/dev/null 2>&1 </dev/null
			if real_place "$point"; then
				eval "point_$i=\$PWD entry_$i=\$entry"
				cd / || return
			fi
		fi
		! seen "$entry" || found_any=yes
	done
}

# real_place POINT: goes there, and sets "entry"; fails if that tells nothing new.
real_place() {
	cd -P -- "$1" 2>/dev/null || return 1
	if [ "$PWD" = "$1" ]; then
		cd / && return 1
	fi
	entry=$(printf '%s.' "$PWD" | sed 's/\\/\\134/g;s/ /\\040/g;s/	/\\011/g;$!s/$/\\012/' | tr -d '\n')
	entry=${entry%.}
}

# answering SECONDS POINT...: the mount points that answer, a line each, and none when that takes too long. The first of
# two looks may meet a connection that has ended, and makes sshfs connect again. What is asked for is never in the
# kernel's memory.
answering() {
	seconds=$1
	shift
	timeout "$seconds" stat -f -c %n -- "$@" 2>/dev/null
}

# works INDEX: tells of a mount that works, also to whoever called.
works() {
	pick "$1"
	echo "$number kept" >&3
	echo "<$1>"
}

# try_out INDEX: a busy guest takes its time.
try_out() {
	pick "$1"
	[ -z "$(answering 20 "$point" "$point")" ] || works "$1"
}

# alive: the indices of those that are mounted and work, each in angle brackets. All are asked by one process, since two
# for each would take an emulated guest longer than all their answers; who has not answered then is asked alone.
alive() {
	set --
	i=0
	while [ "$i" -lt "$count" ]; do
		i=$((i + 1))
		pick "$i"
		! seen "$entry" || set -- "$@" "$point" "$point"
	done
	answers=$line_feed$(answering 2 "$@")$line_feed
	i=0
	while [ "$i" -lt "$count" ]; do
		i=$((i + 1))
		pick "$i"
		seen "$entry" || continue
		case $answers in
		*"$line_feed$point$line_feed"*) works "$i" ;;
		*) try_out "$i" & ;;
		esac
	done
	wait
}

# is_heard: ends this shell if nobody hears it any more. What does not answer then may have lost its server in the same
# moment, and only waits for the next one.
is_heard() {
	echo >&3 2>/dev/null || exit
}

# attach_all: does what attach has noted. What is mounted stays if it works.
attach_all() {
	[ "$count" -gt 0 ] || return 0
	find_places
	living=
	[ -z "$found_any" ] || living=$(alive)
	wanted=
	gone=
	i=0
	while [ "$i" -lt "$count" ]; do
		i=$((i + 1))
		pick "$i"
		case $living in
		*"<$i>"*)
			# What is mounted within another goes with that.
			! is_within_any "$gone" "$point" || wanted="$wanted $i"
			;;
		*)
			wanted="$wanted $i"
			if seen "$entry"; then
				is_heard
				unmount "$point" >/dev/null 2>&1
				gone="$gone $i"
			fi
			;;
		esac
	done
	[ -z "$wanted" ] || learn </dev/null
	while [ -n "$wanted" ]; do
		gather
		if [ "${group#* }" = "$group" ]; then
			alone "$group" &
		else
			together "$group" &
		fi
	done
}

# is_within_any INDICES PATH: whether the mount point of one of them leads to the path.
is_within_any() {
	for other in $1; do
		eval "outer=\$point_$other"
		case $2 in "${outer%/}"/*) return 0 ;; esac
	done
	return 1
}

# gather: takes those that go together from "wanted", which has outer mount points before inner ones. What is inside
# another's mount point comes after that.
launched=
gather() {
	group=
	rest=
	for i in $wanted; do
		pick "$i"
		[ -n "$group" ] || key="$host $options"
		if [ "$host $options" = "$key" ] && ! is_within_any "$rest" "$point"; then
			group="$group $i"
		else
			rest="$rest $i"
		fi
	done
	group=${group# }
	wanted=$rest
	for i in $group; do
		pick "$i"
		if is_within_any "$launched" "$point"; then
			wait
			launched=
		fi
	done
	launched="$launched $group"
}

# in_background WORDS: sshfs, which stays, and must keep nothing open that whoever hears this shell waits for the end of.
in_background() {
	LD_PRELOAD=$preload timeout 20 sshfs "$@" 3>&- </dev/null
}

# can_begin INDEX: whether it makes sense to mount; if not, that is told.
can_begin() {
	pick "$1"
	if [ "$state" = stopping ]; then
		echo "$number later"
	elif ! command -v sshfs >/dev/null; then
		say "$number" "there is no sshfs in this guest"
		echo "$number failed"
	else
		return 0
	fi
	return 1
}

# alone INDEX: by an sshfs of its own.
alone() {
	can_begin "$1" || return 0
	[ "$place" != ro ] || options=$options,ro
	if words=$(prepare "$point" 2>&1 && own "$point" && in_background "$host:$path" "$point" -o "$options$links" 2>&1) ||
		elsewhere >/dev/null 2>&1; then
		if mounted "$entry"; then
			[ "$place" != view ] || settle "$point" ro
			echo "$number mounted"
			return
		fi
		words="$words
sshfs ended well, but nothing is mounted"
	fi
	say "$number" "$words"
	echo "$number failed"
}

# elsewhere: if fusermount3 has refused the place, sshfs gets one that it does not refuse. It refuses what its user may not
# write to, as within a mount that is read-only, and AppArmor may let it have a few places only.
elsewhere() {
	case $words in *fusermount*) ;; *) return 1 ;; esac
	base=$(aside) || return
	in_background "$host:$path" "$base" -o "$options$links" && carry "$base" "$point" && return
	give_up "$base"
	return 1
}

# is_confined: whether AppArmor has rules for fusermount3 without the one that the boot adds.
is_confined() {
	[ -e /etc/apparmor.d/fusermount3 ] && ! grep -qs '^mount .* -> /\*\*/,$' /etc/apparmor.d/local/fusermount3
}

# aside: makes a place of the user's own, and tells it.
aside() {
	if [ -d "$XDG_RUNTIME_DIR" ]; then
		mktemp -d "$XDG_RUNTIME_DIR/lima-sshfs.XXXXXX"
	else
		mktemp -d /tmp/lima-sshfs.XXXXXX
	fi
}

# carry PLACE POINT: takes what is mounted at such a place to where it belongs. Private, lest a mount within it is mounted
# within the other, too.
carry() {
	sudo -n sh -c 'mount --make-private "$1" && mount --bind "$1" "$2"' sh "$1" "$2" && give_up "$1"
}

# together INDICES: by one sshfs, which shows what is above all of them at a place of its own, for a moment: the guest's
# agent mounts the parts where they belong and takes the whole away. Whatever does not come about so is tried alone.
together() {
	base=${XDG_RUNTIME_DIR:-/nowhere}/lima-sshfs.$$.${1%% *}
	left=$1
	if [ -x "$agent" ] && [ -d "${base%/*}" ] && [ "$state" != stopping ] && command -v sshfs >/dev/null; then
		share "$1"
	fi
	for i in $left; do
		alone "$i" &
	done
	wait
}

# share INDICES: mounts the parts of "base"; those that are still missing are in "left" then.
share() {
	pick "${1%% *}"
	parts "$1" | LD_PRELOAD=$preload "$agent" mount-parts /run/lima-guestagent.sock "$base" sshfs "$host:/" "$base" \
		-o "$options$links" >/dev/null 2>&1 3>&- || give_up "$base" >/dev/null 2>&1
	look
	left=
	for i in $1; do
		pick "$i"
		if seen "$entry"; then
			echo "$number mounted"
		else
			left="$left $i"
		fi
	done
}

# parts INDICES: lists them for the agent.
parts() {
	for i in $1; do
		pick "$i"
		[ "$place" = rw ] || place=ro
		printf '%s\0' "$place" "$path" "$point"
	done
}

# give_up POINT: takes a place away, whatever is there.
give_up() {
	unmount "$1"
	rmdir "$1"
}

# detach NUMBER POINT POINT-AS-IN-MOUNTINFO
detach() {
	point=$2 entry=$3
	if ! seen "$entry" && real_place "$point"; then
		point=$PWD
	fi
	if seen "$entry" && ! words=$(cd / && unmount "$point" 2>&1); then
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

# come POINT-AS-IN-MOUNTINFO PID: waits until sshfs is mounted there; fails if the process has ended. The guest's agent is
# told by the kernel, which a shell is not.
come() {
	"$agent" await-mount "$1" "$2" 2>/dev/null && return
	while kill -0 "$2" 2>/dev/null; do
		sleep 0.1
		! mounted "$1" || return 0
	done
	return 1
}

# passive NUMBER POINT POINT-AS-IN-MOUNTINFO SOURCE OPTIONS PLACE: sshfs speaks through this shell's own input and output.
# It has no second try: where fusermount3 might refuse the place, it is not asked.
passive() {
	succeed "$2"
	if seen "$3"; then
		unmount "$2" >&2
	fi
	learn </dev/null
	prepare "$2" >&2 || exit 1
	own "$2" </dev/null
	base=$2 entry=$3
	if ! [ -w "$2" ] || is_confined; then
		base=$(aside </dev/null) || exit 1
		entry=$base
	fi
	(
		if come "$entry" $$ && { [ "$base" = "$2" ] || carry "$base" "$2" >&2; }; then
			settle "$2" "$6"
			echo "$1 mounted" >&2
		elif [ "$base" != "$2" ]; then
			give_up "$base"
		fi
	) </dev/null >/dev/null &
	LD_PRELOAD=$preload exec sshfs "$4" "$base" -f -o "$passive,$5$links" 3>&-
}

exec 3>&1
waited=0
until is_ready || [ "$waited" -ge 3000 ]; do
	sleep 0.2
	waited=$((waited + 1))
done
# With this in sshfs, what writes to a full disk hears of that; without, of an I/O error. The boot brings it.
preload=/usr/local/lib/lima-sshfs-enospc.so
[ -r "$preload" ] || preload=
preload=$preload${LD_PRELOAD:+${preload:+:}$LD_PRELOAD}
look
