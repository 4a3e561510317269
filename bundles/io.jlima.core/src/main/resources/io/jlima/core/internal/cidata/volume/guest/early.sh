#!/bin/sh
# Sets up a guest of an image without cloud-init on its path, at every boot, before network and sshd start: who it is,
# who may log in, how its interfaces are named. What takes longer is left to late.sh.
set -u
umask 022
: "${LIMA_CIDATA_MNT:=/mnt/lima-cidata}"
LIMA_GUEST_EARLY=1
export LIMA_CIDATA_MNT LIMA_GUEST_EARLY
# shellcheck source=../util/lima.sh
. "$LIMA_CIDATA_MNT/util/lima.sh"
lima_failed=$lima_run/lima-early-failed
rm -f "$lima_failed"
lima_export_lines "$LIMA_CIDATA_MNT/lima.env"
PATH=$LIMA_CIDATA_MNT/util:$PATH:/usr/sbin:/sbin
export PATH
lima_guest=$LIMA_CIDATA_MNT/guest

# Writes the standard input to a file unless that is its content already. Arguments: the file, its mode.
lima_put() {
	lima_content=$(cat) || return 1
	if [ ! -f "$1" ] || [ -L "$1" ] || [ "$(cat "$1")" != "$lima_content" ]; then
		rm -f "$1" || return 1
		(umask 077 && printf '%s\n' "$lima_content" >"$1") || return 1
		chmod "$2" "$1"
	fi
}

lima_hostname() {
	lima_put "$lima_root/etc/hostname" 0644 <"$lima_guest/hostname" &&
		cat "$lima_guest/hostname" >"$lima_root/proc/sys/kernel/hostname"
}

# One field of the user's line in passwd(5), by its number.
lima_account() {
	awk -F : -v user="$LIMA_CIDATA_USER" -v field="$1" '$1 == user { print $field; exit }' "$lima_root/etc/passwd"
}

lima_user() {
	lima_shell=$LIMA_CIDATA_SHELL
	if [ ! -x "$lima_root$lima_shell" ]; then
		lima_say "$lima_shell is not in this guest, /bin/sh takes its place"
		lima_shell=/bin/sh
	fi
	lima_uid=$(lima_account 3)
	if [ -z "$lima_uid" ]; then
		set -- --user-group
		if grep -q "^$LIMA_CIDATA_USER:" "$lima_root/etc/group"; then
			set -- --gid "$LIMA_CIDATA_USER"
		fi
		# Who else writes to the account files at that time keeps useradd away, and without the user nobody gets in.
		lima_tries=0
		while
			useradd "$@" --create-home --home-dir "$LIMA_CIDATA_HOME" --non-unique --uid "$LIMA_CIDATA_UID" \
				--shell "$lima_shell" --comment "$LIMA_CIDATA_COMMENT" "$LIMA_CIDATA_USER"
			[ -z "$(lima_account 3)" ]
		do
			lima_tries=$((lima_tries + 1))
			lima_say "useradd has made no $LIMA_CIDATA_USER at attempt $lima_tries"
			[ "$lima_tries" -lt 5 ] || return 1
			sleep 1
		done
	elif [ "$lima_uid" != 0 ] && [ "$lima_uid:$(lima_account 6):$(lima_account 7)" != \
		"$LIMA_CIDATA_UID:$LIMA_CIDATA_HOME:$lima_shell" ]; then
		usermod --home "$LIMA_CIDATA_HOME" --non-unique --uid "$LIMA_CIDATA_UID" --shell "$lima_shell" \
			"$LIMA_CIDATA_USER" || return 1
	fi
	lima_home=$lima_root$(lima_account 6)
	if [ ! -d "$lima_home" ]; then
		mkdir -p "$lima_home" && chmod 0755 "$lima_home" && chown "$LIMA_CIDATA_USER:" "$lima_home"
	fi
}

lima_sudoers() {
	lima_rule="ALL=(ALL) ALL"
	if [ "$LIMA_CIDATA_PASSWORDLESS_SUDO" = 1 ]; then
		lima_rule="ALL=(ALL) NOPASSWD:ALL"
	fi
	mkdir -p "$lima_root/etc/sudoers.d" &&
		printf '%s %s\n' "$LIMA_CIDATA_USER" "$lima_rule" | lima_put "$lima_root/etc/sudoers.d/90-lima-user" 0440
}

# Adds what is missing and keeps what the user has put there.
lima_authorize() {
	lima_ssh=$lima_root$(lima_account 6)/.ssh
	lima_keys=$lima_ssh/authorized_keys
	# Root must not be led to another file by a link that the user made.
	if [ -L "$lima_ssh" ] || [ -L "$lima_keys" ]; then
		lima_say "$lima_keys is a symbolic link and is left alone"
		return 1
	fi
	if [ ! -d "$lima_ssh" ]; then
		mkdir -m 0700 "$lima_ssh" && chown "$LIMA_CIDATA_USER:" "$lima_ssh" || return 1
	fi
	if [ ! -e "$lima_keys" ]; then
		(umask 077 && : >"$lima_keys") && chown "$LIMA_CIDATA_USER:" "$lima_keys" || return 1
	fi
	while IFS= read -r lima_line; do
		grep -qxF -e "$lima_line" "$lima_keys" || printf '%s\n' "$lima_line" >>"$lima_keys" || return 1
	done <"$lima_guest/authorized_keys"
}

