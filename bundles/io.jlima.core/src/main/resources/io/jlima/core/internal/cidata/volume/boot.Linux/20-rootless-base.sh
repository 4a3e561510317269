#!/bin/sh
# What containers without root need of the system: paths, delegated control groups, open ports and ping, subordinate
# ids, and services of the user that outlive a login.
set -eu
root=${LIMA_ROOT:-}
[ -d "$root/run/systemd/system" ] || exit 0
home=$root$LIMA_CIDATA_HOME

# Writes the standard input to a file; fails when that is its content already.
put() {
	content=$(cat)
	if [ "$(cat "$1" 2>/dev/null)" = "$content" ]; then
		return 1
	fi
	mkdir -p "$(dirname "$1")"
	printf '%s\n' "$content" >"$1"
}

# The programs for system administration are of use to the user as well.
for profile in .profile .bashrc .zshrc; do
	file=$home/$profile
	if [ -L "$file" ] || { [ ! -e "$file" ] && [ "$profile" = .zshrc ]; }; then
		continue
	fi
	if ! grep -qx '# Lima BEGIN' "$file" 2>/dev/null; then
		# In front: many a .bashrc ends early for shells that are not interactive.
		old=$(cat "$file" 2>/dev/null || true)
		{
			echo '# Lima BEGIN'
			# shellcheck disable=SC2016
			echo 'PATH="$PATH:/usr/sbin:/sbin"'
			echo 'export PATH'
			echo '# Lima END'
			printf '%s\n' "$old"
		} >"$file"
		chown "$LIMA_CIDATA_USER:" "$file"
	fi
done

if printf '[Service]\nDelegate=yes\n' | put "$root/etc/systemd/system/user@.service.d/lima.conf"; then
	systemctl daemon-reload
fi

sysctl=$root/proc/sys
{
	if [ -e "$sysctl/kernel/unprivileged_userns_clone" ]; then
		echo 'kernel.unprivileged_userns_clone=1'
	fi
	echo 'net.ipv4.ping_group_range=0 2147483647'
	echo 'net.ipv4.ip_unprivileged_port_start=0'
} | if put "$root/etc/sysctl.d/99-lima.conf"; then
	# systemd does this at the next boots.
	while IFS='=' read -r key value; do
		echo "$value" >"$sysctl/$(echo "$key" | tr . /)"
	done <"$root/etc/sysctl.d/99-lima.conf"
fi

# 65536 ids would do for one container; nested ones need more, and there is plenty.
for file in "$root/etc/subuid" "$root/etc/subgid"; do
	if ! grep -q "^$LIMA_CIDATA_USER:524288:" "$file" 2>/dev/null; then
		others=$(grep -v "^$LIMA_CIDATA_USER:" "$file" 2>/dev/null || true)
		printf '%s%s:524288:1073741824\n' "${others:+$others
}" "$LIMA_CIDATA_USER" >"$file"
	fi
done

if [ ! -e "$root/var/lib/systemd/linger/$LIMA_CIDATA_USER" ]; then
	# Where nobody answers loginctl, the mark that it would make counts from the next boot on.
	if ! loginctl enable-linger "$LIMA_CIDATA_USER"; then
		mkdir -p "$root/var/lib/systemd/linger"
		: >"$root/var/lib/systemd/linger/$LIMA_CIDATA_USER"
	fi
fi
