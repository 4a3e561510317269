#!/bin/sh
# Alpine: package sources, sudo, login with keys, and what the host's ways in need.
set -eu
[ -f /etc/alpine-release ] || exit 0

if ! grep -q '^[^#]*/community' /etc/apk/repositories 2>/dev/null; then
	read -r release </etc/alpine-release
	case $release in
	*_alpha* | *_beta*) branch=edge ;;
	*) branch=v${release%.*} ;;
	esac
	for section in main community; do
		line=https://dl-cdn.alpinelinux.org/alpine/$branch/$section
		grep -qxF "$line" /etc/apk/repositories 2>/dev/null || echo "$line" >>/etc/apk/repositories
	done
fi
command -v sudo >/dev/null || apk add --update-cache sudo

# sshd without PAM refuses an account whose password field is "!", even with a key.
if grep -q "^$LIMA_CIDATA_USER:!:" /etc/shadow; then
	sed -i "s/^$LIMA_CIDATA_USER:!:/$LIMA_CIDATA_USER:*:/" /etc/shadow
fi

config=/etc/ssh/sshd_config
if [ -e "$config" ] && grep -q '^AllowTcpForwarding no' "$config"; then
	sed -i 's/^AllowTcpForwarding no/AllowTcpForwarding yes/' "$config"
	rc-service --ifstarted sshd reload
fi

# A power button press from the host shuts the guest down only with this service.
if [ -e /etc/init.d/acpid ]; then
	rc-service acpid --ifstopped start
fi
