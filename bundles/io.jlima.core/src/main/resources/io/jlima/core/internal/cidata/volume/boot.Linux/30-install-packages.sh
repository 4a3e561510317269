#!/bin/sh
# Installs what this guest needs and has not; touches neither network nor package sources when nothing is missing.
set -eu
# shellcheck source=../util/lima.sh
. "$LIMA_CIDATA_MNT/util/lima.sh"

# The user's own ways to install come first. Each failure is noted under the name of its script.
for script in "$LIMA_CIDATA_MNT"/provision.dependency/*; do
	[ -e "$script" ] || continue
	lima_await_network
	lima_step "provision.dependency/${script##*/}" "$script" || true
done
if [ "$LIMA_CIDATA_SKIP_DEFAULT_DEPENDENCY_RESOLUTION" = 1 ]; then
	lima_say "a dependency step takes the place of the installation of packages"
	exit 0
fi

lacks() {
	! command -v "$1" >/dev/null
}

# Programs without which a part of this guest does not work, as package names of the distributions that differ least.
needed=
if [ "$LIMA_CIDATA_MOUNTTYPE" = reverse-sshfs ] && [ "$LIMA_CIDATA_MOUNTS" -gt 0 ] && lacks sshfs; then
	needed="$needed sshfs"
fi
if lacks iptables && {
	[ "$LIMA_CIDATA_CONTAINERD_SYSTEM$LIMA_CIDATA_CONTAINERD_USER" != "" ] ||
		[ "$LIMA_CIDATA_UDP_DNS_LOCAL_PORT" != 0 ] || [ "$LIMA_CIDATA_TCP_DNS_LOCAL_PORT" != 0 ]
}; then
	needed="$needed iptables"
fi
if [ "$LIMA_CIDATA_CONTAINERD_USER" = 1 ]; then
	! lacks newuidmap || needed="$needed newuidmap"
	! lacks fusermount3 || needed="$needed fuse3"
	! lacks dbus-daemon || needed="$needed dbus-user-session"
fi
# A copy program that is good to have: without it everything else still works.
wished=
! lacks rsync || wished=rsync
[ -n "$needed$wished" ] || exit 0

for manager in apt-get dnf yum pacman zypper apk none; do
	! command -v "$manager" >/dev/null || break
done

# Package names of this distribution for the words above.
packages() {
	for word; do
		case $manager:$word in
		dnf:sshfs | yum:sshfs) echo fuse-sshfs ;;
		apt-get:newuidmap) echo uidmap ;;
		dnf:newuidmap | yum:newuidmap) echo shadow-utils ;;
		pacman:newuidmap | zypper:newuidmap) echo shadow ;;
		apk:newuidmap) echo shadow-uidmap ;;
		apt-get:dbus-user-session) echo dbus-user-session ;;
		dnf:dbus-user-session | yum:dbus-user-session) echo dbus-daemon ;;
		*:dbus-user-session) echo dbus ;;
		*) echo "$word" ;;
		esac
	done
}

install_packages() {
	lima_say "installing: $*"
	case $manager in
	apt-get)
		DEBIAN_FRONTEND=noninteractive apt-get -q update &&
			DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-upgrade --no-install-recommends install "$@"
		;;
	dnf | yum) "$manager" -y install "$@" ;;
	pacman) pacman -Sy --noconfirm --needed "$@" ;;
	zypper) zypper --non-interactive install -y --no-recommends "$@" ;;
	apk) apk add --update-cache "$@" ;;
	none)
		lima_say "this guest has no package manager that is known here"
		return 1
		;;
	esac
}

lima_await_network
# Words without blanks or wildcards.
# shellcheck disable=SC2046,SC2086
if ! install_packages $(packages $needed $wished); then
	# The wish may be what failed.
	if [ -n "$needed" ] && { [ -z "$wished" ] || ! install_packages $(packages $needed); }; then
		exit 1
	fi
	lima_say "rsync could not be installed; limactl copy uses other ways"
fi
