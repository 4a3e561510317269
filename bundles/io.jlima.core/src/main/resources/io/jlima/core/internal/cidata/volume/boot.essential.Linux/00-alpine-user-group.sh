#!/bin/sh
# Alpine: lets root use sudo, and removes the image's own user when it holds the user id that ours is to have.
set -eu
[ -f /etc/alpine-release ] || exit 0
if [ -e /etc/sudoers ] && ! grep -q '^root[[:space:]]' /etc/sudoers; then
	echo 'root ALL=(ALL) NOPASSWD:ALL' >>/etc/sudoers
fi
if [ "$LIMA_CIDATA_USER" != alpine ] && [ "$(id -u alpine 2>/dev/null)" = "$LIMA_CIDATA_UID" ]; then
	deluser --remove-home alpine
	# Our user could not be made before; cloud-init tries again when it takes the next boot for the first.
	cloud-init clean --logs --reboot
fi