# Interfaces for systemd-networkd. Only the first one decides when the guest counts as online.
lima_nics() {
	lima_network=$lima_run/systemd/network
	mkdir -p "$lima_network" || return 1
	set --
	while read -r lima_nic lima_mac lima_metric lima_rank lima_dns; do
		set -- "$@" "$lima_nic=$lima_mac"
		printf '[Match]\nMACAddress=%s\n\n[Link]\nName=%s\n' "$lima_mac" "$lima_nic" \
			>"$lima_network/10-lima-$lima_nic.link" || return 1
		{
			printf '[Match]\nMACAddress=%s\n\n' "$lima_mac"
			[ "$lima_rank" = first ] || printf '[Link]\nRequiredForOnline=no\n\n'
			printf '[Network]\nDHCP=ipv4\nLinkLocalAddressing=ipv6\n'
			[ "$lima_dns" = - ] || printf '%s\n' "$lima_dns" | tr ',' '\n' | sed 's/^/DNS=/'
			printf '\n[DHCPv4]\nClientIdentifier=mac\nRouteMetric=%s\n' "$lima_metric"
		} >"$lima_network/10-lima-$lima_nic.network" || return 1
	done <"$lima_guest/nics"
	[ $# -eq 0 ] || sh "$lima_guest/nic-names.sh" "$@"
}

lima_resolver() {
	lima_resolv=$lima_root/etc/resolv.conf
	for lima_unit in "$lima_root"/etc/systemd/system/*.target.wants/systemd-resolved.service; do
		[ -L "$lima_unit" ] || continue
		case $(readlink "$lima_resolv") in
		*run/systemd/resolve/*) ;;
		*) ln -sfn ../run/systemd/resolve/stub-resolv.conf "$lima_resolv" ;;
		esac
		return
	done
	[ ! -s "$lima_guest/resolv.conf" ] || lima_put "$lima_resolv" 0644 <"$lima_guest/resolv.conf"
}

lima_timezone() {
	read -r lima_zone <"$lima_guest/timezone" || lima_zone=
	[ -n "$lima_zone" ] || return 0
	if [ ! -e "$lima_root/usr/share/zoneinfo/$lima_zone" ]; then
		lima_say "this guest knows no time zone $lima_zone and keeps its own"
		return 0
	fi
	[ "$(readlink "$lima_root/etc/localtime")" = "/usr/share/zoneinfo/$lima_zone" ] ||
		ln -sfn "/usr/share/zoneinfo/$lima_zone" "$lima_root/etc/localtime"
	printf '%s\n' "$lima_zone" | lima_put "$lima_root/etc/timezone" 0644
}

lima_module() {
	lima_step "$1" sh "$LIMA_CIDATA_MNT/$1"
}

lima_step guest/hostname lima_hostname
lima_step guest/user lima_user
lima_step guest/sudoers lima_sudoers
lima_step guest/authorized_keys lima_authorize
lima_module boot.essential.Linux/12-ssh-host-key.sh
lima_step guest/nics lima_nics
lima_step guest/resolv.conf lima_resolver
lima_step guest/timezone lima_timezone
if [ "$LIMA_CIDATA_PLAIN" != 1 ]; then
	# With these done here, the host finds everything ready as soon as sshd answers.
	lima_module boot.Linux/05-lima-mounts.sh
	lima_module boot.Linux/06-etc-hosts.sh
	lima_module boot.Linux/25-sshfs-mount-points.sh
	lima_module boot.Linux/11-colorterm-environment.sh
	if command -v sshfs >/dev/null; then
		lima_module boot.Linux/35-setup-packages.sh
	fi
	lima_module boot.Linux/07-etc-environment.sh
	if [ -e "$LIMA_CIDATA_MNT/boot.Linux/25-guestagent-base.sh" ]; then
		lima_module boot.Linux/25-guestagent-base.sh
	fi
fi
if [ -d "$LIMA_CIDATA_MNT/provision.boot" ]; then
	lima_export_lines "$LIMA_CIDATA_MNT/param.env"
	for lima_file in "$LIMA_CIDATA_MNT"/provision.boot/*; do
		lima_step "provision.boot/${lima_file##*/}" sh "$lima_file"
	done
fi
# What failed is on the list, which boot.sh hands on to the host. To systemd a failure would be a reason to leave out the
# rest of the set-up, and with it the word that the boot is over.
exit 0
