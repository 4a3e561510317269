#!/bin/sh
# Lets the variable COLORTERM through sshd, so that programs know the colours of the host's terminal.
set -eu
root=${LIMA_ROOT:-}
config=$root/etc/ssh/sshd_config
[ -e "$config" ] || exit 0
! grep -qi '^[[:space:]]*AcceptEnv[[:space:]].*COLORTERM' "$config" || exit 0
if grep -qi '^[[:space:]]*Include[[:space:]]*/etc/ssh/sshd_config\.d/' "$config"; then
	config=$root/etc/ssh/sshd_config.d/99-lima-colorterm.conf
	[ ! -e "$config" ] || exit 0
	mkdir -p "$root/etc/ssh/sshd_config.d"
fi
echo 'AcceptEnv COLORTERM' >>"$config"
[ -z "${LIMA_GUEST_EARLY:-}" ] || exit 0
if [ -d "$root/run/systemd/system" ]; then
	systemctl try-reload-or-restart ssh.service sshd.service
elif command -v rc-service >/dev/null; then
	rc-service --ifstarted sshd reload
fi
